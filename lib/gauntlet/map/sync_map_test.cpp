// sync_map in one thread: what every operation returns, when parts come and go, what memory it takes, what happens when
// something throws or re-enters. Many threads: sync_map_stress_test.cpp.
#include <gauntlet/map/misuse.h>
#include <gauntlet/map/shared_mutex_map.h>
#include <gauntlet/map/sync_map.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory_resource>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using gauntlet::consistency;

template <class Map>
std::map<typename Map::key_type, typename Map::mapped_type> sorted(const Map& map) {
  std::map<typename Map::key_type, typename Map::mapped_type> out;
  map.for_each([&out](const auto& key, const auto& value) { EXPECT_TRUE(out.emplace(key, value).second); });
  return out;
}

using contents = std::map<int, int>;
using int_map = gauntlet::sync_map<int, int>;

TEST(sync_map, a_new_map_is_empty_and_usable) {
  const int_map map;
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.size(), 0U);
  EXPECT_FALSE(map.load(1).has_value());
  EXPECT_FALSE(map.contains(1));
  EXPECT_TRUE(map.self_check());
}

TEST(sync_map, operations_with_the_standards_names_return_what_they_did) {
  int_map map;
  EXPECT_FALSE(map.erase(1));
  EXPECT_FALSE(map.extract(1).has_value());
  EXPECT_TRUE(map.insert(1, 10));
  EXPECT_FALSE(map.insert(1, 11));
  EXPECT_EQ(map.find(1), 10);
  EXPECT_FALSE(map.insert_or_assign(1, 12));
  EXPECT_TRUE(map.insert_or_assign(2, 20));
  EXPECT_TRUE(map.try_emplace(3, 30));
  EXPECT_FALSE(map.try_emplace(3, 31));
  EXPECT_EQ(sorted(map), (contents{{1, 12}, {2, 20}, {3, 30}}));

  EXPECT_FALSE(map.compare_exchange(1, 10, 13));
  EXPECT_TRUE(map.compare_exchange(1, 12, 13));
  EXPECT_FALSE(map.compare_exchange(9, 0, 1));

  int seen = 0;
  EXPECT_TRUE(map.visit(2, [&seen](const int& value) { seen = value; }));
  EXPECT_EQ(seen, 20);
  EXPECT_FALSE(map.visit(9, [&seen](const int&) { seen = -1; }));
  EXPECT_TRUE(map.update(2, [](int& value) { value += 1; }));
  EXPECT_FALSE(map.update(9, [](int& value) { value += 1; }));
  EXPECT_EQ(map.extract(2), 21);
  EXPECT_FALSE(map.contains(2));
  EXPECT_TRUE(map.erase(3));
  EXPECT_FALSE(map.erase(3));
  EXPECT_EQ(map.erase_if([](int key, int value) { return key == 1 && value == 13; }), 1U);
  EXPECT_TRUE(map.empty());
  EXPECT_TRUE(map.self_check());
}

TEST(sync_map, operations_with_gos_names_return_what_they_did) {
  int_map map;
  map.store(1, 10);
  EXPECT_EQ(map.load(1), 10);
  EXPECT_EQ(map.load_or_store(1, 11), std::pair(10, true));
  EXPECT_EQ(map.load_or_store(2, 20), std::pair(20, false));
  EXPECT_EQ(map.swap(2, 21), 20);
  EXPECT_FALSE(map.swap(3, 30).has_value());
  EXPECT_FALSE(map.compare_and_swap(3, 31, 32));
  EXPECT_TRUE(map.compare_and_swap(3, 30, 33));
  EXPECT_FALSE(map.compare_and_delete(3, 30));
  EXPECT_TRUE(map.compare_and_delete(3, 33));
  EXPECT_FALSE(map.compare_and_delete(3, 33));
  EXPECT_EQ(map.load_and_delete(2), 21);
  EXPECT_FALSE(map.load_and_delete(2).has_value());
  unsigned shown = 0;
  map.store(4, 40);
  map.range([&shown](int, int) { return ++shown != 1; });
  EXPECT_EQ(shown, 1U) << "range ends when it is told to";
  map.clear();
  EXPECT_TRUE(map.empty());
  EXPECT_FALSE(map.load(1).has_value());
  EXPECT_TRUE(map.self_check());
}

