// What counted_lock counts: with a clock that the test moves, and with threads that really meet.
#include <gauntlet/map/contention.h>
#include <gauntlet/map/sharded_map.h>
#include <gauntlet/map/shared_mutex_map.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <limits>
#include <numeric>
#include <sstream>
#include <thread>
#include <vector>

namespace {

using gauntlet::contention_stats;
using gauntlet::counted_lock;
using namespace std::chrono_literals;

struct clock_by_hand {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<clock_by_hand>;
  static inline std::atomic<rep> time{0};
  static time_point now() { return time_point(duration(time.load())); }
};

using exclusive_lock = counted_lock<gauntlet::detail::spin_park_lock, clock_by_hand>;
using shared_lock = counted_lock<gauntlet::detail::shared_spin_park_lock, clock_by_hand>;

template <class Lock>
bool is_free(Lock& lock) GAUNTLET_UNCHECKED_LOCKING {
  if (!lock.try_lock()) return false;
  lock.unlock();
  return true;
}

TEST(contention, a_lock_that_nobody_fights_over_has_no_waits) {
  exclusive_lock lock;
  for (int i = 0; i < 3; ++i) {
    lock.lock();
    clock_by_hand::time += 5;
    lock.unlock();
  }
  EXPECT_EQ(lock.stats(), (contention_stats{.acquisitions = 3, .hold_time = 15ns}));
}

TEST(contention, a_holding_that_has_not_ended_counts_up_to_now) {
  exclusive_lock lock;
  lock.lock();
  clock_by_hand::time += 7;
  EXPECT_EQ(lock.stats().hold_time, 7ns);
  EXPECT_FALSE(is_free(lock)) << "a look that does not get the lock takes nothing";
  lock.unlock();
  clock_by_hand::time += 100;
  EXPECT_EQ(lock.stats(), (contention_stats{.acquisitions = 1, .hold_time = 7ns}));
}

// One thread as two readers, which the analysis of locks takes for a mistake.
void read_twice_at_once(shared_lock& lock) GAUNTLET_UNCHECKED_LOCKING {
  lock.lock_shared();
  clock_by_hand::time += 10;
  EXPECT_TRUE(lock.try_lock_shared());
  EXPECT_FALSE(is_free(lock));
  clock_by_hand::time += 10;
  lock.unlock_shared();
  lock.unlock_shared();
}

TEST(contention, readers_that_overlap_count_each) {
  shared_lock lock;
  read_twice_at_once(lock);
  EXPECT_EQ(lock.stats(), (contention_stats{.acquisitions = 2, .hold_time = 30ns}));
}

// Held by somebody else for so many first looks; whoever waits then gets it after so long. One test at a time.
struct lock_of_somebody_else {
  static inline int refusals = 0;
  static inline std::chrono::nanoseconds::rep wait = 0;
  static inline std::function<void()> while_waiting = [] {};

