// gauntlet::sync_map before the judge, so that parts are promoted and begun, and what is retired is freed, within a few
// operations.
#pragma once

#include <cstddef>
#include <string_view>

#include <gauntlet/adapters/concurrent.h>
#include <gauntlet/adapters/disturbed_lock.h>
#include <gauntlet/map/sync_map.h>

namespace gauntlet::adapters {

struct tiny_sync_map_policy : sync_map_policy {
  using lock_type = impatient_lock;
  static constexpr bool checked = true;
  static std::uint64_t seed() noexcept { return tiny_policy::seed(); }
  static constexpr std::size_t misses_before_promotion(std::size_t keys) noexcept { return keys < 2 ? keys : 2; }
  static constexpr std::size_t retired_boxes_max = 2;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tiny_sync_map : concurrent_map<sync_map<Key, T, Hash, KeyEqual, Allocator, tiny_sync_map_policy>> {
  static constexpr std::string_view name = "sync_map";
};

}  // namespace gauntlet::adapters
