// gauntlet::shared_mutex_map before the judge, with tiny tables inside and a lock that soon sleeps and soon announces.
#pragma once

#include <string_view>

#include <gauntlet/adapters/concurrent.h>
#include <gauntlet/adapters/disturbed_lock.h>
#include <gauntlet/map/shared_mutex_map.h>

namespace gauntlet::adapters {

struct impatient_shared_spin_park_tuning : detail::shared_spin_park_tuning {
  static constexpr unsigned looks = 1;
  static constexpr unsigned patience = 1;
};

struct tiny_shared_mutex_map_policy : shared_mutex_map_policy {
  using lock_type = disturbed_shared_lock<detail::basic_shared_spin_park_lock<impatient_shared_spin_park_tuning>>;
  using map_policy = tiny_policy;
  static constexpr bool checked = true;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tiny_shared_mutex_map
    : concurrent_map<shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, tiny_shared_mutex_map_policy>> {
  static constexpr std::string_view name = "shared_mutex_map";
};

}  // namespace gauntlet::adapters
