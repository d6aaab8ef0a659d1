// snapshot_map in one thread: what every operation returns, what snapshots and batches promise, what happens when
// something throws or re-enters. Memory: snapshot_map_memory_test.cpp. Many threads: snapshot_map_stress_test.cpp.
#include <gauntlet/map/misuse.h>
#include <gauntlet/map/snapshot_map.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using gauntlet::progress_guarantee;

// Of a map or a snapshot.
template <class Source>
std::map<typename Source::key_type, typename Source::mapped_type> sorted(const Source& source) {
  std::map<typename Source::key_type, typename Source::mapped_type> out;
  source.for_each([&out](const auto& key, const auto& value) { EXPECT_TRUE(out.emplace(key, value).second); });
  return out;
}

using contents = std::map<int, int>;
using int_map = gauntlet::snapshot_map<int, int>;

TEST(snapshot_map, a_new_map_is_empty_and_usable) {
  const int_map map;
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.size(), 0U);
  EXPECT_FALSE(map.find(1).has_value());
  EXPECT_TRUE(map.snapshot().empty());
  EXPECT_TRUE(map.snapshot().begin() == map.snapshot().end());
  EXPECT_TRUE(map.self_check());
}

TEST(snapshot_map, operations_on_one_key_return_what_they_did) {
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
  EXPECT_EQ(sorted(map), (contents{{1, 13}}));
  EXPECT_TRUE(map.self_check());
}

TEST(snapshot_map, what_changes_nothing_makes_no_version) {
  int_map map{{1, 10}};
  const auto before = map.snapshot();
  map.insert(1, 11);
  map.erase(2);
  map.update(2, [](int&) {});
  map.compare_exchange(1, 0, 1);
  map.erase_if([](int, int) { return false; });
  map.update([](auto&) {});
  EXPECT_TRUE(map.snapshot() == before);
  map.insert_or_assign(1, 10);
  EXPECT_FALSE(map.snapshot() == before);
  EXPECT_EQ(map.snapshot().number(), before.number() + 1);
}

// ------------------------------------------------------------------------------------------------------ contents

// Hashes of all kinds: good ones, ones that differ late, ones that collide.
struct last_bits_hash {
  using is_avalanching = void;
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key) << 56U; }
};
struct few_hashes {
  using is_avalanching = void;
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key % 5) * 0x1000'0000'0000'0001U; }
};

template <class Hash>
class snapshot_map_contents : public testing::Test {};
using hashes = testing::Types<gauntlet::hash<int>, last_bits_hash, few_hashes>;
TYPED_TEST_SUITE(snapshot_map_contents, hashes);

TYPED_TEST(snapshot_map_contents, agree_with_a_plain_map_and_so_do_snapshots_of_old_times) {
  gauntlet::snapshot_map<int, int, TypeParam> map;
  using snapshot_type = typename decltype(map)::snapshot_type;
  contents expected;
  std::vector<std::pair<snapshot_type, contents>> kept;
  std::uint64_t state = 7;
  const auto below = [&state](std::uint64_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<int>((state >> 11) % bound);
  };
  for (int step = 0; step < 12000; ++step) {
    const int key = below(200);
    const auto at = expected.find(key);
    const std::optional<int> there = at != expected.end() ? std::optional<int>(at->second) : std::nullopt;
    switch (below(8)) {
      case 0:
      case 1:
        ASSERT_EQ(map.insert(key, step), !there);
        if (!there) expected[key] = step;
        break;
      case 2:
        ASSERT_EQ(map.insert_or_assign(key, step), !there);
        expected[key] = step;
        break;
      case 3:
        ASSERT_EQ(map.erase(key), there.has_value());
        expected.erase(key);
        break;
      case 4:
        ASSERT_EQ(map.extract(key), there);
        expected.erase(key);
        break;
      case 5:
        map.update([&](auto& changes) {
          for (int each = key; each < key + 5; ++each) {
            if (changes.erase(each)) {
              expected.erase(each);
            } else {
              changes.insert(each, step);
              expected[each] = step;
            }
          }
        });
        break;
      default:
        ASSERT_EQ(map.find(key), there);
        break;
    }
    if (step % 97 == 0) {
      ASSERT_EQ(sorted(map), expected);
      ASSERT_TRUE(map.self_check());
      kept.emplace_back(map.snapshot(), expected);
      if (kept.size() > 20) kept.erase(kept.begin() + below(20));
    }
    if (step % 3001 == 3000) {
      map.clear();
      expected.clear();
    }
  }
  for (const auto& [snapshot, then] : kept) EXPECT_EQ(sorted(snapshot), then);
}

