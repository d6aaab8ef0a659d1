// tsl::hopscotch_map (2.3.0) before the judge: hopscotch hashing, with a list for what does not fit its neighbourhood.
//
// Not asked of it, as of tsl::robin_map and for the same reasons: copy assignments that throw, and move assignments between
// allocators that differ.
#pragma once

#include <string_view>
#include <utility>

#include <tsl/hopscotch_map.h>

#include <gauntlet/adapters/allocator_for.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tsl_hopscotch_map
    : standard_map<tsl::hopscotch_map<Key, T, Hash, KeyEqual, allocator_for<Allocator, std::pair<Key, T>>>> {
  static constexpr std::string_view name = "tsl_hopscotch_map";
  static constexpr check::capabilities can() {
    check::capabilities c;
    c.erase_keeps_iterators = false;       // others move up
    c.reserve_prevents_rehash = false;     // it grows when a place is too far from home
    c.arguments_may_refer_inside = false;  // the place for the new element is made before the element
    return c;
  }
  static constexpr bool leaves_out(const check::circumstances& now) {
    if (now.code == check::opcode::copy_assign) return now.fault_armed;
    return now.code == check::opcode::move_assign && now.allocators_differ && !now.allocators_propagate;
  }
};

}  // namespace gauntlet::adapters
