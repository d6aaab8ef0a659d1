// hash_map's walks under every policy and hash, while the loop's body does its worst. What it shares with bucket_map:
// plain_maps_walk_test.cpp.
#include <gtest/gtest.h>

#include <gauntlet/map/plain_maps_walk_test_types.h>

namespace gauntlet {
namespace {

using namespace gauntlet::testing;

struct walk_counts {
  std::size_t splits = 0, merges = 0, resizes = 0, stashed = 0;
  void add(const hash_map_stats& before, const hash_map_stats& after) {
    splits += after.splits - before.splits;
    merges += after.merges - before.merges;
    resizes += after.growths - before.growths + after.shrinks - before.shrinks;
    stashed += after.overflowed;
  }
};

template <class Map>
walk_counts walk_many(u64 seeds) {
  return gauntlet::testing::walk_many<Map, walk_counts>(seeds);
}

TEST(HashMapWalk, KeepsItsPromisesAmongTinyTables) {
  const walk_counts counts = walk_many<map_with<u64, u64>>(150);
  EXPECT_GT(counts.splits, 500U);
  EXPECT_GT(counts.merges, 100U);
  EXPECT_GT(counts.resizes, 40U);
}
TEST(HashMapWalk, KeepsItsPromisesAmongSmallTables) {
  const walk_counts counts = walk_many<map_with<u64, u64, small_policy>>(150);
  EXPECT_GT(counts.splits, 50U);
  EXPECT_GT(counts.resizes, 40U);
}
TEST(HashMapWalk, KeepsItsPromisesInTablesOfOneGroup) { walk_many<map_with<u64, u64, one_group_policy>>(80); }
TEST(HashMapWalk, KeepsItsPromisesAmongTies) {
  EXPECT_GT((walk_many<map_with<u64, u64, tiny_policy, constant_hash>>(60)).stashed, 0U);
  EXPECT_GT((walk_many<map_with<u64, u64, tiny_policy, paired_hash>>(100)).stashed, 0U);
}
TEST(HashMapWalk, KeepsItsPromisesUnderBadHashes) {
  EXPECT_GT((walk_many<map_with<u64, u64, tiny_policy, truncated_hash>>(100)).stashed, 0U);
  EXPECT_GT((walk_many<map_with<u64, u64, small_policy, identity_hash>>(100)).stashed, 0U);
  walk_many<map_with<u64, u64, one_group_policy, identity_hash>>(60);
}
TEST(HashMapWalk, KeepsItsPromisesAtFullSize) { walk_many<map_with<u64, u64, fixed_seed_policy>>(60); }

}  // namespace
}  // namespace gauntlet