TYPED_TEST(snapshot_map_contents, diff_shows_exactly_what_has_changed) {
  gauntlet::snapshot_map<int, int, TypeParam> map;
  for (int key = 0; key < 400; ++key) map.insert(key, key);
  const auto before = map.snapshot();
  map.update([](auto& changes) {
    for (int key = 0; key < 10; ++key) changes.erase(key);
    for (int key = 10; key < 20; ++key) changes.insert_or_assign(key, -key);
    for (int key = 20; key < 30; ++key) changes.insert_or_assign(key, key);  // equal: no change
    for (int key = 1000; key < 1010; ++key) changes.insert(key, key);
  });
  const auto after = map.snapshot();
  using seen = std::map<int, std::pair<std::optional<int>, std::optional<int>>>;
  const auto changes = [](const auto& from, const auto& to) {
    seen all;
    decltype(map)::diff(from, to, [&all](const int& key, const int* was, const int* is) {
      const auto value = [](const int* at) { return at != nullptr ? std::optional<int>(*at) : std::nullopt; };
      EXPECT_TRUE(all.emplace(key, std::pair(value(was), value(is))).second);
    });
    return all;
  };
  seen expected;
  seen turned;
  const auto expect = [&](int key, std::optional<int> was, std::optional<int> is) {
    expected[key] = {was, is};
    turned[key] = {is, was};
  };
  for (int key = 0; key < 10; ++key) expect(key, key, std::nullopt);
  for (int key = 10; key < 20; ++key) expect(key, key, -key);
  for (int key = 1000; key < 1010; ++key) expect(key, std::nullopt, key);
  EXPECT_EQ(changes(before, after), expected);
  EXPECT_EQ(changes(after, before), turned);
  EXPECT_EQ(changes(after, after), seen());

  decltype(map) other;
  other.update([&](auto& b) { after.for_each([&b](int key, int value) { b.insert(key, value); }); });
  EXPECT_EQ(changes(after, other.snapshot()), seen()) << "versions of two maps are compared by contents";
  EXPECT_EQ(changes(before, other.snapshot()), expected);
  map.clear();
  EXPECT_EQ(changes(map.snapshot(), after).size(), 400U);
}

struct counting_equal {
  static inline std::size_t calls = 0;
  bool operator()(int a, int b) const {
    ++calls;
    return a == b;
  }
};

TEST(snapshot_map, diff_does_not_look_at_what_two_versions_share) {
  gauntlet::snapshot_map<int, int, gauntlet::hash<int>, counting_equal> map;
  map.update([](auto& changes) {
    for (int key = 0; key < 20000; ++key) changes.insert(key, key);
  });
  const auto before = map.snapshot();
  map.insert_or_assign(77, 0);
  map.erase(78);
  const auto after = map.snapshot();
  counting_equal::calls = 0;
  std::size_t shown = 0;
  decltype(map)::diff(before, after, [&shown](int, const int*, const int*) { ++shown; });
  EXPECT_EQ(shown, 2U);
  EXPECT_LE(counting_equal::calls, 8U);
}

// ------------------------------------------------------------------------------------------------------ snapshots

TEST(snapshot_map, a_snapshot_never_changes_and_outlives_the_map) {
  std::optional<gauntlet::snapshot_map<std::string, std::string>> map(std::in_place);
  map->insert("one", "1");
  auto old = map->snapshot();
  map->insert("two", "2");
  const auto newer = map->snapshot();
  map->clear();
  map->insert("three", "3");
  const auto newest = map->snapshot();
  const auto copy = old;
  map.reset();
  EXPECT_EQ(sorted(old), (std::map<std::string, std::string>{{"one", "1"}}));
  EXPECT_EQ(sorted(newer), (std::map<std::string, std::string>{{"one", "1"}, {"two", "2"}}));
  EXPECT_EQ(sorted(newest), (std::map<std::string, std::string>{{"three", "3"}}));
  EXPECT_TRUE(copy == old);
  EXPECT_EQ(*newer.get("two"), "2");
  EXPECT_EQ(newer.get("three"), nullptr);
  EXPECT_EQ(newest.find("three"), "3");
  EXPECT_LT(old.number(), newer.number());
  old = newest;
  EXPECT_TRUE(old.contains("three"));
  EXPECT_EQ(copy.size(), 1U);
}

