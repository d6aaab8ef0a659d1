// The plain maps, for tests that both of them have to pass: hash_map and bucket_map, which share their interface.
#pragma once

#include <gauntlet/map/bucket_map_test_types.h>
#include <gauntlet/map/hash_map_test_types.h>

namespace gauntlet::testing {

struct hash_family {
  using tiny = tiny_policy;
  using full = hash_map_policy;
  template <class Key, class T, class Hash = hash<Key>, class KeyEqual = std::equal_to<Key>,
            class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = full>
  using map = hash_map<Key, T, Hash, KeyEqual, Allocator, Policy>;
  template <class Key, class T, class Policy = tiny, class HashOf = hash<Key>>
  using with = map_with<Key, T, Policy, HashOf>;
};

struct bucket_family {
  using tiny = tiny_bucket_policy;
  using full = bucket_map_policy;
  template <class Key, class T, class Hash = hash<Key>, class KeyEqual = std::equal_to<Key>,
            class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = full>
  using map = bucket_map<Key, T, Hash, KeyEqual, Allocator, Policy>;
  template <class Key, class T, class Policy = tiny, class HashOf = hash<Key>>
  using with = buckets_with<Key, T, Policy, HashOf>;
};

using plain_families = ::testing::Types<hash_family, bucket_family>;

class plain_family_names {
 public:
  template <class Family>
  static std::string GetName(int) {
    return std::is_same_v<Family, hash_family> ? "hash_map" : "bucket_map";
  }
};

}  // namespace gauntlet::testing
