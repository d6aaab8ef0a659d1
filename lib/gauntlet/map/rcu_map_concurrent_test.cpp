// What rcu_map does that its siblings do not: readings that last, entries that stay under a reader, memory that comes
// back after a grace period, a bound on what waits for one, a table that grows under readers.
// What all concurrent maps do is tested in concurrent_maps_test.cpp and concurrent_maps_stress_test.cpp.
#include <gauntlet/map/misuse.h>
#include <gauntlet/map/rcu_map.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <latch>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

struct small_policy : gauntlet::rcu_map_policy {
  static constexpr bool checked = true;
  static constexpr std::size_t shard_count = 1;
  static constexpr unsigned first_level = 1;
  static constexpr std::size_t retire_batch = 1;
  static constexpr gauntlet::detail::look look_at_batch = gauntlet::detail::look::at_once;
  static constexpr std::size_t unreclaimed_max = 4;
  static inline std::atomic<int> stalls{0};
  static inline std::atomic<std::uint64_t> epochs{0};
  static void on_stalled_reader(const gauntlet::stalled_reader& who) noexcept {
    EXPECT_EQ(who.unreclaimed, 2U);
    epochs = who.epochs;
    ++stalls;
  }
};

// Writers seldom wait for a reader that has lost its processor.
struct roomy_policy : small_policy {
  static constexpr std::size_t unreclaimed_max = 256;
  static void on_stalled_reader(const gauntlet::stalled_reader&) noexcept {}
};
// Few slots, so that chains come and go, and tables that change all the time.
struct restless_policy : roomy_policy {
  static constexpr unsigned slots_per_bucket = 2;
  static constexpr std::size_t elements_per_bucket = 2;
  static constexpr std::size_t shrink_below_one_in = 2;
};

template <class Key, class T, class Policy = small_policy>
using small_map =
    gauntlet::rcu_map<Key, T, gauntlet::hash<Key>, std::equal_to<Key>, std::allocator<std::pair<const Key, T>>, Policy>;

// What a map has got from its allocator.
struct books {
  std::int64_t bytes = 0;
};
template <class T>
struct counted {
  using value_type = T;
  explicit counted(books& in) : kept(&in) {}
  template <class U>
  counted(const counted<U>& other) : kept(other.kept) {}
  T* allocate(std::size_t count) {
    kept->bytes += static_cast<std::int64_t>(count * sizeof(T));
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* at, std::size_t count) {
    kept->bytes -= static_cast<std::int64_t>(count * sizeof(T));
    std::allocator<T>().deallocate(at, count);
  }
  friend bool operator==(const counted& a, const counted& b) { return a.kept == b.kept; }
  books* kept;
};

TEST(rcu_map, example) {
  gauntlet::rcu_map<std::string, int> ages{{"Ada", 36}, {"Alan", 41}};
  ages.update("Ada", [](int& age) { ++age; });
  EXPECT_EQ(ages.find("Ada"), 37);

  const auto reading = ages.read();  // many lookups, one announcement
  const int* const alan = reading.find("Alan");
  ages.erase("Alan");
  EXPECT_EQ(*alan, 41) << "stays until the reading ends";
  EXPECT_FALSE(reading.contains("Alan")) << "but is no longer in the map";
}

TEST(rcu_map, a_reading_sees_an_update_by_looking_again_and_keeps_what_it_has) {
  small_map<int, int> map{{1, 10}};
  const auto reading = map.read();
  const int* const old = reading.find(1);
  map.insert_or_assign(1, 11);
  EXPECT_EQ(*old, 10);
  EXPECT_EQ(*reading.find(1), 11);
  EXPECT_NE(reading.find(1), old);
}