TEST(snapshot_map, compare_and_publish_refuses_what_was_made_from_an_old_version) {
  int_map map{{1, 10}};
  const auto base = map.snapshot();
  EXPECT_TRUE(map.compare_and_publish(base, [](auto& changes) { changes.insert(2, 20); }));
  EXPECT_FALSE(map.compare_and_publish(base, [](auto& changes) { changes.insert(3, 30); }));
  EXPECT_TRUE(map.compare_and_publish(map.snapshot(), [](auto& changes) { changes.insert(4, 40); }));
  EXPECT_EQ(sorted(map), (contents{{1, 10}, {2, 20}, {4, 40}}));
}

TEST(snapshot_map, a_batch_sees_its_own_changes_and_nobody_else_does) {
  int_map map{{1, 10}, {2, 20}};
  map.update([&map](auto& changes) {
    EXPECT_TRUE(changes.insert(3, 30));
    EXPECT_TRUE(changes.erase(1));
    EXPECT_TRUE(changes.update(2, [](int& value) { ++value; }));
    EXPECT_FALSE(changes.contains(1));
    EXPECT_EQ(changes.find(3), 30);
    EXPECT_EQ(changes.size(), 2U);
    EXPECT_EQ(sorted(map), (contents{{1, 10}, {2, 20}})) << "reading the map inside a batch is allowed";
    int sum = 0;
    changes.for_each([&sum](int, int value) { sum += value; });
    EXPECT_EQ(sum, 51);
  });
  EXPECT_EQ(sorted(map), (contents{{2, 21}, {3, 30}}));
  map.update([](auto& changes) {
    changes.insert(4, 40);
    changes.clear();
    EXPECT_TRUE(changes.empty());
    changes.insert(5, 50);
    changes.insert(2, 0);
    changes.erase(2);
  });
  EXPECT_EQ(sorted(map), (contents{{5, 50}}));
  EXPECT_TRUE(map.self_check());
}

TEST(snapshot_map, an_iterator_goes_over_a_version) {
  int_map map;
  for (int key = 0; key < 1000; ++key) map.insert(key, key);
  const auto all = map.snapshot();
  map.clear();
  EXPECT_EQ(std::distance(all.begin(), all.end()), 1000);
  EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const auto& e) { return e.first == e.second; }), 1000);
}

struct string_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

TEST(snapshot_map, a_transparent_hash_lets_other_types_look_up) {
  gauntlet::snapshot_map<std::string, int, string_hash, std::equal_to<>> map;
  map.insert("one", 1);
  map.insert("two", 2);
  const std::string_view one = "one";
  EXPECT_TRUE(map.contains(one));
  EXPECT_EQ(map.find(one), 1);
  EXPECT_EQ(map.snapshot().find(one), 1);
  EXPECT_TRUE(map.update(one, [](int& value) { value = 7; }));
  EXPECT_TRUE(map.visit(one, [](int value) { EXPECT_EQ(value, 7); }));
  EXPECT_TRUE(map.erase(one));
  EXPECT_EQ(map.extract(std::string_view("two")), 2);
}

TEST(snapshot_map, values_may_be_move_only) {
  gauntlet::snapshot_map<int, std::unique_ptr<int>> map;
  EXPECT_TRUE(map.insert(1, std::make_unique<int>(10)));
  EXPECT_TRUE(map.try_emplace(2, std::make_unique<int>(20)));
  const auto held = map.snapshot();
  EXPECT_TRUE(map.erase(2));
  EXPECT_TRUE(map.visit(1, [](const std::unique_ptr<int>& value) { EXPECT_EQ(*value, 10); }));
  EXPECT_EQ(**held.get(2), 20);
}

// ------------------------------------------------------------------------------------------- exceptions and re-entry

