// Walks whose loop's body does its worst, for the tests of hash_map's and bucket_map's five promises of a walk.
//
// Every insertion gets an id of its own, which is its value: "the same element" means "the same id".
#pragma once

#include <random>
#include <unordered_map>
#include <unordered_set>

#include <gauntlet/map/plain_maps_test_types.h>

namespace gauntlet::testing {

// `counts` is told what the map said of itself before the walk and after it.
template <class Map, class Counts>
void walk_at_random(u64 seed, Counts& counts) {
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
  counts.add(before, m.stats());
}

template <class Map, class Counts>
Counts walk_many(u64 seeds) {
  Counts counts;
  for (u64 seed = 1; seed <= seeds; ++seed) {
    walk_at_random<Map>(seed, counts);
    if (::testing::Test::HasFatalFailure()) break;
  }
  return counts;
}

}  // namespace gauntlet::testing