TEST(rcu_map, readings_of_one_thread_end_in_any_order_and_what_each_holds_stays) {
  small_map<int, std::string> map{{1, "one"}, {2, "two"}};
  using reading = small_map<int, std::string>::reading;
  std::optional<reading> first(std::in_place, map);
  std::optional<reading> second(std::in_place, map);
  const std::string* const held = second->find(1);
  first.reset();
  map.erase(1);
  EXPECT_EQ(map.stats().readers, 1U);
  EXPECT_EQ(map.stats().unreclaimed, 1U) << "the second reading is there";
  EXPECT_EQ(*held, "one");
  EXPECT_TRUE(map.visit(2, [&](const std::string& value) {
    second.reset();  // a reading that ends within a visitor
    map.erase(2);
    EXPECT_EQ(map.stats().unreclaimed, 2U);
    EXPECT_EQ(value, "two");
  }));
  EXPECT_EQ(map.stats().readers, 0U);
  map.synchronize();
  EXPECT_EQ(map.stats().unreclaimed, 0U);
}

TEST(rcu_map, while_a_thread_reads_it_may_use_the_map_as_it_likes) {
  small_map<int, int> map;
  for (int key = 0; key < 50; ++key) map.insert(key, key);
  int met = 0;
  map.for_each([&](int key, int) {
    ++met;
    EXPECT_TRUE(map.erase(key)) << "more than the bound: it does not wait for itself";
    map.insert(100 + key, key);
  });
  EXPECT_GE(met, 50);
  EXPECT_TRUE(map.insert(-1, 1));
  EXPECT_TRUE(map.visit(-1, [&](const int& value) {
    EXPECT_TRUE(map.update(-1, [](int& v) { v = 2; }));
    EXPECT_EQ(value, 1);
  }));
  EXPECT_EQ(map.find(-1), 2);
  EXPECT_TRUE(map.self_check());
}

struct misuse_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

TEST(rcu_map, what_would_wait_for_itself_is_reported) {
  const auto previous = gauntlet::set_misuse_handler(
      [](const gauntlet::misuse_report& report) { throw misuse_error(gauntlet::describe(report)); });
  small_map<int, int> map{{1, 10}, {2, 20}};
  EXPECT_THROW(map.update(1, [&map](int&) { map.erase(2); }), misuse_error);
  EXPECT_THROW(map.erase_if([&map](int, int) { return map.insert(3, 30); }), misuse_error);
  EXPECT_THROW(map.visit(1, [&map](int) { map.synchronize(); }), misuse_error);
  small_map<int, std::unique_ptr<int>> owners;
  owners.insert(1, std::make_unique<int>(10));
  EXPECT_THROW(owners.visit(1, [&](const auto&) { (void)owners.extract(1); }), misuse_error);
  EXPECT_EQ(**owners.extract(1), 10);
  EXPECT_EQ(owners.size(), 0U);
  gauntlet::set_misuse_handler(previous);
  EXPECT_TRUE(map.update(1, [&map](int& value) { value += *map.find(2); })) << "reading is allowed";
  EXPECT_EQ(map.find(1), 30);
  EXPECT_TRUE(map.self_check());
}

TEST(rcu_map, an_update_that_throws_has_not_happened) {
  small_map<int, std::string> map{{1, "old"}};
  EXPECT_THROW(map.update(1, [](std::string& value) { value = "new", throw std::runtime_error("visitor"); }),
               std::runtime_error);
  EXPECT_EQ(map.find(1), "old");
  EXPECT_TRUE(map.update(1, [](std::string& value) { value = "new"; }));
  EXPECT_EQ(map.find(1), "new");
}

TEST(rcu_map, retired_entries_wait_for_the_reader_and_are_freed_without_it) {
  small_map<int, int> map{{1, 1}, {2, 2}, {3, 3}};
  small_policy::stalls = 0;
  {
    const auto reading = map.read();
    map.erase(1);
    map.erase(2);
    EXPECT_EQ(map.stats().unreclaimed, 2U);
    EXPECT_EQ(map.stats().readers, 1U);
    EXPECT_GE(map.stats().slowest_lag, 1U);
    EXPECT_EQ(small_policy::stalls, 1);
    EXPECT_EQ(small_policy::epochs, 1U) << "have ended since the reader came";
  }
  map.erase(3);
  map.synchronize();
  EXPECT_EQ(map.stats().unreclaimed, 0U);
  EXPECT_EQ(map.stats().elements, 0U);
  EXPECT_EQ(map.stats().waits, 0U);
}