template <class T>
struct failing_allocator {
  using value_type = T;
  failing_allocator() = default;
  template <class U>
  failing_allocator(const failing_allocator<U>&) {}  // NOLINT(google-explicit-constructor)
  static int& until_failure() {
    static int left = -1;
    return left;
  }
  T* allocate(std::size_t count) {
    int& left = failing_allocator<int>::until_failure();
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

TEST(snapshot_map_exceptions, an_operation_that_runs_out_of_memory_has_no_effect) {
  using allocator = failing_allocator<std::pair<const int, int>>;
  gauntlet::snapshot_map<int, int, few_hashes, std::equal_to<int>, allocator> map;
  unsigned failures = 0;
  for (int first_failure = 0; first_failure < 40; ++first_failure) {
    for (int key = 0; key < 30; ++key) map.insert(key, key);
    for (const auto& operation : std::initializer_list<std::function<void()>>{
             [&] { map.insert(100, 1); }, [&] { map.insert_or_assign(5, 1); }, [&] { map.erase(6); },
             [&] { map.update(6, [](int& value) { value = 1; }); }, [&] { map.compare_exchange(7, 7, 1); },
             [&] { map.erase_if([](int key, int) { return key % 2 == 0; }); },
             [&] {
               map.update([](auto& changes) {
                 for (int key = 0; key < 20; ++key) changes.insert(1000 + key, key);
                 for (int key = 0; key < 20; ++key) changes.erase(1000 + key);
               });
             },
             [&] {
               map.update([](auto& changes) {
                 changes.clear();
                 changes.insert(1, 1);
               });
             }}) {
      const contents before = sorted(map);
      failing_allocator<int>::until_failure() = first_failure;
      bool failed = false;
      try {
        operation();
      } catch (const std::bad_alloc&) {
        failed = true;
      }
      failing_allocator<int>::until_failure() = -1;
      ASSERT_TRUE(map.self_check());
      if (failed) {
        ++failures;
        ASSERT_EQ(sorted(map), before);
      }
    }
  }
  EXPECT_GT(failures, 30U);
}

TEST(snapshot_map_exceptions, a_batch_that_throws_has_not_happened) {
  int_map map{{1, 10}, {2, 20}};
  const auto before = map.snapshot();
  EXPECT_THROW(map.update([](auto& changes) {
    changes.insert(3, 30);
    changes.erase(1);
    throw std::runtime_error("batch");
  }),
               std::runtime_error);
  EXPECT_THROW(map.update(1, [](int&) { throw std::runtime_error("visitor"); }), std::runtime_error);
  EXPECT_THROW(map.visit(1, [](int) { throw std::runtime_error("visitor"); }), std::runtime_error);
  EXPECT_THROW(map.for_each([](int, int) { throw std::runtime_error("visitor"); }), std::runtime_error);
  EXPECT_THROW(
      map.erase_if([](int key, int) -> bool { return key == 1 ? true : throw std::runtime_error("predicate"); }),
      std::runtime_error);
  EXPECT_TRUE(map.snapshot() == before);
  EXPECT_TRUE(map.insert(3, 30));
}

struct misuse_error : std::runtime_error {
  explicit misuse_error(const gauntlet::misuse_report& report) : std::runtime_error(describe(report)) {}
};
struct checked_policy : gauntlet::snapshot_map_policy {
  static constexpr bool checked = true;
};

TEST(snapshot_map, changing_the_map_from_inside_a_change_is_reported_and_reading_it_is_fine) {
  const gauntlet::misuse_handler before =
      gauntlet::set_misuse_handler([](const gauntlet::misuse_report& report) { throw misuse_error(report); });
  gauntlet::snapshot_map<int, int, gauntlet::hash<int>, std::equal_to<int>, std::allocator<std::pair<const int, int>>,
                         checked_policy>
      map{{1, 10}};
  EXPECT_THROW(map.update(1, [&map](int&) { map.insert(2, 20); }), misuse_error);
  EXPECT_THROW(map.update([&map](auto&) { map.clear(); }), misuse_error);
  EXPECT_THROW(map.erase_if([&map](int, int) { return map.erase(1); }), misuse_error);
  EXPECT_EQ(map.size(), 1U);
  map.for_each([&map](int key, int value) { map.insert(key + 1, value); });
  map.visit(1, [&map](int) { map.clear(); });
  EXPECT_TRUE(map.empty());
  map.update([&map](auto& changes) { changes.insert(1, static_cast<int>(map.size())); });
  EXPECT_EQ(map.find(1), 0);
  gauntlet::set_misuse_handler(before);
}

TEST(snapshot_map, declares_what_its_header_says) {
  EXPECT_EQ(int_map::contracts.for_each, gauntlet::consistency::linearizable);
  EXPECT_EQ(int_map::contracts.snapshot, gauntlet::consistency::linearizable);
  EXPECT_EQ(int_map::progress.find, progress_guarantee::wait_free);
  EXPECT_EQ(int_map::progress.snapshot, progress_guarantee::wait_free);
  EXPECT_EQ(int_map::progress.insert, progress_guarantee::blocking);
}

}  // namespace
