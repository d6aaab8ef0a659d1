// bucket_map's walks under every policy and hash, while the loop's body does its worst, and where they begin. What it
// shares with hash_map: plain_maps_walk_test.cpp.
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/map/plain_maps_walk_test_types.h>

namespace gauntlet {
namespace {

using namespace gauntlet::testing;

struct walk_counts {
  std::size_t doublings = 0, same_size = 0, resizes = 0, ties = 0;
  void add(const bucket_map_stats& before, const bucket_map_stats& after) {
    doublings += after.doublings - before.doublings;
    same_size += after.same_size_growths - before.same_size_growths;
    resizes += after.resizes - before.resizes;
    ties += after.ties;
  }
};

template <class Map>
walk_counts walk_many(u64 seeds) {
  return gauntlet::testing::walk_many<Map, walk_counts>(seeds);
}

TEST(BucketMapWalk, KeepsItsPromisesWhileTheMapGrowsAndIsResized) {
  const walk_counts counts = walk_many<buckets_with<u64, u64>>(200);
  EXPECT_GT(counts.doublings, 40U);
  EXPECT_GT(counts.same_size, 40U);
  EXPECT_GT(counts.resizes, 40U);
}
TEST(BucketMapWalk, KeepsItsPromisesAmongTies) {
  EXPECT_GT((walk_many<buckets_with<u64, u64, tiny_bucket_policy, constant_hash>>(80)).ties, 0U);
  EXPECT_GT((walk_many<buckets_with<u64, u64, tiny_bucket_policy, paired_hash>>(100)).ties, 0U);
  EXPECT_GT((walk_many<buckets_with<u64, u64, tiny_bucket_policy, truncated_hash>>(80)).ties, 0U);
}
TEST(BucketMapWalk, KeepsItsPromisesUnderBadHashes) {
  EXPECT_GT((walk_many<buckets_with<u64, u64, tiny_bucket_policy, crowded_hash>>(100)).same_size, 0U);
  EXPECT_GT((walk_many<buckets_with<u64, u64, tiny_bucket_policy, one_chain_hash>>(100)).same_size, 0U);
  walk_many<buckets_with<u64, u64, tiny_bucket_policy, identity_hash>>(100);
}
TEST(BucketMapWalk, KeepsItsPromisesAtFullSize) { walk_many<buckets_with<u64, u64, fixed_seed_bucket_policy>>(60); }

TEST(BucketMapWalk, BeginsAnywhereAndEachTimeElsewhere) {
  buckets_with<u64, u64> m;
  for (u64 k = 0; k < 100; ++k) m[k] = k;
  std::unordered_set<u64> first_keys;
  for (int i = 0; i < 200; ++i) first_keys.insert(m.walk()->first);
  EXPECT_GT(first_keys.size(), 60U);
  buckets_with<u64, u64> one_bucket;
  for (u64 k = 0; k < 8; ++k) one_bucket[k] = k;
  first_keys.clear();
  for (int i = 0; i < 200; ++i) first_keys.insert(one_bucket.walk()->first);
  EXPECT_EQ(first_keys.size(), 8U) << "within a bucket, too";
}

TEST(BucketMapWalk, TwoRunsOfAProgramWalkAlike) {
  const auto walked = [] {
    std::vector<u64> keys;
    buckets_with<u64, u64> m;
    for (u64 k = 0; k < 100; ++k) m[k] = k;
    for (int i = 0; i < 3; ++i) {
      for (auto c = m.walk(); c; c.next()) keys.push_back(c->first);
    }
    return keys;
  };
  EXPECT_EQ(walked(), walked());
}

}  // namespace
}  // namespace gauntlet