TEST(rcu_map, a_writer_waits_at_the_bound_until_readers_leave) {
  small_map<int, int> map;
  for (int key = 0; key < 10; ++key) map.insert(key, key);
  std::latch reads(1);
  std::latch may_go(1);
  std::thread reader([&] {
    const auto reading = map.read();
    reads.count_down();
    may_go.wait();
  });
  reads.wait();
  std::atomic<int> erased{0};
  std::thread writer([&] {
    for (int key = 0; key < 10; ++key) erased += map.erase(key) ? 1 : 0;
  });
  while (map.stats().waits == 0) std::this_thread::yield();
  EXPECT_EQ(map.stats().unreclaimed, small_policy::unreclaimed_max);
  EXPECT_EQ(erased, 4);
  EXPECT_EQ(map.find(9), 9) << "the waiting writer holds up no reader";
  EXPECT_TRUE(map.insert(100, 100)) << "nor those who retire nothing";
  may_go.count_down();
  writer.join();
  reader.join();
  EXPECT_EQ(erased, 10);
  EXPECT_LE(map.stats().unreclaimed, small_policy::unreclaimed_max);
}

struct colliding_hash {
  using is_avalanching = void;
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key % 3); }
};

// Alive as long as an entry has it.
struct counted_value {
  explicit counted_value(std::size_t n) : number(n) { ++alive[number]; }
  counted_value(const counted_value& other) : number(other.number) { ++alive[number]; }
  counted_value& operator=(const counted_value&) = delete;
  ~counted_value() { --alive[number]; }
  static inline std::array<std::atomic<int>, 3> alive{};
  std::size_t number;
};

// One that reads from `begin` until `end`.
class reader_in_a_thread {
 public:
  template <class Map>
  explicit reader_in_a_thread(const Map& map)
      : thread_([this, &map] {
          const auto reading = map.read();
          begun_ = true;
          begun_.notify_one();
          ended_.wait(false);
        }) {
    begun_.wait(false);
  }
  void end() {
    ended_ = true;
    ended_.notify_one();
    thread_.join();
  }

 private:
  std::atomic<bool> begun_{false}, ended_{false};
  std::thread thread_;
};

template <class Holds>
void wait_until(Holds holds) {
  while (!holds()) std::this_thread::yield();
}

TEST(rcu_map, calls_of_synchronize_that_overlap_free_what_was_retired_before_each) {
  gauntlet::rcu_map<int, counted_value, gauntlet::hash<int>, std::equal_to<int>,
                    std::allocator<std::pair<const int, counted_value>>, small_policy>
      map;
  for (const int key : {1, 2}) map.try_emplace(key, key);
  reader_in_a_thread first(map);
  map.erase(1);
  std::thread earlier([&map] {
    map.synchronize();
    EXPECT_EQ(counted_value::alive[1].load(), 0);
  });
  wait_until([&map] { return map.stats().synchronizations == 1; });
  map.erase(2);
  reader_in_a_thread second(map);
  std::thread later([&map] {
    map.synchronize();
    EXPECT_EQ(counted_value::alive[2].load(), 0);
  });
  wait_until([&map] { return map.stats().synchronizations == 2; });
  EXPECT_EQ(map.stats().unreclaimed, 2U);
  first.end();
  earlier.join();  // though the second one reads
  EXPECT_EQ(counted_value::alive[2].load(), 1);
  EXPECT_EQ(map.stats().unreclaimed, 1U);
  second.end();
  later.join();
  EXPECT_EQ(map.stats().unreclaimed, 0U);
}

TEST(rcu_map, keys_with_equal_hashes_are_kept_apart) {
  gauntlet::rcu_map<int, int, colliding_hash, std::equal_to<int>, std::allocator<std::pair<const int, int>>,
                    small_policy>
      map;
  for (int key = 0; key < 60; ++key) EXPECT_TRUE(map.insert(key, key));
  for (int key = 0; key < 60; ++key) EXPECT_EQ(map.find(key), key);
  EXPECT_FALSE(map.contains(60));
  EXPECT_EQ(map.erase_if([](int key, int) { return key % 2 == 0; }), 30U);
  EXPECT_TRUE(map.self_check());
  EXPECT_EQ(map.snapshot().size(), 30U);
}

