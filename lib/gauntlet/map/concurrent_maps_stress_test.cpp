// The maps of this family with the same operations, and their locks, under several threads at once.
//
// Every test is built so that a broken lock shows as a wrong number, not only as a ThreadSanitizer report: counters
// that must add up, elements of which exactly one thread may get each, pairs of keys that must never be seen apart.
// Bounded work, no clock; each takes well under a second, also under ThreadSanitizer.
#include <gauntlet/map/concurrent_map.h>
#include <gauntlet/map/detail/mutex.h>
#include <gauntlet/map/detail/spin_park_lock.h>
#include <gauntlet/map/rcu_map.h>
#include <gauntlet/map/routed_map.h>
#include <gauntlet/map/sharded_map.h>
#include <gauntlet/map/shared_mutex_map.h>
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <cstdint>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int thread_count = 4;

// Runs body(0) ... body(thread_count - 1), started together.
template <class Body>
void on_all_threads(Body body) {
  std::barrier<> start(thread_count);
  std::vector<std::thread> threads;
  for (int number = 0; number < thread_count; ++number) {
    threads.emplace_back([&start, &body, number] {
      start.arrive_and_wait();
      body(number);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

// Adds one in two steps and gives the processor away between them in every 64th round: whoever gets in meanwhile, on a
// machine however busy, makes a lost update.
template <class Integer>
void add_one_slowly(Integer& counter, int round) {
  const Integer old = counter;
  if (round % 64 == 0) {
    std::this_thread::yield();
  }
  counter = old + 1;
}

// A small random sequence per thread: same numbers in every run.
class xorshift {
 public:
  explicit xorshift(int seed) : state_(0x9E3779B97F4A7C15U + static_cast<std::uint64_t>(seed)) {}
  int below(int bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<int>((state_ >> 11) % static_cast<std::uint64_t>(bound));
  }

 private:
  std::uint64_t state_;
};

// ------------------------------------------------------------------------------------------------------------- locks

template <class Lock>
class locks : public testing::Test {};
using lock_types =
    testing::Types<gauntlet::detail::spin_park_lock, gauntlet::detail::mutex, gauntlet::detail::shared_spin_park_lock>;
TYPED_TEST_SUITE(locks, lock_types);

TYPED_TEST(locks, at_most_one_thread_holds_the_lock) {
  TypeParam lock;
  std::uint64_t counter = 0;  // guarded by lock
  constexpr int rounds = 20000;
  on_all_threads([&lock, &counter](int) {
    for (int round = 0; round < rounds; ++round) {
      const gauntlet::detail::exclusive_guard<TypeParam> guard(lock);
      add_one_slowly(counter, round);
    }
  });
  EXPECT_EQ(counter, static_cast<std::uint64_t>(thread_count) * rounds);
}

TYPED_TEST(locks, try_lock_fails_while_another_thread_holds_the_lock_and_succeeds_afterwards) {
  TypeParam lock;
  const auto can_be_taken = [&lock] {
    if (lock.try_lock()) {
      lock.unlock();
      return true;
    }
    return false;
  };
  bool taken_meanwhile = true;
  {
    const gauntlet::detail::exclusive_guard<TypeParam> guard(lock);
    std::thread([&] { taken_meanwhile = can_be_taken(); }).join();
  }
  EXPECT_FALSE(taken_meanwhile);
  EXPECT_TRUE(can_be_taken());
}

// Holders give their processor away while they hold the lock, so waiters use up their spins and park; every one of them
// must be woken again, or the test never ends.
TYPED_TEST(locks, no_waiter_sleeps_for_ever) {
  TypeParam lock;
  int counter = 0;  // guarded by lock
  constexpr int rounds = 300;
  on_all_threads([&lock, &counter](int) {
    for (int round = 0; round < rounds; ++round) {
      const gauntlet::detail::exclusive_guard<TypeParam> guard(lock);
      std::this_thread::yield();
      ++counter;
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(counter, thread_count * rounds);
}

TEST(pair_guards, threads_that_name_two_locks_in_opposite_order_do_not_deadlock) {
  gauntlet::detail::shared_spin_park_lock a;
  gauntlet::detail::shared_spin_park_lock b;
  int of_a = 0;  // guarded by a
  int of_b = 0;  // guarded by b
  on_all_threads([&](int number) {
    gauntlet::detail::shared_spin_park_lock& first = number % 2 == 0 ? a : b;
    gauntlet::detail::shared_spin_park_lock& second = number % 2 == 0 ? b : a;
    for (int round = 0; round < 2000; ++round) {
      {
        const gauntlet::detail::exclusive_pair_guard<gauntlet::detail::shared_spin_park_lock> guard(first, second);
        ++of_a;
        ++of_b;
      }
      {
        const gauntlet::detail::shared_pair_guard<gauntlet::detail::shared_spin_park_lock> guard(first, second);
        EXPECT_EQ(of_a, of_b);
      }
      {
        const gauntlet::detail::write_read_guard<gauntlet::detail::shared_spin_park_lock> guard(a, b);
        ++of_a;
        --of_a;
        EXPECT_EQ(of_a, of_b);
      }
    }
  });
  EXPECT_EQ(of_a, thread_count * 2000);
}

// -------------------------------------------------------------------------------------------------------------- maps

struct few_shards : gauntlet::sharded_map_policy {
  static constexpr std::size_t shard_count = 4;
};
struct few_rcu_shards : gauntlet::rcu_map_policy {
  static constexpr std::size_t shard_count = 4;
  static constexpr std::size_t retire_batch = 4;
  static constexpr std::size_t unreclaimed_max = 32;
};

struct small_tables : gauntlet::concurrent_map_policy {
  static constexpr unsigned buckets_per_table = 4;
  static constexpr unsigned slots_per_bucket = 3;
  static constexpr unsigned cells_per_table = 1;
  static constexpr unsigned changes_per_merge_look = 2;
  static constexpr unsigned merge_below_one_in = 2;
  static constexpr unsigned count_stripes = 3;
};

// All maps; and those whose operations on whole maps take effect at one moment.
template <class Map>
class concurrent_maps_stress : public testing::Test {};
using few_shards_map = gauntlet::sharded_map<int, int, gauntlet::hash<int>, std::equal_to<int>,
                                             std::allocator<std::pair<const int, int>>, few_shards>;
using few_rcu_shards_map = gauntlet::rcu_map<int, int, gauntlet::hash<int>, std::equal_to<int>,
                                             std::allocator<std::pair<const int, int>>, few_rcu_shards>;
using small_tables_map = gauntlet::concurrent_map<int, int, gauntlet::hash<int>, std::equal_to<int>,
                                                  std::allocator<std::pair<const int, int>>, small_tables>;
using map_types = testing::Types<gauntlet::shared_mutex_map<int, int>, few_shards_map, few_rcu_shards_map,
                                 gauntlet::routed_map<int, int>, small_tables_map>;
TYPED_TEST_SUITE(concurrent_maps_stress, map_types);

template <class Map>
class whole_maps_stress : public testing::Test {};
using whole_map_types = testing::Types<gauntlet::shared_mutex_map<int, int>, few_shards_map>;
TYPED_TEST_SUITE(whole_maps_stress, whole_map_types);

TYPED_TEST(concurrent_maps_stress, no_update_is_lost) {
  constexpr int keys = 4;
  constexpr int rounds = 8000;
  TypeParam map;
  for (int key = 0; key < keys; ++key) {
    map.insert(key, 0);
  }
  on_all_threads([&map](int number) {
    xorshift random(number);
    for (int round = 0; round < rounds; ++round) {
      const int key = random.below(keys);
      if (round % 2 == 0) {
        map.update(key, [round](int& value) { add_one_slowly(value, round); });
        continue;
      }
      int seen = *map.find(key);
      while (!map.compare_exchange(key, seen, seen + 1)) {
        seen = *map.find(key);
      }
    }
  });
  int sum = 0;
  map.for_each([&sum](int, int value) { sum += value; });
  EXPECT_EQ(sum, thread_count * rounds);
}

TYPED_TEST(concurrent_maps_stress, every_insertion_has_one_winner_and_every_element_one_taker) {
  constexpr int keys = 16;
  constexpr int rounds = 5000;
  TypeParam map;
  std::atomic<int> balance{0};
  on_all_threads([&map, &balance](int number) {
    xorshift random(number + 100);
    int own = 0;
    for (int round = 0; round < rounds; ++round) {
      const int key = random.below(keys);
      switch (random.below(6)) {
        case 0:
          own += map.insert(key, key) ? 1 : 0;
          break;
        case 1:
          own += map.try_emplace(key, key) ? 1 : 0;
          break;
        case 2:
          own += map.insert_or_assign(key, key) ? 1 : 0;
          break;
        case 3:
          own -= map.erase(key) ? 1 : 0;
          break;
        case 4:
          own -= map.extract(key).has_value() ? 1 : 0;
          break;
        default:
          own -= static_cast<int>(map.erase_if([key](int k, int) { return k == key; }));
          break;
      }
    }
    balance += own;
  });
  EXPECT_EQ(balance.load(), static_cast<int>(map.size()));
  EXPECT_TRUE(map.self_check());
}

TYPED_TEST(concurrent_maps_stress, a_walk_meets_every_element_that_stays_and_none_twice) {
  constexpr int stay = 64;
  TypeParam map;
  for (int key = 0; key < stay; ++key) {
    map.insert(key, key);
  }
  on_all_threads([&map](int number) {
    if (number % 2 == 0) {
      xorshift random(number);
      for (int round = 0; round < 4000; ++round) {
        const int key = stay + random.below(256);
        if (!map.insert(key, key)) {
          map.erase(key);
        }
      }
      return;
    }
    for (int round = 0; round < 60; ++round) {
      std::vector<int> met(stay + 256, 0);
      map.for_each([&met](int key, int value) {
        EXPECT_EQ(key, value);
        ++met[static_cast<std::size_t>(key)];
      });
      for (std::size_t key = 0; key < met.size(); ++key) {
        EXPECT_LE(met[key], 1);
        EXPECT_TRUE(key >= stay || met[key] == 1) << key;
      }
      const std::size_t size = map.size();
      EXPECT_GE(size, static_cast<std::size_t>(stay));
      EXPECT_LE(size, static_cast<std::size_t>(stay + 256));
    }
  });
  EXPECT_TRUE(map.self_check());
}

// The writers keep a[1..n] and b[1..n] together equal to one full set: an element leaves one map and enters the other
// only through swap and merge. Whoever looks with a linearizable operation must see whole maps.
TYPED_TEST(whole_maps_stress, operations_on_two_maps_in_any_order_neither_deadlock_nor_tear) {
  constexpr int elements = 24;
  TypeParam a;
  TypeParam b;
  for (int key = 0; key < elements; ++key) {
    a.insert(key, 1);
    b.insert(key, 2);
  }
  on_all_threads([&a, &b](int number) {
    TypeParam& mine = number % 2 == 0 ? a : b;
    TypeParam& other = number % 2 == 0 ? b : a;
    for (int round = 0; round < 300; ++round) {
      mine.swap(other);
      EXPECT_FALSE(mine == other);
      mine.merge(other);  // every key is on both sides: moves nothing
      const TypeParam copy(other);
      int first = 0;
      bool torn = false;
      copy.for_each([&first, &torn](int, int value) {
        torn = torn || (first != 0 && value != first);
        first = value;
      });
      EXPECT_FALSE(torn);
      EXPECT_EQ(mine.snapshot().size(), static_cast<std::size_t>(elements));
    }
  });
  EXPECT_TRUE(a.self_check());
  EXPECT_TRUE(b.self_check());
}

// One thread alternates between "all present" and "none" with whole-map operations; everybody else may see only those
// two.
TYPED_TEST(whole_maps_stress, clear_assignment_and_snapshot_take_effect_at_one_moment) {
  constexpr std::size_t elements = 24;
  TypeParam full;
  for (int key = 0; key < static_cast<int>(elements); ++key) {
    full.insert(key, key);
  }
  TypeParam map(full);
  on_all_threads([&full, &map](int number) {
    for (int round = 0; round < 400; ++round) {
      if (number == 0) {
        map.clear();
        map = full;
        continue;
      }
      const std::size_t size = map.snapshot().size();
      EXPECT_TRUE(size == 0 || size == elements) << size;
    }
  });
  EXPECT_TRUE(map == full);
}

TEST(shared_mutex_map_stress, readers_share_the_lock) {
  gauntlet::shared_mutex_map<int, int> map;
  map.insert(1, 10);
  // Each visitor waits inside the map for the other: only readers that are inside together get past.
  std::latch both_inside(2);
  const auto look = [&map, &both_inside] {
    map.visit(1, [&both_inside](int value) {
      EXPECT_EQ(value, 10);
      both_inside.arrive_and_wait();
    });
  };
  std::thread one(look);
  std::thread two(look);
  one.join();
  two.join();
}

TEST(sharded_map_stress, different_shards_do_not_wait_for_each_other) {
  gauntlet::sharded_map<int, int> map;
  for (int key = 0; key < 64; ++key) {
    map.insert(key, key);
  }
  const auto route = [](int key) {
    return gauntlet::sharded_map_policy::route(static_cast<std::uint64_t>(gauntlet::hash<int>()(key)), 64);
  };
  int elsewhere = 1;
  while (route(elsewhere) == route(0)) {
    ++elsewhere;
  }
  ASSERT_LT(elsewhere, 64);
  std::latch both_inside(2);
  const auto wait_inside = [&map, &both_inside](int key) {
    map.update(key, [&both_inside](int&) { both_inside.arrive_and_wait(); });
  };
  std::thread one([&wait_inside] { wait_inside(0); });
  std::thread two([&wait_inside, elsewhere] { wait_inside(elsewhere); });
  one.join();
  two.join();
}

}  // namespace
