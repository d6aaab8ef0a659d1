// routed_map: what resharding moves and what it leaves, step by step; writes, walks and failures in its midst; and reads
// and writes of several threads beside reshardings.
#include <gauntlet/map/concurrent_map.h>
#include <gauntlet/map/rcu_map.h>
#include <gauntlet/map/routed_map.h>
#include <gauntlet/map/shared_mutex_map.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <latch>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using gauntlet::routed_map;

// Nothing moves but when a test says so.
struct by_hand : gauntlet::routed_map_policy {
  static constexpr std::size_t first_shards = 2;
  static constexpr std::size_t virtual_nodes = 16;
  static constexpr std::size_t stripes = 4;
  static constexpr std::size_t elements_per_write = 0;
  static constexpr bool checked = true;
  static std::uint64_t seed() noexcept { return 7; }
};
struct by_writes : by_hand {
  static constexpr std::size_t elements_per_write = 4;
};
struct of_shared_mutex_maps : by_hand {
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>
  using shard_map = gauntlet::shared_mutex_map<Key, T, Hash, KeyEqual, Allocator>;
};
struct of_concurrent_maps : by_hand {
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>
  using shard_map = gauntlet::concurrent_map<Key, T, Hash, KeyEqual, Allocator>;
};
struct of_rcu_maps : by_hand {
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>
  using shard_map = gauntlet::rcu_map<Key, T, Hash, KeyEqual, Allocator>;
};

template <class Policy, class Key = int, class T = int>
using map_of =
    routed_map<Key, T, gauntlet::hash<Key>, std::equal_to<Key>, std::allocator<std::pair<const Key, T>>, Policy>;

using contents = std::map<int, int>;

template <class Map>
contents sorted(const Map& map) {
  contents out;
  map.for_each([&out](int key, int value) { EXPECT_TRUE(out.emplace(key, value).second) << key << " twice"; });
  return out;
}

template <class Policy>
class resharding : public testing::Test {};
using policies = testing::Types<by_hand, by_writes, of_shared_mutex_maps, of_concurrent_maps, of_rcu_maps>;
TYPED_TEST_SUITE(resharding, policies);

// After every single step of every kind of change: the contents are right by every way of looking, and the map is in
// order. Between the steps elements are inserted, assigned and erased.
TYPED_TEST(resharding, shows_the_same_elements_at_every_step) {
  map_of<TypeParam> map;
  contents expected;
  for (int key = 0; key < 300; ++key) {
    map.insert(key, key);
    expected[key] = key;
  }
  int round = 0;
  const auto look = [&] {
    ASSERT_EQ(sorted(map), expected);
    ASSERT_EQ(map.size(), expected.size());
    for (int key = 0; key < 340; ++key) ASSERT_EQ(map.contains(key), expected.contains(key)) << key;
    ASSERT_TRUE(map.self_check());
  };
  const auto change = [&] {
    const int key = round * 37 % 320, next = (round * 53 + 11) % 320;
    EXPECT_EQ(map.insert_or_assign(key, round), !expected.contains(key));
    expected[key] = round;
    EXPECT_EQ(map.erase(next), expected.erase(next) == 1);
    const int third = (key + 100) % 320;
    EXPECT_EQ(map.update(third, [](int& value) { ++value; }), expected.contains(third));
    if (expected.contains(third)) ++expected[third];
    EXPECT_EQ(map.extract((key + 7) % 320).has_value(), expected.erase((key + 7) % 320) == 1);
    EXPECT_EQ(map.insert((key + 9) % 320, -round), expected.emplace((key + 9) % 320, -round).second);
    ++round;
  };
  const auto finish_slowly = [&] {
    unsigned steps = 0;
    do {
      look();
      if (testing::Test::HasFatalFailure()) return;
      change();
      ++steps;
    } while (map.migrate_some(5));
    look();
    EXPECT_GT(steps, 4u);
    EXPECT_FALSE(map.resharding());
  };
  EXPECT_TRUE(map.add_shard(2));
  finish_slowly();
  EXPECT_TRUE(map.add_shard(3, 250));
  finish_slowly();
  EXPECT_TRUE(map.set_weight(3, 40));
  finish_slowly();
  EXPECT_TRUE(map.remove_shard(0));
  finish_slowly();
  auto target = map.ring();
  target.remove(1);
  target.add(0);
  target.add(7);
  target.set_weight(2, 300);
  EXPECT_TRUE(map.reshard(target));
  finish_slowly();
  EXPECT_EQ(map.stats().shards, 4u);
}

