// Random operations on hash_map or bucket_map, std::unordered_map as the model beside them, the self-check after each.
#pragma once

#include <random>
#include <unordered_map>

#include <gauntlet/map/plain_maps_test_types.h>

namespace gauntlet::testing {

template <class Map>
void agrees_with_the_standard_map(u64 seed, int steps, u64 keys) {
  std::mt19937_64 random(seed);
  Map m;
  std::unordered_map<u64, u64> model;
  for (int step = 0; step < steps; ++step) {
    const u64 key = random() % keys, value = random(), what = random() % 32;
    const bool growing = static_cast<u64>(step) / (keys + 1) % 2 == 0;
    SCOPED_TRACE(::testing::Message() << "seed " << seed << " step " << step << " operation " << what);
    if (what < (growing ? 14U : 5U)) {
      ASSERT_EQ(m.try_emplace(key, value).second, model.try_emplace(key, value).second);
    } else if (what < 20) {
      ASSERT_EQ(m.erase(key), model.erase(key));
    } else if (what < 22) {
      m[key] = value;
      model[key] = value;
    } else if (what < 24) {
      if (const auto it = m.find(key); it != m.end()) m.erase(it);
      model.erase(key);
    } else if (what < 27) {
      const auto a = m.find(key);
      const auto b = model.find(key);
      ASSERT_EQ(a != m.end(), b != model.end());
      if (a != m.end()) {
        ASSERT_EQ(a->second, b->second);
      }
    } else if (what == 27 && value % 16 == 0) {
      m.reserve(value >> 8 & 127);
    } else if (what == 28 && value % 8 == 0) {
      m.shrink_to_fit();
    } else if (what == 29 && value % 32 == 0) {
      const auto odd = [value](auto& element) { return (element.first * 7 + value) % 3 == 0; };
      ASSERT_EQ(erase_if(m, odd), std::erase_if(model, odd));
    } else if (what == 30 && value % 64 == 0) {
      m.clear();
      model.clear();
    } else if (what == 31 && value % 16 == 0) {
      Map copy(m);
      ASSERT_EQ(copy, m);
      m = std::move(copy);
    }
    ASSERT_EQ(m.size(), model.size());
    ASSERT_TRUE(healthy(m));
    if (step % 32 == 0) {
      std::size_t seen = 0;
      for (const auto& [k, v] : m) {
        ++seen;
        ASSERT_EQ(model.at(k), v);
      }
      ASSERT_EQ(seen, model.size());
    }
  }
}

}  // namespace gauntlet::testing
