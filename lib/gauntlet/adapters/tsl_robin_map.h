// tsl::robin_map (1.2.1) before the judge: Robin Hood hashing in one array, erasing by shifting back.
//
// Its iterators show constant elements, and its element is a std::pair<Key, T>. What it was found to do wrong, and what
// is therefore not asked of it:
//
// - What may throw when it moves (tracked_throwing): it documents its guarantees for the others only, and loses elements
//   when erasing shifts them back.
// - erase(first, last) shifts back what follows the range to the end of the array and no further: what had run over the
//   end, to its front, is then behind a gap, and no lookup finds it. (Its iterators still show it.)
// - erase(iterator) of the last element of the array, where others had run over the end: what it gives back shows one of
//   those again, from the front, which an iteration has seen.
// - Copy assignment takes over the other table's mask before it copies the elements. When a copy throws, or there is no
//   memory, lookups read behind the old array.
// - Move assignment swaps the arrays whatever the allocators are, so a block goes back to one that does not own it.
#pragma once

#include <string_view>
#include <utility>

#include <tsl/robin_map.h>

#include <gauntlet/adapters/allocator_for.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tsl_robin_map
    : standard_map<tsl::robin_map<Key, T, Hash, KeyEqual, allocator_for<Allocator, std::pair<Key, T>>>> {
  static constexpr std::string_view name = "tsl_robin_map";
  static constexpr check::capabilities can() {
    check::capabilities c;
    c.emplaces_pairs = true;
    c.erase_keeps_iterators = false;       // others move up
    c.reserve_prevents_rehash = false;     // it grows when a place is too far from home
    c.arguments_may_refer_inside = false;  // what grows has freed the old buckets when it makes the new element
    c.erase_gives_the_next = false;
    return c;
  }
  static constexpr bool leaves_out(const check::circumstances& now) {
    switch (now.code) {
      case check::opcode::erase_range:
        return true;
      case check::opcode::copy_assign:
        return now.fault_armed;
      case check::opcode::move_assign:
        return now.allocators_differ && !now.allocators_propagate;
      default:
        return false;
    }
  }
};

}  // namespace gauntlet::adapters
