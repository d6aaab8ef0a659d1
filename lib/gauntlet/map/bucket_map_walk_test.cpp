// The five promises of a walk, while the loop's body does its worst.
//
// Every insertion gets an id of its own, which is its value: "the same element" means "the same id".
#include <random>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/map/bucket_map_test_types.h>

namespace gauntlet {
namespace {

using namespace gauntlet::testing;

struct walk_counts {
  std::size_t doublings = 0, same_size = 0, resizes = 0, ties = 0, visited = 0;
};

template <class Map>
void walk_at_random(u64 seed, walk_counts& counts) {
  std::mt19937_64 random(seed);
  Map m;
  std::unordered_map<u64, u64> model;  // key -> id
  u64 id = 0;
  const u64 n = random() % (seed % 10 == 0 ? 600 : 60), keys = n * 2 + 8, mode = random() % 6;
  const auto insert = [&](u64 key) {
    if (m.try_emplace(key, id).second) model[key] = id;
    ++id;
  };
  const auto erase = [&](u64 key) {
    m.erase(key);
    model.erase(key);
  };
  for (u64 i = 0; i < n; ++i) insert(random() % keys);
  const auto start = model;
  const auto before = m.stats();
  std::unordered_set<u64> seen;
  for (auto c = m.walk(); c; c.next()) {
    const auto [key, value] = *c;
    ASSERT_TRUE(model.count(key) != 0 && model[key] == value) << "(2) or (5): seed " << seed;
    ASSERT_TRUE(seen.insert(value).second) << "(1), (3) or (4): seed " << seed << " mode " << mode;
    bool gone = false;
    const u64 operations = seen.size() > 600 || model.size() > 250 ? 0 : random() % 6;
    for (u64 i = 0; i < operations; ++i) {
      const u64 target = random() % 8 == 0 ? key : random() % (mode == 1 ? keys * 50 : keys);
      const u64 of_eight = random() % 8;
      const bool inserts = mode == 1 ? of_eight != 0 : mode == 2 ? of_eight == 0 : of_eight % 2 == 0;
      if (inserts) {
        insert(target);
      } else {
        erase(target);
        gone |= target == key;
      }
      if (mode == 2 && random() % 64 == 0) {
        for (int k = 0; k < 30 && !model.empty(); ++k) erase(model.begin()->first);
        gone = true;
      }
      if (mode == 3 && random() % 64 == 0) m.shrink_to_fit();
      if (mode == 3 && random() % 64 == 0) m.reserve(m.size() + random() % 200);
      if (mode == 4 && random() % 200 == 0) {
        m.clear();
        model.clear();
        gone = true;
      }
      if (mode == 5 && random() % 64 == 0) {
        for (auto inner = m.walk(); inner; inner.next()) {
          ASSERT_EQ(model.at(inner->first), inner->second);
          if (random() % 16 == 0) break;
        }
      }
    }
    if (!gone && model.count(key) != 0 && model[key] == value) {
      ASSERT_EQ(c->first, key) << "(5): seed " << seed;
      ASSERT_EQ(c->second, value);
    }
    if (operations != 0) {
      ASSERT_TRUE(healthy(m));
    }
  }
  for (const auto& [key, value] : start) {
    const auto now = model.find(key);
    if (now != model.end() && now->second == value) {
      ASSERT_TRUE(seen.count(value)) << "(1): seed " << seed << " mode " << mode;
    }
  }
  const auto after = m.stats();
  counts.doublings += after.doublings - before.doublings;
  counts.same_size += after.same_size_growths - before.same_size_growths;
  counts.resizes += after.resizes - before.resizes;
  counts.ties += after.ties;
  counts.visited += seen.size();
}

template <class Map>
walk_counts walk_many(u64 seeds) {
  walk_counts counts;
  for (u64 seed = 1; seed <= seeds; ++seed) {
    walk_at_random<Map>(seed, counts);
    if (::testing::Test::HasFatalFailure()) break;
  }
  return counts;
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

TEST(BucketMapWalk, ErasingEverythingVisitedEmptiesTheMap) {
  buckets_with<u64, u64> m;
  for (u64 k = 0; k < 500; ++k) m[k] = k;
  std::size_t visited = 0;
  for (auto c = m.walk(); c; c.next()) {
    ++visited;
    m.erase(c->first);
  }
  EXPECT_EQ(visited, 500U);
  EXPECT_TRUE(m.empty());
}

TEST(BucketMapWalk, AMapThatGrowsAThousandfoldUnderTheWalkIsWalkedOnce) {
  buckets_with<u64, u64, fixed_seed_bucket_policy> m;
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

TEST(BucketMapWalk, WritesThroughTheCursorAndShowsWritesThroughTheMap) {
  buckets_with<u64, u64> m;
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

TEST(BucketMapWalk, AThrowingHashLeavesTheCursorWhereItWas) {
  bucket_map<u64, u64, throwing_hash, std::equal_to<u64>, std::allocator<std::pair<const u64, u64>>, tiny_bucket_policy>
      m;
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