// ------------------------------------------------------------------------------------------------------------ parts

struct events {
  std::vector<std::size_t> promotions, copies;
};
struct noting_observer {
  static inline events* notes = nullptr;
  void on_promotion(std::size_t keys) noexcept {
    if (notes != nullptr) notes->promotions.push_back(keys);
  }
  void on_copy(std::size_t pointers) noexcept {
    if (notes != nullptr) notes->copies.push_back(pointers);
  }
};
struct noting_policy : gauntlet::sync_map_policy {
  using observer = noting_observer;
};
using noting_map = gauntlet::sync_map<int, int, gauntlet::hash<int>, std::equal_to<int>,
                                      std::allocator<std::pair<const int, int>>, noting_policy>;

TEST(sync_map, as_many_misses_as_keys_promote_and_the_next_new_key_copies_all_but_the_deleted) {
  events seen;
  noting_observer::notes = &seen;
  noting_map map;
  for (int key = 0; key < 100; ++key) map.store(key, key);
  EXPECT_TRUE(map.stats().amended);
  EXPECT_EQ(map.stats().read_keys, 71U) << "a full dirty part is promoted";
  EXPECT_EQ(map.stats().dirty_keys, 100U);
  for (int hit = 0; hit < 71; ++hit) map.load(hit);
  EXPECT_EQ(map.stats().misses, 0U);
  seen = {};
  for (int miss = 0; miss < 99; ++miss) map.load(99);
  EXPECT_EQ(map.stats().misses, 99U);
  EXPECT_TRUE(map.stats().amended);
  map.load(1000);  // an absent key is a miss, too
  EXPECT_FALSE(map.stats().amended);
  EXPECT_EQ(map.stats().read_keys, 100U);
  EXPECT_EQ(seen.promotions, (std::vector<std::size_t>{100}));
  EXPECT_TRUE(seen.copies.empty());

  for (int key = 0; key < 40; ++key) EXPECT_TRUE(map.erase(key));
  for (int key = 40; key < 100; ++key) map.store(key, -key);
  EXPECT_FALSE(map.stats().amended) << "known keys need no dirty part";
  EXPECT_EQ(map.stats().read_keys, 100U);
  map.store(1000, 1000);
  EXPECT_EQ(seen.copies, (std::vector<std::size_t>{60}));
  EXPECT_EQ(map.stats().pointers_copied, 60U);
  EXPECT_EQ(map.stats().dirty_keys, 61U);
  EXPECT_TRUE(map.self_check());

  EXPECT_FALSE(map.load(0).has_value());
  EXPECT_TRUE(map.insert(0, 7)) << "an expunged key comes back";
  EXPECT_EQ(map.stats().dirty_keys, 62U);
  EXPECT_EQ(map.load(0), 7);
  EXPECT_TRUE(map.self_check());
  EXPECT_EQ(map.size(), 62U) << "a walk promotes";
  EXPECT_FALSE(map.stats().amended);
  EXPECT_EQ(map.stats().read_keys, 62U);
  EXPECT_EQ(map.load(0), 7);
  EXPECT_EQ(map.load(1000), 1000);
  EXPECT_EQ(map.load(41), -41);
  EXPECT_TRUE(map.self_check());
  noting_observer::notes = nullptr;
}