TEST(rcu_map, reserve_makes_buckets_and_growing_keeps_every_element) {
  small_map<int, int> map;
  for (int key = 0; key < 3; ++key) map.insert(key, key);
  map.reserve(1000);
  const std::size_t buckets = map.stats().buckets;
  EXPECT_EQ(buckets, 512U) << "for three elements each";
  for (int key = 3; key < 1000; ++key) map.insert(key, key);
  EXPECT_EQ(map.stats().buckets, buckets);
  for (int key = 1000; key < 5000; ++key) map.insert(key, key);
  EXPECT_EQ(map.stats().buckets, 2048U);
  for (int key = 0; key < 5000; ++key) ASSERT_EQ(map.find(key), key);
  EXPECT_TRUE(map.self_check());
  EXPECT_THROW(map.reserve(std::size_t{1} << 60U), std::length_error);
  EXPECT_TRUE(map.self_check());
}

// Gives no array of the length at which a table would be doubled.
template <class T>
struct refusing_allocator {
  using value_type = T;
  refusing_allocator() = default;
  template <class U>
  refusing_allocator(const refusing_allocator<U>&) {}
  T* allocate(std::size_t count) {
    if (count > 4) throw std::bad_alloc();
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* at, std::size_t count) { std::allocator<T>().deallocate(at, count); }
  friend bool operator==(const refusing_allocator&, const refusing_allocator&) { return true; }
};

TEST(rcu_map, a_table_shrinks_when_little_is_left_but_keeps_what_was_reserved) {
  small_map<int, int> map;
  for (int key = 0; key < 3000; ++key) map.insert(key, key);
  EXPECT_EQ(map.stats().buckets, 1024U);
  for (int key = 0; key < 2990; ++key) EXPECT_TRUE(map.erase(key));
  EXPECT_LE(map.stats().buckets, 32U);
  for (int key = 2990; key < 3000; ++key) EXPECT_EQ(map.find(key), key);
  EXPECT_TRUE(map.self_check());
  map.clear();
  EXPECT_EQ(map.stats().buckets, 2U) << "as it began";
  EXPECT_TRUE(map.insert(1, 1));

  map.reserve(1000);
  map.insert(2, 2);
  map.erase(1);
  EXPECT_EQ(map.stats().buckets, 512U);
  EXPECT_EQ(map.find(2), 2);
  EXPECT_TRUE(map.self_check());
}

TEST(rcu_map, a_walk_goes_on_while_its_visitor_makes_the_table_grow_and_shrink) {
  small_map<int, int> map;
  for (int key = 0; key < 100; ++key) map.insert(key, key);
  std::multiset<int> met;
  map.for_each([&](int key, int value) {
    met.insert(key);
    EXPECT_EQ(value, key < 50 && met.size() > 1 ? -key : key) << "what is shown is what is there now";
    if (met.size() > 1) return;
    for (int more = 1000; more < 2000; ++more) map.insert(more, more);  // it grows
    for (int erased = 50; erased < 100; ++erased) {
      if (erased != key) map.erase(erased);
    }
    for (int updated = 0; updated < 50; ++updated) map.insert_or_assign(updated, -updated);
  });
  for (int key = 0; key < 50; ++key) EXPECT_EQ(met.count(key), 1U) << key;
  std::size_t erased_met = 0;
  for (int key = 50; key < 100; ++key) erased_met += met.count(key);
  EXPECT_LE(erased_met, 1U) << "the first one that was met, if any: the others were erased before they were reached";
  for (int key = 1000; key < 2000; ++key) EXPECT_LE(met.count(key), 1U) << key;
  EXPECT_TRUE(map.erase_if([](int key, int) { return key >= 10; }) > 1000);
  std::size_t left = 0;
  map.for_each([&](int key, int) { left += map.erase(key) ? 1U : 0U; });  // it shrinks
  EXPECT_EQ(left, 10U);
  EXPECT_TRUE(map.self_check());
}

