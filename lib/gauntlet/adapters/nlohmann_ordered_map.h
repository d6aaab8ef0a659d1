// nlohmann::ordered_map (3.11.2), the map of an ordered JSON object, before the judge: a vector of pairs in the order of
// insertion. Erasing makes the elements behind the gap anew, one place lower.
//
// Not asked of it: an erasure that throws. Keys are constant and therefore copied, to where an element was destroyed just now:
// when a copy throws, the vector has an element that is none (corpus/maps_agree/regression/erasure_whose_copy_throws.ops).
//
// Its equality is std::equal_to<>. It is judged with std::allocator: where allocators differ a vector assigns elements one by
// one, which with constant keys does not compile. Neither does its copy assignment.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include <nlohmann/ordered_map.hpp>

#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

// Without what comes from std::vector and is meant for a sequence.
template <class Key, class T>
class nlohmann_table : nlohmann::ordered_map<Key, T> {
  using base = nlohmann::ordered_map<Key, T>;

 public:
  using base::at, base::begin, base::clear, base::count, base::emplace, base::empty, base::end, base::erase, base::find,
      base::insert, base::size, base::operator[], base::reserve, base::shrink_to_fit;
  using typename base::const_iterator, typename base::iterator, typename base::value_type;

  nlohmann_table() = default;
  nlohmann_table(const nlohmann_table&) = default;
  nlohmann_table(nlohmann_table&&) noexcept = default;
  nlohmann_table& operator=(const nlohmann_table&) = delete;
  nlohmann_table& operator=(nlohmann_table&&) noexcept = default;
  ~nlohmann_table() = default;
  void swap(nlohmann_table& other) noexcept { base::swap(other); }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct nlohmann_ordered_map {
  using map_type = nlohmann_table<Key, T>;
  static constexpr std::string_view name = "nlohmann_ordered_map";
  static map_type make(const Hash&, const KeyEqual&, const Allocator&, std::size_t) { return {}; }
  static constexpr check::capabilities can() {
    return {.iterates = check::iteration_order::by_insertion,
            .erase_keeps_iterators = false,
            .erases_in_linear_time = true};
  }
  static constexpr bool leaves_out(const check::circumstances& now) {
    using check::opcode;
    const bool erases = now.code == opcode::erase_key || now.code == opcode::erase_iterator ||
                        now.code == opcode::erase_range || now.code == opcode::erase_if;
    // It looks at every element to find one: tens of thousands take too long.
    return now.code == opcode::fill_reserved || (erases && now.fault_armed);
  }
};

}  // namespace gauntlet::adapters
