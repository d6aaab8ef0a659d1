// From key operands to keys, and the hash qualities as pure functions of a key, so that `colliding` keys collide.
#pragma once

#include <cstdint>

#include <gauntlet/check/program/program.h>

namespace gauntlet::check {

// Keys of the classes that need no map: hot, colliding, wide, special (others: as hot).
std::uint64_t key_of(const program_header& h, const key_operand& k) noexcept;

// The hash of a key under a quality (what the test hash functor returns for the key's number).
std::uint64_t hash_of(hash_quality q, std::uint64_t key) noexcept;

}  // namespace gauntlet::check