TEST(sync_map, an_element_deleted_and_stored_again_between_promotions_is_one_element) {
  int_map map;
  for (int round = 0; round < 50; ++round) {
    for (int key = 0; key < 8; ++key) {
      map.store(key, round);
      if (key % 2 == round % 2) map.erase(key);
      const std::optional<int> left = key % 2 == round % 2 ? std::nullopt : std::optional<int>(round);
      if (round % 3 == 0) {
        EXPECT_EQ(map.load(key), left);
      }
    }
    if (round % 5 == 0) map.store(100 + round, round);
    if (round % 7 == 0) {
      EXPECT_EQ(sorted(map).size(), map.size());
    }
    ASSERT_TRUE(map.self_check());
  }
}

// --------------------------------------------------------------------------------------------------------- contents

TEST(sync_map, agrees_with_a_plain_map_on_long_sequences) {
  int_map map;
  contents expected;
  std::uint64_t state = 1;
  const auto below = [&state](std::uint64_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<int>((state >> 11) % bound);
  };
  for (int step = 0; step < 60000; ++step) {
    const int key = below(300);
    const auto at = expected.find(key);
    const std::optional<int> there = at != expected.end() ? std::optional<int>(at->second) : std::nullopt;
    switch (below(12)) {
      case 0:
        ASSERT_EQ(map.insert(key, step), !there);
        if (!there) expected[key] = step;
        break;
      case 1:
        map.store(key, step);
        expected[key] = step;
        break;
      case 2:
        ASSERT_EQ(map.swap(key, step), there);
        expected[key] = step;
        break;
      case 3:
        ASSERT_EQ(map.load_or_store(key, step), std::pair(there.value_or(step), there.has_value()));
        if (!there) expected[key] = step;
        break;
      case 4:
        ASSERT_EQ(map.erase(key), there.has_value());
        expected.erase(key);
        break;
      case 5:
        ASSERT_EQ(map.load_and_delete(key), there);
        expected.erase(key);
        break;
      case 6:
        ASSERT_EQ(map.compare_and_swap(key, there.value_or(0), step), there.has_value());
        if (there) expected[key] = step;
        break;
      case 7: {
        const int wanted = there.value_or(0) + below(2);
        ASSERT_EQ(map.compare_and_delete(key, wanted), there == wanted);
        if (there == wanted) expected.erase(key);
        break;
      }
      case 8:
        ASSERT_EQ(map.update(key, [](int& value) { ++value; }), there.has_value());
        if (there) ++expected[key];
        break;
      default:
        ASSERT_EQ(map.load(key), there);
        break;
    }
    if (step % 4096 == 0) {
      ASSERT_EQ(sorted(map), expected);
      ASSERT_TRUE(map.self_check());
    }
    if (step % 20000 == 19999) {
      map.clear();
      expected.clear();
    }
  }
  EXPECT_EQ(sorted(map), expected);
}

struct colliding_hash {
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key % 3); }
  using is_avalanching = void;
};

TEST(sync_map, hashes_that_collide_make_it_slow_and_not_wrong) {
  gauntlet::sync_map<int, int, colliding_hash> map;
  for (int key = 0; key < 300; ++key) EXPECT_TRUE(map.insert(key, key));
  for (int key = 0; key < 300; ++key) EXPECT_EQ(map.load(key), key);
  for (int key = 0; key < 300; key += 2) EXPECT_TRUE(map.erase(key));
  map.store(1000, 0);
  EXPECT_EQ(map.size(), 151U);
  EXPECT_TRUE(map.self_check());
}

struct string_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

TEST(sync_map, a_transparent_hash_lets_other_types_look_up) {
  gauntlet::sync_map<std::string, std::string, string_hash, std::equal_to<>> map;
  map.store("one", "1");
  map.store("two", "2");
  const std::string_view one = "one";
  EXPECT_TRUE(map.contains(one));
  EXPECT_EQ(map.find(one), "1");
  EXPECT_TRUE(map.update(one, [](std::string& value) { value += "!"; }));
  EXPECT_TRUE(map.visit(one, [](const std::string& value) { EXPECT_EQ(value, "1!"); }));
  EXPECT_EQ(map.extract(one), "1!");
  EXPECT_TRUE(map.erase(std::string_view("two")));
  EXPECT_TRUE(map.empty());
}

