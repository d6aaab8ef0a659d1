// ska::flat_hash_map and ska::bytell_hash_map (2018-07-15) before the judge.
//
// What they were found to do wrong, and what is therefore not asked of them:
//
// - Growing takes the new array before all elements have moved into it: what throws then costs elements and memory.
// - The constructor that moves with an allocator takes the array, whoever it belongs to.
// - bytell_hash_map: erase(iterator) moves the end of a chain into the gap, perhaps from before it. A loop that goes on with
//   what is given back shows an element twice.
//
// They document no room that reserve makes, and grow without end where keys collide: their subjects take hashes that spread.
#pragma once

#include <string_view>
#include <utility>

#include <bytell_hash_map.hpp>
#include <flat_hash_map.hpp>

#include <gauntlet/adapters/allocator_for.h>
#include <gauntlet/adapters/allocator_with_default.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

template <class Map>
struct ska_map : standard_map<Map> {
  static constexpr check::capabilities can() {
    return {.exception_safe = false,
            .erase_keeps_iterators = false,
            .reserve_prevents_rehash = false,
            .moved_from_is_empty = false,          // assigning swaps
            .arguments_may_refer_inside = false};  // what grows has freed the old array when it makes the new element
  }
  static constexpr bool leaves_out(const check::circumstances& now) {
    return now.code == check::opcode::move_construct && now.allocators_differ;
  }
};

template <class Key, class T, class Allocator>
using ska_allocator = allocator_with_default<allocator_for<Allocator, std::pair<Key, T>>>;

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct ska_flat_hash_map : ska_map<ska::flat_hash_map<Key, T, Hash, KeyEqual, ska_allocator<Key, T, Allocator>>> {
  static constexpr std::string_view name = "ska_flat_hash_map";
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct ska_bytell_hash_map : ska_map<ska::bytell_hash_map<Key, T, Hash, KeyEqual, ska_allocator<Key, T, Allocator>>> {
  static constexpr std::string_view name = "ska_bytell_hash_map";
  static constexpr check::capabilities can() {
    check::capabilities c =
        ska_map<ska::bytell_hash_map<Key, T, Hash, KeyEqual, ska_allocator<Key, T, Allocator>>>::can();
    c.erase_gives_the_next = false;
    return c;
  }
};

}  // namespace gauntlet::adapters
