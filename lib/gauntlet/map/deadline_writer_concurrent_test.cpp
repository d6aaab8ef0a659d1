// Writes with deadlines, one decision after the other, on a clock that only the test moves; then on real threads. That
// nothing is written after `timed_out` or `cancelled` at any interleaving is shown in
// props/schedules_deadline_writer_test.cpp.
#include <gauntlet/map/deadline_writer.h>
#include <gauntlet/map/rcu_map.h>
#include <gauntlet/map/routed_map.h>
#include <gauntlet/map/sharded_map.h>
#include <gauntlet/map/shared_mutex_map.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <latch>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using gauntlet::timed_outcome;
using gauntlet::timed_result;

// Time that passes when somebody sleeps, and otherwise not at all. Used by one thread.
struct manual_clock {
  using rep = std::int64_t;
  using period = std::micro;
  using duration = std::chrono::duration<rep, period>;
  using time_point = std::chrono::time_point<manual_clock>;
  static inline time_point time{};
  static inline unsigned looks = 0;
  static time_point now() {
    ++looks;
    return time;
  }
};
struct manual_policy : gauntlet::deadline_writer_policy {
  using clock = manual_clock;
  static inline unsigned yields_made = 0;
  static inline std::vector<manual_clock::duration> sleeps;
  static void yield() { ++yields_made; }
  static void sleep(clock::duration length) {
    sleeps.push_back(length);
    manual_clock::time += length;
  }
};

// A map whose lock is refused as often as the test says.
struct reluctant_map {
  using key_type = int;
  using mapped_type = std::string;
  template <class GiveUp>
  std::optional<bool> insert_or_assign_unless(GiveUp&& give_up, int key, std::string value) {
    for (; refusals > 0; --refusals) {
      if (give_up()) return std::nullopt;
    }
    if (throws) throw std::runtime_error("no memory");
    const bool inserted = !stored.has_value() || stored_key != key;
    stored_key = key;
    stored = std::move(value);
    return inserted;
  }
  template <class GiveUp>
  std::optional<bool> erase_unless(GiveUp&& give_up, const int& key) {
    for (; refusals > 0; --refusals) {
      if (give_up()) return std::nullopt;
    }
    if (!stored || stored_key != key) return false;
    stored.reset();
    return true;
  }
  int refusals = 0;
  bool throws = false;
  int stored_key = 0;
  std::optional<std::string> stored;
};

class deadline_writer : public testing::Test {
 protected:
  deadline_writer() {
    manual_clock::time = {};
    manual_clock::looks = 0;
    manual_policy::yields_made = 0;
    manual_policy::sleeps.clear();
  }
  reluctant_map map_;
  gauntlet::deadline_writer<reluctant_map, manual_policy> writes_{map_};
};

TEST_F(deadline_writer, looks_at_no_clock_where_it_need_not_wait) {
  EXPECT_TRUE(writes_.store_until(1, "one", manual_clock::time - 1s)) << "even if the deadline has passed";
  EXPECT_EQ(map_.stored, "one");
  EXPECT_TRUE(writes_.store_for(1, "uno", 0s));
  EXPECT_TRUE(writes_.erase_for(1, 0s).changed_size);
  EXPECT_FALSE(writes_.erase_for(1, 0s).changed_size);
  EXPECT_EQ(manual_clock::looks, 0U);
}

TEST_F(deadline_writer, tells_insertion_from_replacement) {
  EXPECT_TRUE(writes_.store_for(1, "one", 1s).changed_size);
  const timed_result second = writes_.store_for(1, "uno", 1s);
  EXPECT_TRUE(second);
  EXPECT_FALSE(second.changed_size);
}

TEST_F(deadline_writer, waits_until_the_lock_is_free_or_the_deadline_comes) {
  map_.refusals = 20;
  EXPECT_TRUE(writes_.store_for(1, "one", 1s));
  EXPECT_EQ(manual_policy::yields_made, 16U);
  EXPECT_EQ(manual_policy::sleeps, (std::vector<manual_clock::duration>{50us, 100us, 200us, 400us}));

  map_.refusals = 1000;
  const timed_result late = writes_.store_for(1, "two", 10ms);
  EXPECT_EQ(late.outcome, timed_outcome::timed_out);
  EXPECT_FALSE(late.changed_size);
  EXPECT_EQ(map_.stored, "one");
  EXPECT_EQ(manual_clock::time.time_since_epoch(), 750us + 10ms) << "the last sleep is as long as what is left";
  EXPECT_LE(manual_policy::sleeps.back(), 1ms);
  EXPECT_EQ(writes_.erase_until(1, manual_clock::time).outcome, timed_outcome::timed_out);
  EXPECT_EQ(map_.stored, "one");
}

TEST_F(deadline_writer, obeys_a_stop_before_it_begins_and_while_it_waits) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(writes_.store_for(1, "one", 1s, stop.get_token()).outcome, timed_outcome::cancelled);
  EXPECT_EQ(writes_.erase_for(1, 1s, stop.get_token()).outcome, timed_outcome::cancelled);
  EXPECT_FALSE(map_.stored);

  map_.refusals = 5;
  EXPECT_EQ(writes_.store_until(1, "one", manual_clock::time, stop.get_token()).outcome, timed_outcome::cancelled)
      << "goes before timed_out";
  std::stop_source later;
  std::jthread stopper([&] { later.request_stop(); });
  stopper.join();
  EXPECT_EQ(writes_.store_for(1, "one", 1s, later.get_token()).outcome, timed_outcome::cancelled);
  EXPECT_FALSE(map_.stored);
}

TEST_F(deadline_writer, a_patience_without_end_does_not_overflow) {
  manual_clock::time = manual_clock::time_point::max() - 1s;
  map_.refusals = 20;
  EXPECT_TRUE(writes_.store_for(1, "one", manual_clock::duration::max()));
}

