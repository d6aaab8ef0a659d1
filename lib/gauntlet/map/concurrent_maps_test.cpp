// One suite for the maps of this family with the same operations: what every operation returns and leaves behind when one
// thread uses the map, what
// two maps do to each other and to themselves, and what happens when something throws or re-enters.
#include <gauntlet/map/concurrent_map.h>
#include <gauntlet/map/misuse.h>
#include <gauntlet/map/rcu_map.h>
#include <gauntlet/map/routed_map.h>
#include <gauntlet/map/sharded_map.h>
#include <gauntlet/map/shared_mutex_map.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <memory>
#include <memory_resource>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using gauntlet::consistency;
using gauntlet::misuse_kind;
using gauntlet::misuse_report;

struct misuse_error : std::runtime_error {
  explicit misuse_error(const misuse_report& report) : std::runtime_error(describe(report)), kind(report.kind) {}
  misuse_kind kind;
};

// Makes misuse throw for one scope, so that a test can look at it.
class throwing_misuse {
 public:
  throwing_misuse()
      : previous_(gauntlet::set_misuse_handler([](const misuse_report& report) { throw misuse_error(report); })) {}
  ~throwing_misuse() { gauntlet::set_misuse_handler(previous_); }
  throwing_misuse(const throwing_misuse&) = delete;
  throwing_misuse& operator=(const throwing_misuse&) = delete;

 private:
  gauntlet::misuse_handler previous_;
};

struct checked_shared_policy : gauntlet::shared_mutex_map_policy {
  static constexpr bool checked = true;
};
struct checked_sharded_policy : gauntlet::sharded_map_policy {
  static constexpr bool checked = true;
  static constexpr std::size_t shard_count = 4;
};
struct one_shard_policy : checked_sharded_policy {
  static constexpr std::size_t shard_count = 1;
};
struct checked_rcu_policy : gauntlet::rcu_map_policy {
  static constexpr bool checked = true;
  static constexpr std::size_t shard_count = 4;
};

struct checked_concurrent_policy : gauntlet::concurrent_map_policy {
  static constexpr bool checked = true;
};
struct small_concurrent_policy : checked_concurrent_policy {
  static constexpr unsigned buckets_per_table = 2;
  static constexpr unsigned slots_per_bucket = 2;
  static constexpr unsigned cells_per_table = 1;
  static constexpr unsigned changes_per_merge_look = 1;
  static constexpr unsigned merge_below_one_in = 2;
  static constexpr unsigned count_stripes = 1;
  using tags = gauntlet::detail::portable_tags;
};

struct string_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// One family of map types per tested map.
struct shared_family {
  template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
            class Allocator = std::allocator<std::pair<const Key, T>>>
  using map = gauntlet::shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, checked_shared_policy>;
};
struct sharded_family {
  template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
            class Allocator = std::allocator<std::pair<const Key, T>>>
  using map = gauntlet::sharded_map<Key, T, Hash, KeyEqual, Allocator, checked_sharded_policy>;
};
struct one_shard_family {
  template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
            class Allocator = std::allocator<std::pair<const Key, T>>>
  using map = gauntlet::sharded_map<Key, T, Hash, KeyEqual, Allocator, one_shard_policy>;
};
struct rcu_family {
  template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
            class Allocator = std::allocator<std::pair<const Key, T>>>
  using map = gauntlet::rcu_map<Key, T, Hash, KeyEqual, Allocator, checked_rcu_policy>;
};

struct concurrent_family {
  template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
            class Allocator = std::allocator<std::pair<const Key, T>>>
  using map = gauntlet::concurrent_map<Key, T, Hash, KeyEqual, Allocator, checked_concurrent_policy>;
};
struct small_concurrent_family {
  template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
            class Allocator = std::allocator<std::pair<const Key, T>>>
  using map = gauntlet::concurrent_map<Key, T, Hash, KeyEqual, Allocator, small_concurrent_policy>;
};

struct checked_routed_policy : gauntlet::routed_map_policy {
  static constexpr bool checked = true;
  static constexpr std::size_t first_shards = 3;
};
struct routed_family {
  template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
            class Allocator = std::allocator<std::pair<const Key, T>>>
  using map = gauntlet::routed_map<Key, T, Hash, KeyEqual, Allocator, checked_routed_policy>;
};