  bool try_lock() { return refusals == 0 || refusals-- == 0; }
  void lock() {
    while_waiting();
    clock_by_hand::time += wait;
  }
  void unlock() {}
  bool try_lock_shared() { return try_lock(); }
  void lock_shared() { lock(); }
  void unlock_shared() {}
};
using refusing_lock = counted_lock<lock_of_somebody_else, clock_by_hand>;

void hold_after_waiting(refusing_lock& lock, bool shared, int wait, int hold) GAUNTLET_UNCHECKED_LOCKING {
  lock_of_somebody_else::refusals = wait == 0 ? 0 : 1;
  lock_of_somebody_else::wait = wait;
  shared ? lock.lock_shared() : lock.lock();
  clock_by_hand::time += hold;
  shared ? lock.unlock_shared() : lock.unlock();
}

TEST(contention, who_does_not_get_the_lock_at_the_first_look_waits) {
  refusing_lock lock;
  hold_after_waiting(lock, false, 10, 1);
  EXPECT_EQ(
      lock.stats(),
      (contention_stats{.acquisitions = 1, .waits = 1, .wait_time = 10ns, .longest_wait = 10ns, .hold_time = 1ns}));
  hold_after_waiting(lock, true, 30, 2);
  hold_after_waiting(lock, true, 0, 4);
  hold_after_waiting(lock, false, 20, 8);
  EXPECT_EQ(
      lock.stats(),
      (contention_stats{.acquisitions = 4, .waits = 3, .wait_time = 60ns, .longest_wait = 30ns, .hold_time = 15ns}));
}

TEST(contention, who_only_tries_does_not_wait) {
  refusing_lock lock;
  lock_of_somebody_else::refusals = 3;
  EXPECT_FALSE(is_free(lock));
  EXPECT_FALSE(is_free(lock));
  EXPECT_FALSE(is_free(lock));
  EXPECT_EQ(lock.stats(), contention_stats{});
  EXPECT_TRUE(is_free(lock));
  EXPECT_EQ(lock.stats(), contention_stats{.acquisitions = 1});
}

TEST(contention, a_wait_counts_when_it_is_over) {
  refusing_lock lock;
  contention_stats meanwhile{.waits = 77};
  lock_of_somebody_else::while_waiting = [&] { meanwhile = lock.stats(); };
  hold_after_waiting(lock, false, 10, 1);
  lock_of_somebody_else::while_waiting = [] {};
  EXPECT_EQ(meanwhile, contention_stats{});
  EXPECT_EQ(lock.stats().waits, 1u);
}

void hold_many_at_once(refusing_lock& lock, int holders) GAUNTLET_UNCHECKED_LOCKING {
  for (int i = 0; i < holders; ++i) lock.lock_shared();
  clock_by_hand::time += 3;
  EXPECT_EQ(lock.stats().hold_time, std::chrono::nanoseconds(3 * holders));
  for (int i = 0; i < holders; ++i) lock.unlock_shared();
  clock_by_hand::time += 5;
  EXPECT_EQ(lock.stats().hold_time, std::chrono::nanoseconds(3 * holders));
}

TEST(contention, thousands_may_hold_a_lock_and_the_clock_may_show_any_time) {
  const auto before = clock_by_hand::time.load();
  for (const auto time : {std::int64_t{0}, std::int64_t{1} << 40, std::numeric_limits<std::int64_t>::max() - 100}) {
    clock_by_hand::time = time;
    for (const int holders : {1, 2, 4095}) {
      refusing_lock lock;
      hold_many_at_once(lock, holders);
    }
  }
  clock_by_hand::time = before;
}

// The clock stands still, long after its beginning: no holding takes any time, whatever the threads do meanwhile.
TEST(contention, a_look_beside_threads_that_come_and_go_shows_no_time_that_nobody_held) {
  const auto before = clock_by_hand::time.exchange(1'000'000'000'000'000);
  shared_lock lock;
  {
    std::atomic<bool> done{false};
    std::vector<std::jthread> all;
    for (int t = 0; t < 3; ++t) {
      all.emplace_back([&lock, &done, t]() GAUNTLET_UNCHECKED_LOCKING {
        for (int i = 0; i < 200 || !done; ++i) {
          t == 0 ? lock.lock() : lock.lock_shared();
          t == 0 ? lock.unlock() : lock.unlock_shared();
        }
      });
    }
    for (int i = 0; i < 20000; ++i) ASSERT_EQ(lock.stats().hold_time, 0ns) << (done = true);
    done = true;
  }
  clock_by_hand::time = before;
}

TEST(contention, stats_add_up_and_print) {
  contention_stats sum{.acquisitions = 1, .waits = 1, .wait_time = 5ns, .longest_wait = 5ns, .hold_time = 2ns};
  sum += {.acquisitions = 2, .waits = 1, .wait_time = 3ns, .longest_wait = 3ns, .hold_time = 1ns};
  std::ostringstream out;
  out << sum;
  EXPECT_EQ(out.str(), "3 acquisitions, 2 waits of 8 ns, the longest 5 ns, held 3 ns");
}

// ------------------------------------------------------------------------------------------------------- in the maps

struct counted_sharded_policy : gauntlet::sharded_map_policy {
  using lock_type = counted_lock<gauntlet::sharded_map_policy::lock_type>;
  static constexpr std::size_t shard_count = 4;
};
struct counted_shared_policy : gauntlet::shared_mutex_map_policy {
  using lock_type = counted_lock<gauntlet::shared_mutex_map_policy::lock_type>;
};
template <class Policy>
using sharded = gauntlet::sharded_map<int, int, gauntlet::hash<int>, std::equal_to<int>,
                                      std::allocator<std::pair<const int, int>>, Policy>;
template <class Policy>
using shared = gauntlet::shared_mutex_map<int, int, gauntlet::hash<int>, std::equal_to<int>,
                                          std::allocator<std::pair<const int, int>>, Policy>;

template <class Map>
concept counts_contention = requires(const Map& map) { map.contention(); };
static_assert(!counts_contention<sharded<gauntlet::sharded_map_policy>>);
static_assert(!counts_contention<shared<gauntlet::shared_mutex_map_policy>>);
static_assert(sizeof(shared<gauntlet::shared_mutex_map_policy>) < sizeof(shared<counted_shared_policy>));

TEST(contention, of_a_sharded_map_is_told_for_each_shard) {
  sharded<counted_sharded_policy> map;
  for (int key = 0; key < 1000; ++key) map.insert(key, key);
  contention_stats sum;
  for (const contention_stats& shard : map.contention()) {
    EXPECT_GT(shard.acquisitions, 0u);
    sum += shard;
  }
  EXPECT_EQ(sum.acquisitions, 1000u);
  EXPECT_EQ(sum.waits, 0u);
}

TEST(contention, is_read_while_threads_fight) {
  constexpr int threads = 4, operations = 5000;
  sharded<counted_sharded_policy> map;
  shared<counted_shared_policy> other;
  {
    std::vector<std::jthread> all;
    for (int t = 0; t < threads; ++t) {
      all.emplace_back([&map, &other, t] {
        for (int i = 0; i < operations; ++i) {
          map.insert_or_assign(i % 16, t);
          if (i % 8 == 0) {
            other.insert_or_assign(i % 16, t);
          } else {
            other.contains(i % 16);
          }
        }
      });
    }
    std::uint64_t last = 0;
    for (int i = 0; i < 100; ++i) {
      const contention_stats now = other.contention();
      EXPECT_GE(now.acquisitions, last);
      last = now.acquisitions;
    }
  }
  contention_stats sum;
  for (const contention_stats& shard : map.contention()) sum += shard;
  EXPECT_EQ(sum.acquisitions, std::uint64_t{threads} * operations);
  EXPECT_LE(sum.waits, sum.acquisitions);
  EXPECT_LE(sum.longest_wait, sum.wait_time);
  EXPECT_EQ(other.contention().acquisitions, std::uint64_t{threads} * operations);
}

}  // namespace
