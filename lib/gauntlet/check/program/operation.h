// One operation: an opcode with its operands, a plain value of eight bytes.
//
// A key operand is not a key but a way to choose one, so that a mutation of a few bits reaches the interesting ones:
//   hot 3        one of a few keys that are used again and again (how many: header)
//   colliding 3  keys whose hashes share the table, the group and the tag (by the header's hash quality)
//   wide 3       keys spread over all 64 bits
//   special 3    0, 1, 2^k, 2^k-1, all ones, and inverses of the map's mixing function
//   present 3    the (3 mod size)-th element of the target map, in ascending order of the model
//   current      in a body: the element being visited. Outside: present 0
//   earlier 3    in a body: an element this walk has already visited (3 mod how many, in order of visit)
//   later 3      in a body: an element of the map this walk has not visited yet (in ascending order of the model)
// A choice that has nothing to choose from falls back to hot.
#pragma once

#include <cstdint>

#include <gauntlet/check/program/opcode.h>

namespace gauntlet::check {

enum class key_class : std::uint8_t { hot, colliding, wide, special, present, current, earlier, later };
inline constexpr unsigned key_class_count = 8;

struct key_operand {
  key_class choice = key_class::hot;
  std::uint16_t number = 0;  // 13 bits
  friend bool operator==(const key_operand&, const key_operand&) = default;
};

// Where an operation of a concurrent program runs. Programs for one thread have `before` everywhere.
enum class lane : std::uint8_t { before, thread_1, thread_2, thread_3, thread_4, thread_5, thread_6, after };
inline constexpr unsigned thread_count_max = 6;
inline constexpr unsigned lane_count_max = thread_count_max + 2;

struct operation {
  opcode code = opcode::nothing;
  std::uint8_t target = 0;  // 0..3
  std::uint8_t other = 0;   // 0..3
  lane where = lane::before;
  key_operand key = {};
  std::uint16_t value = 0;
  std::uint16_t count = 0;    // 0 when not taken, otherwise 1..256
  std::uint8_t argument = 0;  // selector, or for walk and iterate the number of operations in the body (0..15)
  friend bool operator==(const operation&, const operation&) = default;
};

inline constexpr unsigned map_count = 4;       // maps alive at once
inline constexpr unsigned body_size_max = 15;  // operations in the body of a walk
inline constexpr unsigned walk_depth_max = 3;  // walks inside walks

// fault: which event throws. Of one thread all but `function`, among threads all but `move`.
enum class fault_kind : std::uint8_t {
  hash,
  equality,
  copy,
  move,
  allocation,
  function,          // a visitor, an update or a predicate that was handed to the operation
  every_allocation,  // that one and all that follow in the operation: there is no more memory
};
inline constexpr unsigned fault_kind_count = 7;

// The kind of the events that it makes throw.
constexpr fault_kind event_of(fault_kind kind) noexcept {
  return kind == fault_kind::every_allocation ? fault_kind::allocation : kind;
}

// misuse: what is done wrong. Each is diagnosed by maps that promise it and left out for others.
enum class misuse_act : std::uint8_t {
  stale_iterator,       // dereference an iterator after an insertion moved its element
  erased_iterator,      // dereference an iterator whose element was erased
  cursor_of_moved_map,  // step a cursor after its map was moved from
  dereference_end,
  write_in_hash,  // a hash that inserts into the map that called it from an insertion
  write_in_equality,
  write_in_predicate,  // an erase_if predicate that inserts
};
inline constexpr unsigned misuse_act_count = 7;

// reserve and rehash: value scaled by argument: 0 as it is, 1 times 16, 2 the size of the map, 3 absurd (2^40 + value
// elements and max_size()+1 in turn; must throw std::length_error or std::bad_alloc and change nothing).
inline constexpr unsigned reserve_scale_count = 4;

// erase_if: 0 value even, 1 key even, 2 value < parameter, 3 everything, 4 nothing, 5 throws at the (parameter+1)-th
// call.
inline constexpr unsigned predicate_count = 6;

// look_by_view: find, contains, count, equal_range, at. change_by_view: erase, extract, try_emplace, insert_or_assign,
// subscript_assign.
inline constexpr unsigned look_by_view_count = 5;
inline constexpr unsigned change_by_view_count = 5;

// fill_reserved: 0 `count` elements, 1 so many times as many that 16 bits don't count them.
inline constexpr unsigned fill_scale_count = 2;
inline constexpr unsigned fill_scale_many = 512;

}  // namespace gauntlet::check