TYPED_TEST(resharding, whole_map_operations_in_its_midst_do_as_always) {
  for (int steps = 0; steps < 40; ++steps) {
    map_of<TypeParam> map;
    for (int key = 0; key < 60; ++key) map.insert(key, key);
    EXPECT_TRUE(map.add_shard(2));
    for (int i = 0; i < steps; ++i) map.migrate_some(3);
    EXPECT_EQ(map.erase_if([](int key, int) { return key % 3 == 0; }), 20u);
    EXPECT_EQ(map.size(), 40u);
    EXPECT_EQ(map.snapshot().size(), 40u);
    EXPECT_TRUE(map.self_check());
    if (steps % 2 == 0) map.clear();
    map.reserve(100);
    map.migrate();
    EXPECT_EQ(map.size(), steps % 2 == 0 ? 0u : 40u);
    EXPECT_TRUE(map.self_check());
  }
}

TEST(routed_map, operations_on_shards_say_whether_they_did_anything) {
  map_of<by_hand> map;
  EXPECT_FALSE(map.migrate_some(1));
  EXPECT_FALSE(map.add_shard(0)) << "is there";
  EXPECT_FALSE(map.add_shard(2, 0)) << "of no weight";
  EXPECT_FALSE(map.remove_shard(2)) << "is not there";
  EXPECT_FALSE(map.set_weight(2, 100));
  EXPECT_FALSE(map.resharding());
  EXPECT_TRUE(map.remove_shard(0));
  EXPECT_FALSE(map.remove_shard(1)) << "the last one";
  EXPECT_FALSE(map.resharding()) << "whoever asks for the next one waits for the one before";
  EXPECT_THROW(map.reshard(decltype(map)::ring_type(16, 8)), std::invalid_argument);
  EXPECT_THROW(map.reshard(decltype(map)::ring_type(17, 7)), std::invalid_argument);
  EXPECT_FALSE(map.reshard(decltype(map)::ring_type(16, 7))) << "nobody would be left";
  EXPECT_THROW(map_of<by_hand>(decltype(map)::ring_type(16, 7)), std::invalid_argument);
  EXPECT_EQ(map.ring().size(), 1u);
  EXPECT_TRUE(map.ring().contains(1));
}

// From 8 to 12 shards a third of the keys moves, and each to where the ring says; the others are not touched.
TEST(routed_map, moves_what_the_rings_differ_in_and_nothing_else) {
  routed_map<int, int> map;
  constexpr int keys = 20000;
  for (int key = 0; key < keys; ++key) map.insert(key, key);
  const auto before = map.ring();
  auto target = before;
  for (std::uint32_t id = 8; id < 12; ++id) EXPECT_TRUE(target.add(id));
  EXPECT_TRUE(map.reshard(target));
  EXPECT_EQ(map.stats().sources, 8u);
  map.migrate();
  int moved = 0;
  for (int key = 0; key < keys; ++key) moved += before.owner_of_key(key) != map.ring().owner_of_key(key);
  EXPECT_NEAR(moved, keys / 3, keys * 5 / 100);
  EXPECT_EQ(map.size(), static_cast<std::size_t>(keys));
  EXPECT_TRUE(map.self_check());
  EXPECT_EQ(map.stats().shards, 12u);
}

TEST(routed_map, a_step_has_a_bound_of_its_own) {
  routed_map<int, int> map;
  for (int key = 0; key < 10000; ++key) map.insert(key, key);
  EXPECT_TRUE(map.add_shard(100));
  int steps = 0;
  while (map.migrate_some(~std::size_t{0})) ASSERT_LT(++steps, 1000);
  EXPECT_GT(map.stats().shards, 8u);
  EXPECT_EQ(map.size(), 10000u);
  EXPECT_TRUE(map.self_check());
}

TEST(routed_map, refuses_to_reserve_what_can_not_be) {
  routed_map<int, int> map;
  EXPECT_THROW(map.reserve(~std::size_t{0}), std::length_error);
  map.reserve(1000);
  EXPECT_TRUE(map.self_check());
}