template <class Map>
std::map<typename Map::key_type, typename Map::mapped_type> sorted(const Map& map) {
  std::map<typename Map::key_type, typename Map::mapped_type> out;
  map.for_each([&out](const auto& key, const auto& value) { EXPECT_TRUE(out.emplace(key, value).second); });
  return out;
}

using contents = std::map<int, int>;

template <class Family>
class concurrent_maps : public testing::Test {
 public:
  using int_map = typename Family::template map<int, int>;
};
using families = testing::Types<shared_family, sharded_family, one_shard_family, rcu_family, routed_family,
                                concurrent_family, small_concurrent_family>;

class family_names {
 public:
  template <class Family>
  static std::string GetName(int) {
    return std::is_same_v<Family, shared_family>       ? "shared_mutex_map"
           : std::is_same_v<Family, sharded_family>    ? "sharded_map"
           : std::is_same_v<Family, one_shard_family>  ? "sharded_map_of_one_shard"
           : std::is_same_v<Family, rcu_family>        ? "rcu_map"
           : std::is_same_v<Family, routed_family>     ? "routed_map"
           : std::is_same_v<Family, concurrent_family> ? "concurrent_map"
                                                       : "concurrent_map_of_small_tables";
  }
};
TYPED_TEST_SUITE(concurrent_maps, families, family_names);

// Maps that can be copied, assigned, swapped and compared with each other, and whose visitors must not use their map.
template <class Family>
class concurrent_pairs : public concurrent_maps<Family> {};
using pair_families =
    testing::Types<shared_family, sharded_family, one_shard_family, concurrent_family, small_concurrent_family>;
TYPED_TEST_SUITE(concurrent_pairs, pair_families, family_names);

TYPED_TEST(concurrent_maps, a_new_map_is_empty_and_usable) {
  typename TestFixture::int_map map;
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.size(), 0U);
  EXPECT_FALSE(map.find(1).has_value());
  EXPECT_FALSE(map.erase(1));
  EXPECT_FALSE(map.extract(1).has_value());
  EXPECT_TRUE(map.snapshot().empty());
  EXPECT_TRUE(map.self_check());
}

TYPED_TEST(concurrent_maps, operations_on_one_key_return_what_they_did) {
  typename TestFixture::int_map map;
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
  EXPECT_EQ(map.find(1), 13);

  int seen = 0;
  EXPECT_TRUE(map.visit(2, [&seen](const int& value) { seen = value; }));
  EXPECT_EQ(seen, 20);
  EXPECT_FALSE(map.visit(9, [&seen](const int&) { seen = -1; }));
  EXPECT_TRUE(map.update(2, [](int& value) { value += 1; }));
  EXPECT_FALSE(map.update(9, [](int& value) { value += 1; }));
  EXPECT_EQ(seen, 20);

  EXPECT_EQ(map.extract(2), 21);
  EXPECT_FALSE(map.contains(2));
  EXPECT_TRUE(map.erase(3));
  EXPECT_FALSE(map.erase(3));
  EXPECT_EQ(sorted(map), (contents{{1, 13}}));
  EXPECT_TRUE(map.self_check());
}

TYPED_TEST(concurrent_maps, whole_map_operations_see_and_change_every_element) {
  typename TestFixture::int_map map;
  contents expected;
  for (int key = 0; key < 1000; ++key) {
    map.insert(key, key * key);
    expected[key] = key * key;
  }
  EXPECT_EQ(map.size(), 1000U);
  EXPECT_EQ(sorted(map), expected);
  const auto snapshot = map.snapshot();
  EXPECT_EQ(snapshot.size(), 1000U);
  EXPECT_TRUE(std::all_of(expected.begin(), expected.end(), [&snapshot](const auto& element) {
    const auto place = snapshot.find(element.first);
    return place != snapshot.end() && place->second == element.second;
  }));

  EXPECT_EQ(map.erase_if([](int key, int) { return key % 3 == 0; }), 334U);
  std::erase_if(expected, [](const auto& element) { return element.first % 3 == 0; });
  EXPECT_EQ(sorted(map), expected);
  EXPECT_TRUE(map.self_check());
  EXPECT_EQ(snapshot.size(), 1000U) << "a snapshot is the caller's own";

  map.clear();
  EXPECT_TRUE(map.empty());
  map.reserve(100);
  EXPECT_TRUE(map.insert(1, 1));
  EXPECT_TRUE(map.self_check());
}

