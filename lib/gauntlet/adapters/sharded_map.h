// gauntlet::sharded_map before the judge, with four shards, so that threads meet, and tiny tables inside.
#pragma once

#include <cstddef>
#include <string_view>

#include <gauntlet/adapters/concurrent.h>
#include <gauntlet/adapters/disturbed_lock.h>
#include <gauntlet/map/sharded_map.h>

namespace gauntlet::adapters {

struct tiny_sharded_map_policy : sharded_map_policy {
  using lock_type = impatient_lock;
  using map_policy = tiny_policy;
  static constexpr std::size_t shard_count = 4;
  static constexpr bool checked = true;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tiny_sharded_map : concurrent_map<sharded_map<Key, T, Hash, KeyEqual, Allocator, tiny_sharded_map_policy>> {
  static constexpr std::string_view name = "sharded_map";
};

}  // namespace gauntlet::adapters
