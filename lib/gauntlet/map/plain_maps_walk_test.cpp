// The promises of a walk by example, for hash_map and bucket_map.
#include <unordered_set>

#include <gtest/gtest.h>

#include <gauntlet/map/plain_maps_walk_test_types.h>

namespace gauntlet {
namespace {

using namespace gauntlet::testing;

template <class Family>
class PlainMapsWalk : public ::testing::Test {};
TYPED_TEST_SUITE(PlainMapsWalk, plain_families, plain_family_names);

TYPED_TEST(PlainMapsWalk, ErasingEverythingVisitedEmptiesTheMap) {
  typename TypeParam::template with<u64, u64> m;
  for (u64 k = 0; k < 500; ++k) m[k] = k;
  std::size_t visited = 0;
  for (auto c = m.walk(); c; c.next()) {
    ++visited;
    m.erase(c->first);
  }
  EXPECT_EQ(visited, 500U);
  EXPECT_TRUE(m.empty());
}

TYPED_TEST(PlainMapsWalk, AMapThatGrowsAThousandfoldUnderTheWalkIsWalkedOnce) {
  typename TypeParam::template with<u64, u64, typename TypeParam::full_with_fixed_seed> m;
  for (u64 k = 0; k < 50; ++k) m[k] = k;
  std::unordered_set<u64> seen;
  bool grown = false;
  for (auto c = m.walk(); c; c.next()) {
    ASSERT_TRUE(seen.insert(c->first).second);
    if (!grown && seen.size() == 10) {
      grown = true;
      for (u64 k = 50; k < 50000; ++k) m[k] = k;
      ASSERT_EQ(c->second, c->first);
    }
  }
  for (u64 k = 0; k < 50; ++k) EXPECT_TRUE(seen.count(k));
}

TYPED_TEST(PlainMapsWalk, WritesThroughTheCursorAndShowsWritesThroughTheMap) {
  typename TypeParam::template with<u64, u64> m;
  for (u64 k = 0; k < 50; ++k) m[k] = 0;
  for (auto c = m.walk(); c; c.next()) {
    c->second = 1;
    for (u64 k = 1000; k < 1010; ++k) m.try_emplace(k + c->first * 10, 5);
    m[c->first] += 1;
    EXPECT_EQ(c->second, 2U);
  }
  const auto& constant = m;
  for (auto c = constant.walk(); c; c.next()) EXPECT_GT(c->second, 0U);
}

TYPED_TEST(PlainMapsWalk, AThrowingHashLeavesTheCursorWhereItWas) {
  typename TypeParam::template with<u64, u64, typename TypeParam::tiny, throwing_hash> m;
  for (u64 k = 0; k < 100; ++k) m[k] = k;
  std::unordered_set<u64> seen;
  u64 faults_seen = 0;
  auto c = m.walk();
  while (c) {
    ASSERT_TRUE(seen.insert(c->first).second);
    for (;;) {
      faults::countdown = 1 + static_cast<long>(seen.size() % 5);
      try {
        c.next();
        faults::countdown = -1;
        break;
      } catch (const fault&) {
        ++faults_seen;
        faults::countdown = -1;
        if (seen.size() % 2 == 0) {
          c.next();
          break;
        }
        if (faults_seen % 7 == 0) {
          c.next();
          break;
        }
      }
    }
  }
  EXPECT_EQ(seen.size(), 100U);
  EXPECT_GT(faults_seen, 10U);
}

}  // namespace
}  // namespace gauntlet