TYPED_TEST(concurrent_maps, describe_themselves) {
  typename TestFixture::int_map map;
  map.insert(1, 1);
  const std::string text = map.describe();
  EXPECT_NE(text.find("size 1"), std::string::npos) << text;
}

TYPED_TEST(concurrent_pairs, copies_and_moves_are_independent_and_leave_a_usable_source) {
  using map_type = typename TestFixture::int_map;
  map_type source{{1, 10}, {2, 20}, {3, 30}};
  const contents all{{1, 10}, {2, 20}, {3, 30}};

  map_type copy(source);
  EXPECT_EQ(sorted(copy), all);
  EXPECT_TRUE(copy == source);
  copy.insert(4, 40);
  EXPECT_FALSE(copy == source);
  EXPECT_EQ(sorted(source), all);

  copy = source;
  EXPECT_EQ(sorted(copy), all);

  map_type moved(std::move(copy));
  EXPECT_EQ(sorted(moved), all);
  EXPECT_TRUE(copy.empty());  // NOLINT(bugprone-use-after-move): promised to be empty
  EXPECT_TRUE(copy.insert(5, 50));

  moved = std::move(copy);
  EXPECT_EQ(sorted(moved), (contents{{5, 50}}));
  EXPECT_TRUE(copy.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(copy.insert(6, 60));

  const map_type from_plain(source.snapshot());
  EXPECT_TRUE(from_plain == source);
  for (const map_type* map : std::initializer_list<const map_type*>{&source, &copy, &moved, &from_plain}) {
    EXPECT_TRUE(map->self_check());
  }
}

TYPED_TEST(concurrent_pairs, swap_and_merge_move_elements_between_maps) {
  using map_type = typename TestFixture::int_map;
  map_type a{{1, 10}, {2, 20}};
  map_type b{{2, 200}, {3, 300}};
  a.swap(b);
  EXPECT_EQ(sorted(a), (contents{{2, 200}, {3, 300}}));
  EXPECT_EQ(sorted(b), (contents{{1, 10}, {2, 20}}));
  swap(a, b);
  a.merge(b);
  EXPECT_EQ(sorted(a), (contents{{1, 10}, {2, 20}, {3, 300}}));
  EXPECT_EQ(sorted(b), (contents{{2, 200}})) << "an element whose key was there stays where it was";
  EXPECT_TRUE(a.self_check());
  EXPECT_TRUE(b.self_check());
}

TYPED_TEST(concurrent_pairs, a_map_combined_with_itself_neither_changes_nor_waits) {
  using map_type = typename TestFixture::int_map;
  map_type map{{1, 10}, {2, 20}};
  map_type& same = map;
  map = same;
  map = std::move(same);
  map.swap(same);
  map.merge(same);
  EXPECT_TRUE(map == same);
  EXPECT_EQ(sorted(map), (contents{{1, 10}, {2, 20}}));
}

TYPED_TEST(concurrent_pairs, equality_asks_the_values_even_of_the_map_itself) {
  typename TypeParam::template map<int, double> map;
  map.insert(1, 0.5);
  EXPECT_TRUE(map == map);
  map.insert_or_assign(1, std::numeric_limits<double>::quiet_NaN());
  EXPECT_FALSE(map == map);
}

TYPED_TEST(concurrent_pairs, equality_does_not_see_the_order_of_insertion) {
  using map_type = typename TestFixture::int_map;
  map_type up;
  map_type down;
  for (int key = 0; key < 100; ++key) {
    up.insert(key, key);
    down.insert(99 - key, 99 - key);
  }
  EXPECT_TRUE(up == down);
  down.insert_or_assign(50, -1);
  EXPECT_FALSE(up == down);
  EXPECT_FALSE(down == up);
}

TYPED_TEST(concurrent_maps, a_transparent_hash_lets_other_types_look_up) {
  typename TypeParam::template map<std::string, int, string_hash, std::equal_to<>> map;
  map.insert("one", 1);
  map.insert("two", 2);
  const std::string_view one = "one";
  EXPECT_TRUE(map.contains(one));
  EXPECT_EQ(map.find(one), 1);
  EXPECT_TRUE(map.update(one, [](int& value) { value = 7; }));
  int seen = 0;
  EXPECT_TRUE(map.visit(one, [&seen](int value) { seen = value; }));
  EXPECT_EQ(seen, 7);
  EXPECT_TRUE(map.erase(one));
  EXPECT_EQ(map.extract(std::string_view("two")), 2);
  EXPECT_TRUE(map.empty());
}

TYPED_TEST(concurrent_maps, values_may_be_move_only) {
  typename TypeParam::template map<int, std::unique_ptr<int>> map;
  EXPECT_TRUE(map.insert(1, std::make_unique<int>(10)));
  EXPECT_TRUE(map.try_emplace(2, std::make_unique<int>(20)));
  EXPECT_TRUE(map.visit(1, [](const std::unique_ptr<int>& value) { EXPECT_EQ(*value, 10); }));
  EXPECT_EQ(**map.extract(2), 20);
  EXPECT_TRUE(map.erase(1));
}

TYPED_TEST(concurrent_maps, memory_comes_from_the_given_resource) {
  using allocator = std::pmr::polymorphic_allocator<std::pair<const int, int>>;
  std::pmr::monotonic_buffer_resource resource(std::size_t{1} << 16U);
  // Whoever asks the default resource instead of the given one gets nothing.
  std::pmr::memory_resource* const before = std::pmr::set_default_resource(std::pmr::null_memory_resource());
  {
    typename TypeParam::template map<int, int, gauntlet::hash<int>, std::equal_to<int>, allocator> map{
        allocator(&resource)};
    for (int key = 0; key < 100; ++key) {
      map.insert(key, key);
    }
    map.erase_if([](int key, int) { return key % 2 == 0; });
    EXPECT_EQ(map.size(), 50U);
  }
  std::pmr::set_default_resource(before);
}

TYPED_TEST(concurrent_maps, a_throwing_visitor_leaves_the_map_usable) {
  typename TestFixture::int_map map{{1, 10}, {2, 20}};
  EXPECT_THROW(map.visit(1, [](int) { throw std::runtime_error("visitor"); }), std::runtime_error);
  EXPECT_THROW(map.update(1, [](int&) { throw std::runtime_error("visitor"); }), std::runtime_error);
  EXPECT_THROW(map.for_each([](int, int) { throw std::runtime_error("visitor"); }), std::runtime_error);
  EXPECT_THROW(map.erase_if([](int, int) -> bool { throw std::runtime_error("predicate"); }), std::runtime_error);
  EXPECT_EQ(sorted(map), (contents{{1, 10}, {2, 20}}));
  EXPECT_TRUE(map.insert(3, 30));
  EXPECT_TRUE(map.self_check());
}

TYPED_TEST(concurrent_pairs, using_the_map_from_its_own_visitor_is_reported_and_not_waited_for) {
  using map_type = typename TestFixture::int_map;
  const throwing_misuse misuse;
  map_type map{{1, 10}, {2, 20}};
  map_type other{{1, 10}};
  const auto reenters = [](auto&& body) {
    try {
      body();
      return false;
    } catch (const misuse_error& error) {
      return error.kind == misuse_kind::reentry;
    }
  };
  EXPECT_TRUE(reenters([&] { map.visit(1, [&map](int) { (void)map.find(2); }); }));
  EXPECT_TRUE(reenters([&] { map.update(1, [&map](int&) { map.insert(3, 30); }); }));
  EXPECT_TRUE(reenters([&] { map.for_each([&map](int, int) { (void)map.size(); }); }));
  EXPECT_TRUE(reenters([&] { map.erase_if([&map](int key, int) { return map.contains(key); }); }));
  EXPECT_TRUE(reenters([&] { map.update(1, [&map](int&) { map.clear(); }); }));
  EXPECT_TRUE(reenters([&] { map.visit(1, [&map](int) { (void)map.snapshot(); }); }));
  EXPECT_TRUE(reenters([&] { map.visit(1, [&](int) { other = map; }); }));
  EXPECT_TRUE(reenters([&] { map.visit(1, [&](int) { other.swap(map); }); }));
  EXPECT_TRUE(reenters([&] { map.visit(1, [&](int) { (void)(other == map); }); }));
  // Through another map's visitor, too.
  EXPECT_TRUE(reenters([&] { map.visit(1, [&](int) { other.visit(1, [&](int) { map.erase(1); }); }); }));
  // Another map is fine.
  EXPECT_FALSE(reenters([&] { map.visit(1, [&](int value) { other.insert_or_assign(2, value); }); }));
  EXPECT_EQ(sorted(map), (contents{{1, 10}, {2, 20}}));
  EXPECT_TRUE(map.insert(9, 90)) << "every lock was released";
}

// Runs a function when asked to compare: the way into a map's inside from an equality.
struct calling_equal {
  static inline std::function<void()> call;
  bool operator()(int a, int b) const {
    if (call) {
      call();
    }
    return a == b;
  }
};

TYPED_TEST(concurrent_maps, using_the_map_from_its_own_equality_is_reported) {
  const throwing_misuse misuse;
  typename TypeParam::template map<int, int, gauntlet::hash<int>, calling_equal> map;
  map.insert(1, 10);
  calling_equal::call = [&map] { map.erase(1); };
  // An operation that must ask: equal bytes alone may be answer enough for a lookup.
  EXPECT_THROW(map.update(1, [](int&) {}), misuse_error);
  calling_equal::call = nullptr;
  EXPECT_TRUE(map.contains(1));
}

TYPED_TEST(concurrent_maps, a_report_of_reentry_names_both_operations) {
  const throwing_misuse misuse;
  typename TestFixture::int_map map{{1, 10}};
  try {
    map.update(1, [&map](int&) { map.erase(1); });
    FAIL() << "not reported";
  } catch (const misuse_error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("this operation:  erase"), std::string::npos) << text;
    EXPECT_NE(text.find("other operation: update"), std::string::npos) << text;
  }
}