TEST_F(deadline_writer, passes_on_what_the_map_throws) {
  map_.throws = true;
  EXPECT_THROW((void)writes_.store_for(1, "one", 1s), std::runtime_error);
  EXPECT_FALSE(map_.stored);
}

TEST(deadline_writer_outcomes, have_names) {
  EXPECT_STREQ(to_string(timed_outcome::done), "done");
  EXPECT_STREQ(to_string(timed_outcome::timed_out), "timed_out");
  EXPECT_STREQ(to_string(timed_outcome::cancelled), "cancelled");
}

template <class Map>
class deadline_writer_over : public testing::Test {};
struct one_shard : gauntlet::sharded_map_policy {
  static constexpr std::size_t shard_count = 1;
};
struct one_rcu_shard : gauntlet::rcu_map_policy {
  static constexpr std::size_t shard_count = 1;
};
struct one_routed_shard : gauntlet::routed_map_policy {
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>
  using shard_map = gauntlet::sharded_map<Key, T, Hash, KeyEqual, Allocator, one_shard>;
  static constexpr std::size_t first_shards = 1;
  static constexpr std::size_t stripes = 1;
  static constexpr std::size_t elements_per_write = 0;
};
template <template <class, class, class, class, class, class> class Map, class Policy>
using of = Map<int, int, gauntlet::hash<int>, std::equal_to<int>, std::allocator<std::pair<const int, int>>, Policy>;
using maps = testing::Types<gauntlet::shared_mutex_map<int, int>, of<gauntlet::sharded_map, one_shard>,
                            of<gauntlet::rcu_map, one_rcu_shard>, of<gauntlet::routed_map, one_routed_shard>>;
TYPED_TEST_SUITE(deadline_writer_over, maps);

TYPED_TEST(deadline_writer_over, example) {
  TypeParam map;
  gauntlet::deadline_writer writes(map);
  EXPECT_TRUE(writes.store_for(1, 10, 1ms));
  EXPECT_TRUE(writes.store_until(1, 11, std::chrono::steady_clock::now() + 1ms));
  EXPECT_EQ(map.find(1), 11);
  EXPECT_TRUE(writes.erase_for(1, 1ms));
  EXPECT_FALSE(map.contains(1));
}

// Somebody keeps the lock until the test says so: those with a deadline go, the one who is stopped goes, the patient one
// gets what it came for.
TYPED_TEST(deadline_writer_over, a_held_lock_makes_writers_leave_and_not_write) {
  TypeParam map;
  map.insert(1, 10);
  map.insert(2, 20);
  std::latch held(1);
  std::latch may_go(1);
  std::thread holder([&] {
    map.update(1, [&](int&) {
      held.count_down();
      may_go.wait();
    });
  });
  held.wait();
  gauntlet::deadline_writer writes(map);
  EXPECT_EQ(writes.store_for(3, 30, 2ms).outcome, timed_outcome::timed_out);
  EXPECT_EQ(writes.erase_for(2, 0ms).outcome, timed_outcome::timed_out);
  std::jthread stopped([&](const std::stop_token& stop) {
    EXPECT_EQ(writes.store_for(4, 40, 1h, stop).outcome, timed_outcome::cancelled);
  });
  stopped.request_stop();
  stopped.join();
  std::thread patient([&] { EXPECT_TRUE(writes.store_for(5, 50, 1h)); });
  may_go.count_down();
  holder.join();
  patient.join();
  EXPECT_FALSE(map.contains(3));
  EXPECT_FALSE(map.contains(4));
  EXPECT_EQ(map.find(2), 20);
  EXPECT_EQ(map.find(5), 50);
  EXPECT_TRUE(map.self_check());
}

// The same beside a resharding, at each of its steps: keys that do not move, that are copied, that have moved.
TEST(deadline_writer_over_a_routed_map, has_written_what_it_says_at_each_step_of_a_resharding) {
  constexpr int keys = 8;
  bool is_over = false;
  for (int steps = 0; !is_over; ++steps) {
    for (int held_key = 0; held_key < keys; ++held_key) {
      of<gauntlet::routed_map, one_routed_shard> map;
      for (int key = 0; key < keys; ++key) map.insert(key, key);
      ASSERT_TRUE(map.add_shard(1));
      for (int i = 0; i < steps; ++i) map.migrate_some(1);
      is_over = !map.resharding();
      std::latch held(1);
      std::latch may_go(1);
      std::thread holder([&] {
        map.update(held_key, [&](int&) {
          held.count_down();
          may_go.wait();
        });
      });
      held.wait();
      gauntlet::deadline_writer writes(map);
      EXPECT_EQ(writes.store_for(held_key, 100, 100us).outcome, timed_outcome::timed_out);
      EXPECT_EQ(writes.erase_for(held_key, 0us).outcome, timed_outcome::timed_out);
      may_go.count_down();
      holder.join();
      EXPECT_EQ(map.find(held_key), held_key);
      EXPECT_TRUE(map.self_check());
      for (int key = 0; key < keys; key += 2) EXPECT_FALSE(writes.store_for(key, 10 * key, 1h).changed_size);
      for (int key = 1; key < keys; key += 2) EXPECT_TRUE(writes.erase_for(key, 1h).changed_size);
      EXPECT_TRUE(writes.store_for(keys, 1, 1h).changed_size);
      EXPECT_TRUE(map.self_check());
      map.migrate();
      EXPECT_TRUE(map.self_check());
      for (int key = 0; key < keys; ++key) {
        EXPECT_EQ(map.find(key), key % 2 == 0 ? std::optional<int>(10 * key) : std::nullopt);
      }
      EXPECT_EQ(map.find(keys), 1);
    }
  }
}

}  // namespace