// What a walk gathers of one chain: a key that was erased and inserted again under way is shown once.
struct opened_map : small_map<int, int> {
  void expect_each_key_once() const {
    entry first[40];
    entry again[40];
    for (int key = 0; key < 40; ++key) {
      std::construct_at(&first[key].element, key, 1);
      std::construct_at(&again[key].element, key, 2);
    }
    met_in_chain met(equal_);
    for (const int keys : {40, 3, 40}) {  // more than there is room for within, and fewer again
      met.clear();
      for (int key = 0; key < keys; ++key) met.add(first[key]);
      for (int key = 0; key < keys; ++key) met.add(again[key]);
      ASSERT_EQ(met.size(), static_cast<std::size_t>(keys));
      for (int key = 0; key < keys; ++key) EXPECT_EQ(&met[static_cast<std::size_t>(key)], &first[key]);
    }
  }
};

TEST(rcu_map, a_walk_gathers_each_key_of_a_chain_once) { opened_map().expect_each_key_once(); }

TEST(rcu_map, tables_that_were_replaced_under_a_reader_come_back_by_synchronize) {
  books kept;
  {
    using counted_map = gauntlet::rcu_map<int, int, gauntlet::hash<int>, std::equal_to<int>,
                                          counted<std::pair<const int, int>>, small_policy>;
    counted_map map{counted<std::pair<const int, int>>(kept)};
    EXPECT_EQ(kept.bytes, 0) << "an empty map allocates nothing";
    {
      const auto reading = map.read();
      for (int key = 0; key < 1000; ++key) map.insert(key, key);
      EXPECT_EQ(reading.find(999) != nullptr, true);
    }
    map.synchronize();
    const std::int64_t full = kept.bytes;
    EXPECT_LE(full, 1000 * 16 + 64 * (1 + 512) + 64 * 200) << "entries, one table and the chains";
    map.clear();
    map.synchronize();
    EXPECT_LE(kept.bytes, 3 * 64);
  }
  EXPECT_EQ(kept.bytes, 0);
}

TEST(rcu_map, an_insertion_needs_no_larger_table) {
  gauntlet::rcu_map<int, int, gauntlet::hash<int>, std::equal_to<int>, refusing_allocator<std::pair<const int, int>>,
                    small_policy>
      map;
  for (int key = 0; key < 100; ++key) EXPECT_TRUE(map.insert(key, key));
  EXPECT_EQ(map.stats().buckets, 2U) << "and a header, which is as large as one: two more would be five";
  for (int key = 0; key < 100; ++key) EXPECT_EQ(map.find(key), key);
  EXPECT_TRUE(map.self_check());
}

TEST(rcu_map, the_self_check_finds_an_entry_whose_hash_has_changed) {
  struct fickle_hash {
    std::size_t operator()(int key) const { return static_cast<std::size_t>(key) + offset(); }
    static std::size_t& offset() {
      static std::size_t value = 0;
      return value;
    }
  };
  gauntlet::rcu_map<int, int, fickle_hash, std::equal_to<int>, std::allocator<std::pair<const int, int>>, small_policy>
      map;
  map.insert(1, 1);
  EXPECT_TRUE(map.self_check());
  fickle_hash::offset() = 1;
  std::ostringstream dump;
  EXPECT_FALSE(map.self_check(&dump));
  EXPECT_NE(dump.str().find("whose hash says"), std::string::npos) << dump.str();
  fickle_hash::offset() = 0;
}

TEST(rcu_map, a_copy_is_a_map_of_its_own) {
  small_map<int, std::string> map{{1, "one"}, {2, "two"}};
  small_map<int, std::string> copy(map);
  copy.insert_or_assign(1, "uno");
  map.erase(2);
  EXPECT_EQ(map.find(1), "one");
  EXPECT_EQ(copy.find(1), "uno");
  EXPECT_EQ(copy.find(2), "two");
  const small_map<int, std::string> from_plain(copy.snapshot());
  EXPECT_EQ(from_plain.size(), 2U);
}

TEST(rcu_map, declares_what_its_header_says) {
  using map = small_map<int, int>;
  EXPECT_EQ(map::contracts.find, gauntlet::consistency::linearizable);
  EXPECT_EQ(map::contracts.update, gauntlet::consistency::linearizable);
  EXPECT_EQ(map::contracts.clear, gauntlet::consistency::weak);
  EXPECT_EQ(map::contracts.for_each, gauntlet::consistency::weak);
  EXPECT_EQ(map::progress.find, gauntlet::progress_guarantee::lock_free);
  EXPECT_EQ(map::progress.insert, gauntlet::progress_guarantee::blocking);
}

