// What a hash_map is while there is no memory. What it shares with bucket_map after something threw:
// plain_maps_faults_test.cpp.
#include <gtest/gtest.h>

#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/hash_map_test_types.h>

namespace gauntlet {
namespace {

using namespace gauntlet::testing;

// Tables fill to the brim first, and then the insert fails.
TEST(HashMapExceptions, WithoutMemoryATableFillsToTheBrimBeforeAnInsertFails) {
  hash_map<u64, u64, hash<u64>, std::equal_to<u64>, dry_allocator<std::pair<const u64, u64>>, tiny_policy> m;
  for (u64 k = 0; k < 11; ++k) m[k] = k;
  ASSERT_EQ(m.stats().tables, 1U);
  dry_allocator_state::dry = true;
  for (u64 k = 11; k < 14; ++k) m[k] = k;
  EXPECT_EQ(m.size(), 14U);
  EXPECT_THROW(m[14], std::bad_alloc);
  EXPECT_EQ(m.size(), 14U);
  EXPECT_TRUE(healthy(m));
  EXPECT_FALSE(m.contains(14));
  m.erase(3);
  m[14] = 14;
  EXPECT_TRUE(healthy(m));
  dry_allocator_state::dry = false;
  for (u64 k = 15; k < 50; ++k) m[k] = k;
  EXPECT_TRUE(healthy(m));
}

}  // namespace
}  // namespace gauntlet
