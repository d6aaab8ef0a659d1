// Inserting and removing operations without disturbing the bodies around them.
//
// A body is a number in its walk's operation; whoever changes the list of operations in the middle has to keep the
// numbers of the enclosing walks right. The mutator and the reducer do so through these functions.
#pragma once

#include <span>

#include <gauntlet/check/program/program.h>

namespace gauntlet::check {

// Removes operations [first, first + count). A walk that is removed without its body leaves the body to what encloses
// it. The result is normal when `p` was. Complexity: linear in the length.
void erase_operations(program& p, std::size_t first, std::size_t count);

// Inserts before operation `index`. Where that lies between a walk and the end of its body, the body grows (up to
// body_size_max; what does not fit any more slips out at its end). With `into_body`, a position directly behind the
// last operation of a body counts as inside. The result is normal only after normalize().
void insert_operations(program& p, std::size_t index, std::span<const operation> added, bool into_body = false);

// The number of operations of the unit at `index`: a walk with its body, otherwise one.
inline std::size_t unit_size(const program& p, std::size_t index) noexcept { return 1 + body_size(p, index); }

// Is `index` inside some body?
bool in_body(const program& p, std::size_t index) noexcept;

}  // namespace gauntlet::check