// Keys that stay are found at any time, however the table grows and whatever else comes and goes; a value, made of two
// equal halves and replaced whole, is never seen torn; what a reading holds stays as it was.
TEST(rcu_map_stress, readers_miss_nothing_while_the_table_grows_and_entries_are_replaced) {
  struct halves {
    std::uint64_t first;
    std::string second;
  };
  constexpr int stay = 32;
  constexpr int come = 1500;
  small_map<int, halves, roomy_policy> map;
  for (int key = 0; key < stay; ++key) map.insert(key, {0, "0"});
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int r = 0; r < 2; ++r) {
    threads.emplace_back([&] {
      for (int round = 0; !done.load() || round == 0; ++round) {
        for (int key = 0; key < stay; ++key) {
          const auto reading = map.read();
          const halves* const held = reading.find(key);
          ASSERT_NE(held, nullptr);
          EXPECT_EQ(std::to_string(held->first), held->second);
          EXPECT_TRUE(map.contains(key));
        }
      }
    });
  }
  for (int w = 0; w < 2; ++w) {
    threads.emplace_back([&, w] {
      for (int i = 0; i < come; ++i) {
        map.insert(stay + 2 * i + w, {1, "1"});
        map.update(i % stay, [](halves& value) { value.second = std::to_string(++value.first); });
        if (i % 3 == 0) map.erase(stay + 2 * (i / 2) + w);
      }
    });
  }
  threads[2].join();
  threads[3].join();
  done = true;
  threads[0].join();
  threads[1].join();
  std::uint64_t updates = 0;
  for (int key = 0; key < stay; ++key) updates += map.find(key)->first;
  EXPECT_EQ(updates, 2U * come);
  EXPECT_TRUE(map.self_check());
  map.synchronize();
  EXPECT_EQ(map.stats().unreclaimed, 0U);
}

// Two writers take keys out and put them in again, also by tables that grow and shrink; walkers meet what stays exactly
// once and everything else at most once, and lookups miss nothing that stays.
TEST(rcu_map_stress, walks_and_lookups_miss_nothing_that_stays_and_meet_nothing_twice) {
  constexpr int stay = 6;
  constexpr int rounds = 3000;
  small_map<int, int, restless_policy> map;
  for (int key = 0; key < stay; ++key) map.insert(key, key);
  std::atomic<int> writing{2};
  std::vector<std::thread> threads;
  for (int w = 0; w < 2; ++w) {
    threads.emplace_back([&map, &writing, w] {
      for (int i = 0; i < rounds; ++i) {
        const int key = stay + 8 * w + i % 8;
        map.insert(key, key);
        if (i % 3 != 0) map.erase(key);
        if (i % 16 == 15) map.erase_if([&](int each, int) { return each >= stay + 8 * w && each < stay + 8 * w + 8; });
      }
      --writing;
    });
  }
  for (int r = 0; r < 2; ++r) {
    threads.emplace_back([&map, &writing] {
      do {
        std::multiset<int> met;
        map.for_each([&met](int key, int value) {
          met.insert(key);
          EXPECT_EQ(key, value);
        });
        for (int key = 0; key < stay; ++key) {
          EXPECT_EQ(met.count(key), 1U);
          EXPECT_EQ(map.find(key), key);
        }
        for (const int key : met) EXPECT_EQ(met.count(key), 1U) << key;
      } while (writing != 0);
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_TRUE(map.self_check());
}

TEST(rcu_map_stress, many_short_lived_threads_leave_nothing_behind) {
  small_map<int, int> map;
  for (int i = 0; i < 300; ++i) {
    std::thread one([&, i] {
      map.insert_or_assign(i % 5, i);
      map.erase((i + 2) % 5);
    });
    std::thread two([&, i] { (void)map.find(i % 5); });
    one.join();
    two.join();
  }
  EXPECT_EQ(map.stats().readers, 0U);
  map.synchronize();
  EXPECT_EQ(map.stats().unreclaimed, 0U);
  EXPECT_TRUE(map.self_check());
}

}  // namespace
