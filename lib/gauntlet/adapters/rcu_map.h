// gauntlet::rcu_map before the judge: two shards whose tables grow with their first elements, every retired entry a
// reason to look at the readers, and a bound on retired entries that small programs reach.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <gauntlet/adapters/concurrent.h>
#include <gauntlet/adapters/disturbed_lock.h>
#include <gauntlet/map/rcu_map.h>

namespace gauntlet::adapters {

struct tiny_rcu_map_policy : rcu_map_policy {
  using lock_type = disturbed_lock<rcu_map_policy::lock_type>;
  using map_policy = tiny_policy;
  static constexpr std::size_t shard_count = 2;
  static constexpr unsigned first_level = 1;
  static constexpr std::size_t retire_batch = 1;
  static constexpr detail::look look_at_batch = detail::look::at_once;
  static constexpr std::size_t unreclaimed_max = 2;
  static constexpr bool checked = true;
  static std::uint64_t seed() noexcept { return tiny_policy::seed(); }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tiny_rcu_map : concurrent_map<rcu_map<Key, T, Hash, KeyEqual, Allocator, tiny_rcu_map_policy>> {
  static constexpr std::string_view name = "rcu_map";
};

}  // namespace gauntlet::adapters