// A step is bounded: writes are enough to bring a resharding to its end, some elements at a time.
TEST(routed_map, writes_carry_a_resharding_on) {
  map_of<by_writes> map;
  for (int key = 0; key < 1000; ++key) map.insert(key, key);
  EXPECT_TRUE(map.add_shard(2));
  int writes = 0;
  while (map.resharding()) {
    map.insert_or_assign(writes % 1000, writes);
    ASSERT_LT(++writes, 2000);
  }
  EXPECT_GT(writes, 400);
  EXPECT_EQ(map.size(), 1000u);
  EXPECT_TRUE(map.self_check());
}

TEST(routed_map, a_resharding_waits_for_a_visitor_and_nobody_else_does) {
  map_of<by_hand> map;
  for (int key = 0; key < 100; ++key) map.insert(key, key);
  std::latch inside(1), leave(1);
  std::thread reader([&] {
    map.visit(1, [&](int) {
      inside.count_down();
      leave.wait();
    });
  });
  inside.wait();
  EXPECT_TRUE(map.add_shard(2));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(map.migrate_some(1000));
  EXPECT_EQ(map.stats().sources_done, 0u);
  int other = 2;
  while (map.ring().owner_of_key(other) == map.ring().owner_of_key(1)) ++other;
  EXPECT_FALSE(map.insert_or_assign(other, -1));
  EXPECT_EQ(map.find(other), -1);
  leave.count_down();
  reader.join();
  map.migrate();
  EXPECT_TRUE(map.self_check());
}

// A value whose copies fail when a test wants.
struct fragile {
  int number = 0;
  static inline int copies_left = 1 << 30;
  fragile() = default;
  explicit fragile(int n) : number(n) {}
  fragile(const fragile& other) : number(other.number) {
    if (copies_left-- <= 0) throw std::bad_alloc();
  }
  fragile(fragile&&) noexcept = default;
  fragile& operator=(const fragile&) = default;
  fragile& operator=(fragile&&) noexcept = default;
};

// Wherever in a resharding copies begin to fail, for a step or for the second half of a write: nothing is lost, nothing
// stale shows, and once copies succeed it comes to its end.
TEST(routed_map, a_resharding_survives_copies_that_fail_anywhere) {
  for (int steps = 0; steps < 30; ++steps) {
    for (int copies = 0; copies < 12; ++copies) {
      map_of<by_hand, int, fragile> map;
      fragile::copies_left = 1 << 30;
      contents expected;
      for (int key = 0; key < 24; ++key) {
        map.try_emplace(key, key);
        expected[key] = key;
      }
      map.add_shard(2);
      for (int i = 0; i < steps; ++i) map.migrate_some(2);
      fragile::copies_left = copies;
      for (int key = 0; key < 24; ++key) {
        // These copy nothing themselves: it is the copying into the new shard that fails.
        EXPECT_TRUE(map.update(key, [](fragile& value) { value.number += 100; }));
        expected[key] += 100;
        if (key % 3 == 0) {
          EXPECT_TRUE(map.erase(key));
          expected.erase(key);
        }
        if (key % 6 == 0) {
          EXPECT_TRUE(map.try_emplace(key, -key));
          expected[key] = -key;
        }
        try {
          map.migrate_some(2);
        } catch (const std::bad_alloc&) {
          EXPECT_LE(fragile::copies_left, 0);
        }
      }
      fragile::copies_left = 1 << 30;
      EXPECT_TRUE(map.self_check());
      map.migrate();
      EXPECT_FALSE(map.resharding());
      EXPECT_TRUE(map.self_check());
      contents found;
      map.for_each([&found](int key, const fragile& value) { found[key] = value.number; });
      ASSERT_EQ(found, expected) << steps << " steps, " << copies << " copies";
    }
  }
}

TEST(routed_map, of_values_that_can_not_be_copied_keeps_its_shards) {
  map_of<by_hand, int, std::unique_ptr<int>> map;
  static_assert(!decltype(map)::can_be_resharded);
  EXPECT_TRUE(map.insert(1, std::make_unique<int>(10)));
  EXPECT_EQ(**map.extract(1), 10);
  EXPECT_FALSE(map.migrate_some(1));
}

