// tsl::bhopscotch_map (2.3.0) before the judge: hopscotch hashing, with a search tree for what does not fit its
// neighbourhood. The tree wants an order of the keys, which the judge's types do not have: they get one by their numbers.
//
// Not asked of it, as of tsl::robin_map and for the same reasons: copy assignments that throw, and move assignments between
// allocators that differ.
#pragma once

#include <string_view>
#include <utility>

#include <tsl/bhopscotch_map.h>

#include <gauntlet/adapters/standard.h>
#include <gauntlet/check/types/element_traits.h>
#include <gauntlet/check/types/key_view.h>

namespace gauntlet::adapters {

struct by_number {
  using is_transparent = void;
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return check::id_of(a) < check::id_of(b);
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tsl_bhopscotch_map : standard_map<tsl::bhopscotch_map<Key, T, Hash, KeyEqual, by_number, Allocator>> {
  static constexpr std::string_view name = "tsl_bhopscotch_map";
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
