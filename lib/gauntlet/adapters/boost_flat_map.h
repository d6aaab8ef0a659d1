// boost::container::flat_map (1.81) before the judge: a sorted array.
//
// What it was found to do wrong, and what is therefore not asked of it:
//
// - An insertion moves the elements behind its place before it makes the new one there. When that throws, the element at the
//   gap is there twice; when it is made of an element of the map, of one that has been moved from.
// - merge moves the elements out of the source and leaves what is left of them there, as it documents.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#define BOOST_CONTAINER_USE_STD_EXCEPTIONS  // at() then throws std::out_of_range
#include <boost/container/flat_map.hpp>

#include <gauntlet/adapters/allocator_for.h>
#include <gauntlet/adapters/ordered_by_number.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct boost_flat_map {
  using map_type = boost::container::flat_map<Key, T, ordered_by_number, allocator_for<Allocator, std::pair<Key, T>>>;
  static constexpr std::string_view name = "boost_flat_map";
  static map_type make(const Hash&, const KeyEqual&, const Allocator& allocator, std::size_t) {
    return map_type(allocator);
  }
  static constexpr check::capabilities can() {
    return {.exception_safe = false,
            .iterates = check::iteration_order::by_key,
            .erase_keeps_iterators = false,
            .moved_from_is_empty = false,  // where allocators differ, elements are moved one by one and stay behind
            .arguments_may_refer_inside = false};
  }
  static constexpr bool leaves_out(const check::circumstances& now) {
    return now.code == check::opcode::merge || now.code == check::opcode::self_merge;
  }
};

}  // namespace gauntlet::adapters
