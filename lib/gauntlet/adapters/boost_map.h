// boost::container::map (1.81) before the judge: an ordered map of nodes. Its insert(hint, node) gives no iterator, and is
// left out.
//
// What it was found to do wrong, and what is therefore not asked of it, each where the comparison throws:
//
// - emplace_hint makes the node first and never gives it back.
// - insert(node) has taken the node out of the caller's handle, and destroys it.
// - With assertions, every insertion compares in a function that is noexcept.
#pragma once

#include <cstddef>
#include <string_view>

#ifndef NDEBUG
#define NDEBUG  // see above
#endif
#define BOOST_CONTAINER_USE_STD_EXCEPTIONS  // at() then throws std::out_of_range
#include <boost/container/map.hpp>

#include <gauntlet/adapters/ordered_by_number.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct boost_map {
  using map_type = boost::container::map<Key, T, ordered_by_number, Allocator>;
  static constexpr std::string_view name = "boost_map";
  static map_type make(const Hash&, const KeyEqual&, const Allocator& allocator, std::size_t) {
    return map_type(allocator);
  }
  static constexpr check::capabilities can() {
    return {.iterates = check::iteration_order::by_key,
            .stable_references = true,
            .nodes = true,
            .moved_from_is_empty = false};
  }
  static constexpr bool leaves_out(const check::circumstances& now) {
    const bool loses = now.code == check::opcode::emplace_hint || now.code == check::opcode::insert_node;
    return loses && now.fault_armed && now.fault == check::fault_kind::equality;
  }
};

}  // namespace gauntlet::adapters