TEST(sharded_map, elements_spread_over_the_shards_whatever_the_keys_look_like) {
  constexpr std::size_t shards = 64;
  for (const std::uint64_t stride :
       {std::uint64_t{1}, std::uint64_t{64}, std::uint64_t{1} << 32U, std::uint64_t{1} << 52U}) {
    std::vector<int> load(shards);
    for (std::uint64_t number = 0; number < 4096; ++number) {
      ++load[gauntlet::sharded_map_policy::route(number * stride, shards)];
    }
    const auto [least, most] = std::minmax_element(load.begin(), load.end());
    EXPECT_GT(*least, 0) << "stride " << stride;
    EXPECT_LT(*most, 4 * 64) << "stride " << stride;
  }
}

// Puts every element it inserts through the wrong door, as a hash that differs between two objects would.
class misrouting_map : public sharded_family::map<int, int> {
 public:
  void insert_into_wrong_shard(int key, int value) {
    shard& wrong = this->shards_[(this->route(key) + 1) % shard_count];
    const locked guard(wrong.lock);
    wrong.map.try_emplace(key, value);
  }
};

TEST(sharded_map, the_self_check_finds_an_element_in_a_wrong_shard) {
  misrouting_map map;
  map.insert(1, 10);
  EXPECT_TRUE(map.self_check());
  map.insert_into_wrong_shard(2, 20);
  std::ostringstream dump;
  EXPECT_FALSE(map.self_check(&dump));
  EXPECT_NE(dump.str().find("belongs to shard"), std::string::npos) << dump.str();
}

