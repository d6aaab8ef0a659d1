// What the defective kin of routed_map have in common: the restless tiny map of the adapters under a protocol with one
// function replaced (map/detail/router.h), and with lookups that take a resharding far enough for short programs. Their
// right twin is the map of the product: they name routed_map.
#pragma once

#include <gauntlet/adapters/routed_map.h>
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Protocol>
struct tiny_routing_policy_under : adapters::tiny_routed_map_policy {
  using protocol = Protocol;
  static constexpr unsigned steps_per_lookup = 6;
};

template <class Protocol, class Key, class T, class Hash, class KeyEqual, class Allocator>
using restless_map_under =
    adapters::restless_routed_map<Key, T, Hash, KeyEqual, Allocator, tiny_routing_policy_under<Protocol>>;

}  // namespace gauntlet::broken

// GAUNTLET_SCHEDULED_DEFECT with the twin that all of them have. A resharding begins and goes on by operations, and so the
// smallest program depends on what notices: a walk or the contents at the end take up to eight, a lookup at most six.
#define GAUNTLET_SCHEDULED_DEFECT_OF_ROUTED_MAP(map, promise_text)                                     \
  GAUNTLET_REGISTERED_CONCURRENT_DEFECT(map, .promise = promise_text, .target = "concurrent_schedule", \
                                        .reduced_operations_max = 8, .right_twin = "routed_map")
