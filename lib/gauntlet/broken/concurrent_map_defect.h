// What the defective kin of concurrent_map have in common: the tiny map of the adapters under a protocol with one function
// replaced (map/detail/concurrent_map/protocol.h). Their right twin is the map of the product: they name none.
#pragma once

#include <gauntlet/adapters/concurrent_map.h>
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Protocol>
struct tiny_policy_under : adapters::tiny_concurrent_map_policy {
  // The third element splits the table.
  static constexpr unsigned buckets_per_table = 1;
  static constexpr unsigned cells_per_table = 0;
  using protocol = Protocol;
};

template <class Protocol, class Key, class T, class Hash, class KeyEqual, class Allocator>
using tiny_map_under = gauntlet::concurrent_map<Key, T, Hash, KeyEqual, Allocator, tiny_policy_under<Protocol>>;

}  // namespace gauntlet::broken