TEST(contracts, each_map_declares_what_its_header_says) {
  using shared = shared_family::map<int, int>;
  using sharded = sharded_family::map<int, int>;
  EXPECT_EQ(shared::contracts.for_each, consistency::linearizable);
  EXPECT_EQ(shared::contracts.size, consistency::linearizable);
  EXPECT_EQ(sharded::contracts.insert, consistency::linearizable);
  EXPECT_EQ(sharded::contracts.for_each, consistency::weak);
  EXPECT_EQ(sharded::contracts.erase_if, consistency::weak);
  EXPECT_EQ(sharded::contracts.size, consistency::weak);
  EXPECT_EQ(sharded::contracts.snapshot, consistency::linearizable);
  using concurrent = concurrent_family::map<int, int>;
  EXPECT_EQ(concurrent::contracts.insert, consistency::linearizable);
  EXPECT_EQ(concurrent::contracts.for_each, consistency::weak);
  EXPECT_EQ(concurrent::contracts.clear, consistency::weak);
  EXPECT_EQ(concurrent::contracts.swap, consistency::quiescent);
  using routed = routed_family::map<int, int>;
  EXPECT_EQ(routed::contracts.update, consistency::linearizable);
  EXPECT_EQ(routed::contracts.snapshot, consistency::weak);
  EXPECT_STREQ(to_string(consistency::weak), "weak");
}

}  // namespace
