// What the tests of concurrent_map share.
#pragma once

#include <gauntlet/map/concurrent_map.h>
#include <gauntlet/map/hash_map_test_types.h>

namespace gauntlet::testing {

// Overflow, splits and merges among a handful of keys.
struct tiny_concurrent_policy : concurrent_map_policy {
  static constexpr unsigned buckets_per_table = 2;
  static constexpr unsigned slots_per_bucket = 2;
  static constexpr unsigned cells_per_table = 1;
  static constexpr unsigned changes_per_merge_look = 1;
  static constexpr unsigned merge_below_one_in = 2;
  static constexpr unsigned count_stripes = 2;
  static constexpr bool checked = true;
  static std::uint64_t seed() noexcept { return 0x243f6a8885a308d3; }
};

template <class Key, class T, class Policy = tiny_concurrent_policy, class Hash = hash<Key>>
using concurrent_with =
    concurrent_map<Key, T, Hash, std::equal_to<Key>, std::allocator<std::pair<const Key, T>>, Policy>;

}  // namespace gauntlet::testing