// ----------------------------------------------------------------------------------------------------------- memory

struct books {
  std::size_t bytes = 0, peak = 0, allocations = 0;
};
template <class T>
struct counting_allocator {
  using value_type = T;
  books* to;
  explicit counting_allocator(books& b) : to(&b) {}
  template <class U>
  counting_allocator(const counting_allocator<U>& other) : to(other.to) {}  // NOLINT(google-explicit-constructor)
  T* allocate(std::size_t count) {
    to->bytes += count * sizeof(T);
    to->peak = std::max(to->peak, to->bytes);
    ++to->allocations;
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* block, std::size_t count) {
    to->bytes -= count * sizeof(T);
    std::allocator<T>().deallocate(block, count);
  }
  template <class U>
  friend bool operator==(const counting_allocator& a, const counting_allocator<U>& b) {
    return a.to == b.to;
  }
};
using counted = counting_allocator<std::pair<const std::uint64_t, std::uint64_t>>;
using counted_sync_map =
    gauntlet::sync_map<std::uint64_t, std::uint64_t, gauntlet::hash<std::uint64_t>, std::equal_to<>, counted>;
using counted_shared_mutex_map =
    gauntlet::shared_mutex_map<std::uint64_t, std::uint64_t, gauntlet::hash<std::uint64_t>, std::equal_to<>, counted>;

TEST(sync_map_memory, loads_allocate_nothing_and_loads_with_stores_take_at_most_2_2_times_what_shared_mutex_map_takes) {
  constexpr std::uint64_t keys = 100'000;
  books ours;
  books theirs;
  {
    counted_sync_map map{counted(ours)};
    counted_shared_mutex_map other{counted(theirs)};
    EXPECT_EQ(ours.allocations, 0U) << "an empty map allocates nothing";
    for (std::uint64_t key = 0; key < keys; ++key) {
      map.store(key, key);
      other.insert_or_assign(key, key);
      map.load(key / 2);
    }
    for (std::uint64_t miss = 0; map.stats().amended; ++miss) ASSERT_FALSE(map.load(keys + miss).has_value());
    // Everything at once: a new key begins a dirty part, old keys get new values.
    const std::size_t allocations = ours.allocations;
    for (int round = 0; round < 3; ++round) {
      for (std::uint64_t key = 0; key < keys; ++key) EXPECT_EQ(map.load(key), key);
    }
    EXPECT_EQ(ours.allocations, allocations) << "loads allocate nothing";
    for (std::uint64_t round = 0; round < 3; ++round) {
      map.erase(keys + round);
      map.store(keys + round + 1, 0);
      for (std::uint64_t key = 0; key < keys; ++key) {
        map.store(key, key + round);
        map.load(key * 7 % keys);
      }
      for (std::uint64_t miss = 0; miss < keys + 10; ++miss) map.load(keys + 1000);
    }
    const double ratio = static_cast<double>(ours.peak) / static_cast<double>(theirs.bytes);
    std::printf("peak %.1f bytes a key, shared_mutex_map %.1f: %.2f times\n",
                static_cast<double>(ours.peak) / static_cast<double>(keys),
                static_cast<double>(theirs.bytes) / static_cast<double>(keys), ratio);
    EXPECT_LE(ratio, 2.2);
  }
  EXPECT_EQ(ours.bytes, 0U);
}

