// The plain maps, for tests that both of them have to pass: hash_map and bucket_map, which share their interface.
#pragma once

#include <map>
#include <string>
#include <type_traits>
#include <utility>

#include <gauntlet/map/bucket_map_test_types.h>
#include <gauntlet/map/hash_map_test_types.h>

namespace gauntlet::testing {

struct hash_family {
  using tiny = tiny_policy;
  using full = hash_map_policy;
  using full_with_fixed_seed = fixed_seed_policy;
  template <class Key, class T, class Hash = hash<Key>, class KeyEqual = std::equal_to<Key>,
            class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = full>
  using map = hash_map<Key, T, Hash, KeyEqual, Allocator, Policy>;
  template <class Key, class T, class Policy = tiny, class HashOf = hash<Key>>
  using with = map_with<Key, T, Policy, HashOf>;
  static std::size_t growths(const hash_map_stats& s) { return s.splits + s.growths; }
};

struct bucket_family {
  using tiny = tiny_bucket_policy;
  using full = bucket_map_policy;
  using full_with_fixed_seed = fixed_seed_bucket_policy;
  template <class Key, class T, class Hash = hash<Key>, class KeyEqual = std::equal_to<Key>,
            class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = full>
  using map = bucket_map<Key, T, Hash, KeyEqual, Allocator, Policy>;
  template <class Key, class T, class Policy = tiny, class HashOf = hash<Key>>
  using with = buckets_with<Key, T, Policy, HashOf>;
  static std::size_t growths(const bucket_map_stats& s) { return s.doublings; }
};

using plain_families = ::testing::Types<hash_family, bucket_family>;

class plain_family_names {
 public:
  template <class Family>
  static std::string GetName(int) {
    return std::is_same_v<Family, hash_family> ? "hash_map" : "bucket_map";
  }
};

using steady = counted<moving::never_throws>;
using shaky = counted<moving::may_throw>;                // copyable
using fragile = counted<moving::may_throw_and_no_copy>;  // can only be moved

template <class Family, class Key, class T, class Policy = typename Family::tiny>
using risky = typename Family::template map<Key, T, throwing_hash, throwing_equal,
                                            accounting_allocator<std::pair<const Key, T>>, Policy>;

// What is in it, and that nothing of it has been moved from.
template <class Map>
std::map<u64, u64> contents(const Map& m) {
  std::map<u64, u64> all;
  for (const auto& [k, v] : m) {
    EXPECT_FALSE(k.moved_from || v.moved_from);
    EXPECT_TRUE(all.emplace(k.value, v.value).second);
  }
  EXPECT_EQ(all.size(), m.size());
  return all;
}

}  // namespace gauntlet::testing
