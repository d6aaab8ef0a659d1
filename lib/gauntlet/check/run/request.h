// What the operands of a request mean where an operation needs more than a key and a value: lists, amounts, predicates.
// The map's side (subject_of.h) and the model's (model/world.h) both ask here, so that they are asked the same thing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <gauntlet/check/run/subject.h>

namespace gauntlet::check {

// insert_list and assign_list: a list of up to four elements with consecutive keys. A count above four makes the last
// one repeat the first key, so that lists with duplicates occur: the first one wins.
inline unsigned list_size(const request& r) noexcept { return std::clamp(r.count, 1u, 4u); }
inline element list_element(const request& r, unsigned i) noexcept {
  return {r.count > 4 && i == 3 ? r.key : r.key + i, r.value + i};
}

// look_by_view and change_by_view: what they ask for, asked with the key itself.
inline request by_key(request r) noexcept {
  constexpr opcode looks[look_by_view_count] = {opcode::find, opcode::contains, opcode::count, opcode::equal_range,
                                                opcode::at};
  constexpr opcode changes[change_by_view_count] = {opcode::erase_key, opcode::extract_key, opcode::try_emplace,
                                                    opcode::insert_or_assign, opcode::subscript_assign};
  if (r.code == opcode::look_by_view) {
    r.code = looks[r.argument % look_by_view_count];
  } else if (r.code == opcode::change_by_view) {
    r.code = changes[r.argument % change_by_view_count];
  }
  return r;
}

// erase_range: how many elements come before the range in a map of `size`.
inline std::size_t range_begin(const request& r, std::size_t size) noexcept { return r.value % (size + 1); }

// insert_range and construct_range: `count` elements with consecutive keys.
inline element range_element(const request& r, unsigned i) noexcept { return {r.key + i, r.value + i}; }

// reserve and rehash. Amounts that are not absurd stay below 2^10, so that no program is about walking over empty tables.
inline bool is_absurd(const request& r) noexcept { return r.argument % reserve_scale_count == 3; }
inline std::size_t reserve_amount(const request& r, std::size_t size, std::size_t size_max) noexcept {
  switch (r.argument % reserve_scale_count) {
    case 0:
      return r.value % 256;
    case 1:
      return r.value % 64 * 16;
    case 2:
      return size;
    default:
      return r.value % 2 == 0 ? (std::size_t{1} << 40) + r.value : std::max(size_max, size_max + 1);  // may wrap
  }
}

// max_load_factor: 1/4 to 17/8.
inline float load_factor(const request& r) noexcept { return 0.25f + static_cast<float>(r.value % 16) / 8.0f; }

// erase_if. Predicate 5 answers as predicate 0 does until its (value + 1)-th call, which throws predicate_exception.
struct predicate_exception {};
inline bool predicate_throws(const request& r) noexcept { return r.argument % predicate_count == 5; }
inline bool predicate_holds(const request& r, std::uint64_t key, std::uint64_t value) noexcept {
  switch (r.argument % predicate_count) {
    case 1:
      return key % 2 == 0;
    case 2:
      return value < r.value;
    case 3:
      return true;
    case 4:
      return false;
    default:
      return value % 2 == 0;
  }
}

}  // namespace gauntlet::check