TEST(sync_map_memory, erased_keys_and_replaced_values_do_not_pile_up) {
  books ours;
  counted_sync_map map{counted(ours)};
  for (std::uint64_t key = 0; key < 100; ++key) map.store(key, key);
  std::size_t most = 0;
  for (std::uint64_t round = 0; round < 20'000; ++round) {
    map.store(1000 + round, round);
    map.store(round % 100, round);
    map.erase(1000 + round);
    most = std::max(most, ours.bytes);
  }
  EXPECT_LT(most, 40'000U);
  EXPECT_EQ(map.size(), 100U);
  map.clear();
  EXPECT_EQ(ours.bytes, 0U) << "clear gives everything back when nobody reads";
}

TEST(sync_map_memory, comes_from_the_given_resource) {
  std::pmr::monotonic_buffer_resource resource(std::size_t{1} << 16U);
  std::pmr::memory_resource* const before = std::pmr::set_default_resource(std::pmr::null_memory_resource());
  {
    gauntlet::pmr::sync_map<int, int> map{std::pmr::polymorphic_allocator<std::pair<const int, int>>(&resource)};
    for (int key = 0; key < 100; ++key) map.insert(key, key);
    map.erase_if([](int key, int) { return key % 2 == 0; });
    EXPECT_EQ(map.size(), 50U);
  }
  std::pmr::set_default_resource(before);
}

// ------------------------------------------------------------------------------------------- exceptions and re-entry

// Throws at the n-th allocation from now.
template <class T>
struct failing_allocator {
  using value_type = T;
  static inline int until_failure = -1;
  failing_allocator() = default;
  template <class U>
  failing_allocator(const failing_allocator<U>&) {}  // NOLINT(google-explicit-constructor)
  T* allocate(std::size_t count) {
    int& left = failing_allocator<std::pair<const int, int>>::until_failure;
    if (left == 0) throw std::bad_alloc();
    if (left > 0) --left;
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* block, std::size_t count) { std::allocator<T>().deallocate(block, count); }
  template <class U>
  friend bool operator==(const failing_allocator&, const failing_allocator<U>&) {
    return true;
  }
};

TEST(sync_map_exceptions, an_operation_that_runs_out_of_memory_has_no_effect) {
  using allocator = failing_allocator<std::pair<const int, int>>;
  unsigned failures = 0;
  for (int first_failure = 0; first_failure < 8; ++first_failure) {
    gauntlet::sync_map<int, int, gauntlet::hash<int>, std::equal_to<int>, allocator> map;
    for (int key = 0; key < 13; ++key) map.insert(key, key);
    (void)map.size();
    map.erase(3);
    const contents before = sorted(map);
    for (const auto& operation : std::initializer_list<std::function<void()>>{
             [&] { map.store(100, 1); }, [&] { map.insert(3, 1); }, [&] { map.insert_or_assign(5, 1); },
             [&] { map.swap(101, 1); }, [&] { map.load_or_store(102, 1); },
             [&] { map.update(6, [](int& value) { value = 1; }); }, [&] { map.compare_exchange(7, 7, 1); }}) {
      contents expected = sorted(map);
      allocator::until_failure = first_failure;
      bool failed = false;
      try {
        operation();
      } catch (const std::bad_alloc&) {
        failed = true;
      }
      allocator::until_failure = -1;
      failures += failed ? 1 : 0;
      ASSERT_TRUE(map.self_check());
      if (failed) {
        ASSERT_EQ(sorted(map), expected);
      }
    }
  }
  EXPECT_GT(failures, 10U);
}

struct hash_that_may_throw {
  using is_avalanching = void;
  int* calls_left;
  std::size_t operator()(int key) const {
    if (*calls_left == 0) throw std::runtime_error("hash");
    if (*calls_left > 0) --*calls_left;
    return static_cast<std::size_t>(key) * 0x9E3779B97F4A7C15U;
  }
};

TEST(sync_map_exceptions, a_throwing_hash_leaves_the_map_as_it_was) {
  int calls_left = -1;
  gauntlet::sync_map<int, int, hash_that_may_throw> map(hash_that_may_throw{&calls_left});
  for (int key = 0; key < 13; ++key) map.insert(key, key);
  (void)map.size();
  map.erase(1);
  map.erase(2);
  const contents before = sorted(map);
  for (int calls = 0; calls < 12; ++calls) {
    calls_left = calls;
    EXPECT_THROW(map.insert(100, 1), std::runtime_error);
    calls_left = -1;
    EXPECT_TRUE(map.self_check());
    EXPECT_EQ(sorted(map), before);
    EXPECT_TRUE(map.insert(1, 1)) << "the keys that were going to be expunged are deleted as before";
    EXPECT_TRUE(map.erase(1));
  }
}

TEST(sync_map_exceptions, a_throwing_visitor_leaves_the_map_usable) {
  int_map map{{1, 10}, {2, 20}};
  for (int part = 0; part < 2; ++part) {
    EXPECT_THROW(map.visit(1, [](int) { throw std::runtime_error("visitor"); }), std::runtime_error);
    EXPECT_THROW(map.update(1, [](int&) { throw std::runtime_error("visitor"); }), std::runtime_error);
    EXPECT_THROW(map.for_each([](int, int) { throw std::runtime_error("visitor"); }), std::runtime_error);
    EXPECT_THROW(map.erase_if([](int, int) -> bool { throw std::runtime_error("predicate"); }), std::runtime_error);
    EXPECT_EQ(sorted(map), (contents{{1, 10}, {2, 20}}));
  }
  EXPECT_TRUE(map.insert(3, 30));
}

TEST(sync_map, a_visitor_of_the_whole_map_may_use_the_map) {
  int_map map{{1, 10}, {2, 20}, {3, 30}};
  map.for_each([&map](int key, int value) {
    EXPECT_EQ(map.load(key), value);
    map.store(key + 100, value);
  });
  EXPECT_EQ(map.size(), 6U);
  EXPECT_EQ(map.erase_if([&map](int key, int) { return key < 100 && map.erase(key + 100); }), 3U);
  EXPECT_TRUE(map.empty());
}

struct misuse_error : std::runtime_error {
  explicit misuse_error(const gauntlet::misuse_report& report) : std::runtime_error(describe(report)) {}
};
struct checked_policy : gauntlet::sync_map_policy {
  static constexpr bool checked = true;
};

TEST(sync_map, a_visitor_of_one_key_that_uses_the_map_is_reported) {
  const gauntlet::misuse_handler before =
      gauntlet::set_misuse_handler([](const gauntlet::misuse_report& report) { throw misuse_error(report); });
  gauntlet::sync_map<int, int, gauntlet::hash<int>, std::equal_to<int>, std::allocator<std::pair<const int, int>>,
                     checked_policy>
      map{{1, 10}};
  for (int part = 0; part < 2; ++part) {
    EXPECT_THROW(map.update(1, [&map](int&) { map.store(2, 20); }), misuse_error);
    EXPECT_THROW(map.visit(1, [&map](int) { (void)map.load(1); }), misuse_error);
    EXPECT_THROW(map.visit(1, [&map](int) { map.clear(); }), misuse_error);
    EXPECT_EQ(map.size(), 1U);
  }
  gauntlet::set_misuse_handler(before);
}

TEST(sync_map, declares_what_its_header_says) {
  EXPECT_EQ(int_map::contracts.insert, consistency::linearizable);
  EXPECT_EQ(int_map::contracts.clear, consistency::linearizable);
  EXPECT_EQ(int_map::contracts.for_each, consistency::weak);
  EXPECT_EQ(int_map::contracts.erase_if, consistency::weak);
  EXPECT_EQ(int_map::contracts.size, consistency::weak);
}

// The dirty part forgets a key that only it has, and is amended no more.
class forgetful_map : public int_map {
 public:
  using int_map::int_map;
  void say_that_nothing_is_new() { publish(load_read() & ~amended_bit); }
};

TEST(sync_map, the_self_check_finds_parts_that_do_not_fit) {
  forgetful_map map;
  map.store(1, 10);
  EXPECT_TRUE(map.self_check());
  map.say_that_nothing_is_new();
  std::ostringstream dump;
  EXPECT_FALSE(map.self_check(&dump));
  EXPECT_NE(dump.str().find("amended"), std::string::npos) << dump.str();
}

}  // namespace
