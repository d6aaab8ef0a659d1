// boost::unordered_flat_map (1.81) before the judge: no nodes, no extract, elements move when it grows.
//
// Not asked of it: a merge in which a move or a copy throws. It takes the key before the value, and both before it has moved
// its own elements to a larger array: the source keeps what is left.
#pragma once

#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include <gauntlet/adapters/allocator_with_default.h>
#include <gauntlet/adapters/refusing_absurd_requests.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct boost_unordered_flat_map
    : standard_map<refusing_absurd_requests<
          boost::unordered_flat_map<Key, T, Hash, KeyEqual, allocator_with_default<Allocator>>>> {
  static constexpr std::string_view name = "boost_unordered_flat_map";
  static constexpr check::capabilities can() {
    check::capabilities c;
    c.emplaces_pairs = true;
    c.reserve_prevents_rehash = false;       // erasures take from its maximum load, which reserve does not restore
    c.throwing_hash_keeps_elements = false;  // one that throws while the map grows loses some, as the standard allows
    return c;
  }
  static constexpr bool leaves_out(const check::circumstances& now) {
    return now.code == check::opcode::merge && now.fault_armed &&
           (now.fault == check::fault_kind::move || now.fault == check::fault_kind::copy);
  }
};

}  // namespace gauntlet::adapters