TEST(routed_map, strings_move_and_are_found_by_other_types) {
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  routed_map<std::string, std::string, hash, std::equal_to<>, std::allocator<std::pair<const std::string, std::string>>,
             by_hand>
      map;
  const auto key = [](int number) { return "a key longer than a string holds within " + std::to_string(number); };
  for (int i = 0; i < 100; ++i) map.insert(key(i), "a value longer than a string holds within " + std::to_string(i));
  map.add_shard(2);
  int round = 0;
  do {
    const std::string text = key(round % 100);
    const std::string_view view = text;
    EXPECT_TRUE(map.contains(view));
    EXPECT_TRUE(map.update(view, [](std::string& value) { value += "!"; }));
    if (round % 5 == 0) {
      EXPECT_TRUE(map.erase(view));
      EXPECT_TRUE(map.insert(text, "again"));
    }
    ++round;
  } while (map.migrate_some(3));
  EXPECT_EQ(map.size(), 100u);
  EXPECT_TRUE(map.self_check());
}

// ------------------------------------------------------------------------------------------------------------ threads

template <class Body>
void on_threads(int count, Body body) {
  std::vector<std::thread> threads;
  for (int number = 0; number < count; ++number) threads.emplace_back([&body, number] { body(number); });
  for (std::thread& thread : threads) thread.join();
}

// Counters that must add up, and keys that stay, while shards come and go all the time.
TYPED_TEST(resharding, beside_readers_and_writers_loses_nothing) {
  constexpr int keys = 64, stay = 200, rounds = 3000;
  map_of<TypeParam> map;
  for (int key = 0; key < keys; ++key) map.insert(key, 0);
  for (int key = 1000; key < 1000 + stay; ++key) map.insert(key, key);
  std::atomic<int> done{0};
  std::atomic<int> balance{0};
  on_threads(4, [&](int number) {
    if (number == 0) {
      int changes = 0;
      for (; done.load() < 2 || changes < 6; ++changes) {
        switch (changes % 4) {
          case 0:
            EXPECT_TRUE(map.add_shard(2));
            break;
          case 1:
            EXPECT_TRUE(map.remove_shard(0));
            break;
          case 2:
            EXPECT_TRUE(map.add_shard(0, 50));
            break;
          default: {
            auto target = map.ring();
            target.remove(2);
            target.set_weight(0, 100);
            EXPECT_TRUE(map.reshard(target));
          }
        }
        while (map.migrate_some(16)) std::this_thread::yield();
      }
      return;
    }
    if (number == 3) {
      for (int round = 0; done.load() < 2; ++round) {
        const int key = 1000 + round % stay;
        EXPECT_EQ(map.find(key), key);
        if (round % 64 == 0) {
          int met = 0;
          map.for_each([&](int k, int) { met += k >= 1000 && k < 1000 + stay; });
          EXPECT_EQ(met, stay);
          const std::size_t size = map.size();
          EXPECT_GE(size, static_cast<std::size_t>(keys + stay));
          EXPECT_LE(size, static_cast<std::size_t>(keys + stay + 64));
        }
      }
      return;
    }
    std::uint32_t random = 17u * static_cast<unsigned>(number) + 1;
    int own = 0;
    for (int round = 0; round < rounds; ++round) {
      random = random * 1664525u + 1013904223u;
      const int key = static_cast<int>(random >> 8) % keys;
      EXPECT_TRUE(map.update(key, [](int& value) { ++value; }));
      if (round % 8 == 0) std::this_thread::yield();
      const int other = 2000 + key;
      own += map.insert(other, other) ? 1 : 0;
      if (round % 2 == 0) own -= map.erase(other) ? 1 : 0;
      if (round % 32 == 0) own -= static_cast<int>(map.erase_if([other](int k, int) { return k == other; }));
    }
    balance += own;
    ++done;
  });
  int sum = 0;
  int others = 0;
  map.for_each([&](int key, int value) {
    if (key < keys) sum += value;
    others += key >= 2000;
  });
  EXPECT_EQ(sum, 2 * rounds);
  EXPECT_EQ(others, balance.load());
  EXPECT_TRUE(map.self_check());
}

}  // namespace
