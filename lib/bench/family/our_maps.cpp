// The concurrent maps of the family as they come, but for one fixed map seed.
#include <gauntlet/map/concurrent_map.h>
#include <gauntlet/map/rcu_map.h>
#include <gauntlet/map/routed_map.h>
#include <gauntlet/map/sharded_map.h>
#include <gauntlet/map/shared_mutex_map.h>
#include <gauntlet/map/snapshot_map.h>
#include <gauntlet/map/sync_map.h>

#include <functional>
#include <memory>
#include <utility>

#include "contestant.h"

namespace gauntlet::bench::family {
namespace {

// A map's own policy, and the same collisions in every run.
template <class Policy>
struct with_fixed_seed : Policy {
  using map_policy = fixed_seed_policy;
  static std::uint64_t seed() noexcept { return fixed_seed_policy::seed(); }
};

template <template <class, class, class, class, class, class> class Map, class Policy>
using numbers = Map<std::uint64_t, std::uint64_t, gauntlet::hash<std::uint64_t>, std::equal_to<std::uint64_t>,
                    std::allocator<std::pair<const std::uint64_t, std::uint64_t>>, with_fixed_seed<Policy>>;

struct routed_policy : with_fixed_seed<routed_map_policy> {
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>
  using shard_map = sharded_map<Key, T, Hash, KeyEqual, Allocator, with_fixed_seed<routed_shard_policy>>;
};
using routed_numbers =
    routed_map<std::uint64_t, std::uint64_t, gauntlet::hash<std::uint64_t>, std::equal_to<std::uint64_t>,
               std::allocator<std::pair<const std::uint64_t, std::uint64_t>>, routed_policy>;

}  // namespace

std::vector<contestant> our_maps() {
  return {make_contestant<numbers<shared_mutex_map, shared_mutex_map_policy>>("shared_mutex_map", false),
          make_contestant<numbers<sharded_map, sharded_map_policy>>("sharded_map", false),
          make_contestant<routed_numbers>("routed_map", false),
          make_contestant<numbers<sync_map, sync_map_policy>>("sync_map", false),
          make_contestant<numbers<snapshot_map, snapshot_map_policy>>("snapshot_map", false),
          make_contestant<numbers<rcu_map, rcu_map_policy>>("rcu_map", false),
          make_contestant<numbers<concurrent_map, concurrent_map_policy>>("concurrent_map", false)};
}

}  // namespace gauntlet::bench::family
