// Composite keys: what is equal, what is not, what is found without making anything.
#include <gauntlet/map/bucket_map.h>
#include <gauntlet/map/composite_key.h>
#include <gauntlet/map/concurrent_map.h>
#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/rcu_map.h>
#include <gauntlet/map/sharded_map.h>
#include <gauntlet/map/shared_mutex_map.h>
#include <gauntlet/map/snapshot_map.h>
#include <gauntlet/map/sync_map.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace {

using gauntlet::borrowed_key;
using gauntlet::content_equal;
using gauntlet::content_hash;
using gauntlet::hash;
using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::uint64_t seeds[] = {0, 1, 0x9e3779b97f4a7c15, ~std::uint64_t{0}};

// The same content, under every seed and in both directions.
template <class A, class B>
void expect_same(const A& a, const B& b) {
  EXPECT_TRUE(content_equal()(a, b));
  EXPECT_TRUE(content_equal()(b, a));
  EXPECT_EQ(content_hash()(a), content_hash()(b));
  for (const std::uint64_t seed : seeds) EXPECT_EQ(content_hash()(a, seed), content_hash()(b, seed)) << seed;
}
template <class A, class B>
void expect_different(const A& a, const B& b) {
  EXPECT_FALSE(content_equal()(a, b));
  EXPECT_FALSE(content_equal()(b, a));
  for (const std::uint64_t seed : seeds) EXPECT_NE(content_hash()(a, seed), content_hash()(b, seed)) << seed;
}

TEST(composite_key, text_is_text_whatever_holds_it) {
  const std::string owner = "a text that is too long for the string itself";
  expect_same(owner, std::string_view(owner));
  expect_same(owner, owner.c_str());
  expect_same("four"s, "four");
  expect_same(borrowed_key<std::string_view>(owner), owner);
  expect_different("four"s, "five"sv);
  expect_different(""s, "\0"sv);
}

TEST(composite_key, a_sequence_is_its_elements_whatever_holds_them) {
  const std::vector<int> owner{1, -2, 3};
  expect_same(owner, std::span<const int>(owner));
  expect_same(owner, std::array<int, 3>{1, -2, 3});
  expect_same(owner, std::deque<int>{1, -2, 3});
  expect_same(owner, std::initializer_list<int>{1, -2, 3});
  expect_same(owner, borrowed_key<std::span<const int>>(owner));
  expect_same(std::vector<std::string>{"a", "bc"}, std::array<std::string_view, 2>{"a", "bc"});
  expect_different(owner, std::vector<int>{1, 3, -2});
  expect_different(std::vector<int>{}, std::vector<int>{0});
  expect_different(std::vector<int>{0}, std::vector<int>{0, 0});
}

TEST(composite_key, integers_are_equal_by_value_and_then_have_equal_hashes) {
  const gauntlet::content_equal equal;
  EXPECT_FALSE(equal(-1, 4294967295U));
  EXPECT_FALSE(equal(-1, ~std::uint64_t{0}));
  EXPECT_TRUE(equal(7, 7U) && equal(std::uint8_t{7}, std::int64_t{7}) && equal(-7, std::int64_t{-7}));
  for (const std::uint64_t seed : seeds) {
    EXPECT_EQ(content_hash()(7, seed), content_hash()(7U, seed));
    EXPECT_EQ(content_hash()(std::uint8_t{7}, seed), content_hash()(std::int64_t{7}, seed));
    EXPECT_EQ(content_hash()(-7, seed), content_hash()(std::int64_t{-7}, seed));
  }
}

TEST(composite_key, parts_are_compared_one_by_one) {
  expect_same(std::tuple("a"s, std::vector<int>{1, 2}, 3), std::tuple("a"sv, std::array<int, 2>{1, 2}, 3));
  expect_same(std::pair("a"s, 1), std::tuple("a"sv, 1));
  expect_same(std::optional("a"s), std::optional("a"sv));
  expect_same(std::optional<std::string>(), std::optional<std::string_view>());
  expect_same(std::variant<int, std::string>("a"s), std::variant<int, std::string_view>("a"sv));
  expect_different(std::pair(1, 2), std::pair(2, 1));
  expect_different(std::optional<int>(), std::optional<int>(0));
  expect_different(std::variant<int, long>(std::in_place_index<0>, 5),
                   std::variant<int, long>(std::in_place_index<1>, 5));
  expect_different(std::variant<std::monostate, int>(), std::variant<std::monostate, int>(0));
}

TEST(composite_key, boundaries_count) {
  expect_different(std::pair("a"s, "bc"s), std::pair("ab"s, "c"s));
  expect_different(std::tuple("a"s, ""s, "b"s), std::tuple("a"s, "b"s, ""s));
  expect_different(std::vector<std::string>{"ab", "c"}, std::vector<std::string>{"a", "bc"});
  expect_different(std::vector<std::vector<int>>{{1}, {2}}, std::vector<std::vector<int>>{{1, 2}, {}});
  expect_different(std::vector<std::vector<int>>{{}, {1, 2}}, std::vector<std::vector<int>>{{1, 2}, {}});
  expect_different(std::pair(std::optional<int>(1), std::optional<int>()),
                   std::pair(std::optional<int>(), std::optional<int>(1)));
}

TEST(composite_key, owners_hash_as_their_default_hash_says) {
  const std::tuple key("a"s, std::vector<std::pair<int, std::string>>{{1, "x"}}, std::optional(2.5),
                       std::variant<int, char>('c'), std::array<unsigned char, 2>{1, 2});
  for (const std::uint64_t seed : seeds) {
    EXPECT_EQ(content_hash()(key, seed), (hash<std::remove_cv_t<decltype(key)>>()(key, seed)));
  }
}

TEST(composite_key, a_small_world_has_no_two_equal_hashes) {
  // All lists of up to three lists of up to three numbers below 3: every boundary there is.
  std::vector<std::vector<int>> inner{{}};
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (inner[i].size() == 3) continue;
    for (int n = 0; n < 3; ++n) {
      inner.push_back(inner[i]);
      inner.back().push_back(n);
    }
  }
  std::vector<std::vector<std::vector<int>>> outer{{}};
  for (std::size_t i = 0; i < outer.size(); ++i) {
    if (outer[i].size() == 3) continue;
    for (const auto& each : inner) {
      outer.push_back(outer[i]);
      outer.back().push_back(each);
    }
  }
  std::set<std::uint64_t> seen;
  for (const auto& each : outer) seen.insert(content_hash()(each, 0x1234));
  EXPECT_EQ(seen.size(), outer.size());
  EXPECT_EQ(outer.size(), 1U + 40 + 1600 + 64000);
}

// ------------------------------------------------------------------------------------------------------ in the maps

// Counts what is allocated for strings.
template <class T>
struct counting_allocator {
  using value_type = T;
  static inline int allocations = 0;
  counting_allocator() = default;
  template <class U>
  counting_allocator(const counting_allocator<U>&) {}
  T* allocate(std::size_t count) {
    ++counting_allocator<char>::allocations;
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* at, std::size_t count) { std::allocator<T>().deallocate(at, count); }
  friend bool operator==(counting_allocator, counting_allocator) { return true; }
};
using counted_string = std::basic_string<char, std::char_traits<char>, counting_allocator<char>>;
using counted_key = std::tuple<counted_string, std::vector<int, counting_allocator<int>>>;
constexpr const char* long_name = "a name that is too long to be kept inside the string";

TEST(composite_key, a_lookup_by_views_allocates_nothing) {
  gauntlet::hash_map<counted_key, int, content_hash, content_equal> map;
  map[counted_key(long_name, {1, 2, 3})] = 7;
  const int before = counting_allocator<char>::allocations;
  EXPECT_GT(before, 0);
  const std::array<int, 3> numbers{1, 2, 3};
  EXPECT_EQ(map.at(std::tuple(std::string_view(long_name), std::span<const int>(numbers))), 7);
  EXPECT_EQ(map.at(std::tuple(long_name, std::span(numbers))), 7);
  EXPECT_FALSE(map.contains(std::tuple("another name, which is not there"sv, std::span(numbers))));
  EXPECT_EQ(counting_allocator<char>::allocations, before);
  EXPECT_EQ(map.erase(std::pair(std::string_view(long_name), std::span(numbers))), 1U);
}

template <class Map>
void expect_lookup_by_views() {
  Map map;
  map.insert({"one", {1}}, 1);
  map.insert({"two", {1, 2}}, 2);
  const std::array<int, 2> numbers{1, 2};
  EXPECT_EQ(map.find(std::tuple("two"sv, std::span<const int>(numbers))), std::optional(2));
  EXPECT_FALSE(map.contains(std::tuple("one"sv, std::span<const int>(numbers))));
  EXPECT_TRUE(map.erase(std::tuple("two"sv, std::span<const int>(numbers))));
  EXPECT_EQ(map.size(), 1U);
}

TEST(composite_key, every_concurrent_map_is_looked_up_by_views) {
  using key = std::tuple<std::string, std::vector<int>>;
  expect_lookup_by_views<gauntlet::shared_mutex_map<key, int, content_hash, content_equal>>();
  expect_lookup_by_views<gauntlet::sharded_map<key, int, content_hash, content_equal>>();
  expect_lookup_by_views<gauntlet::sync_map<key, int, content_hash, content_equal>>();
  expect_lookup_by_views<gauntlet::snapshot_map<key, int, content_hash, content_equal>>();
  expect_lookup_by_views<gauntlet::rcu_map<key, int, content_hash, content_equal>>();
  expect_lookup_by_views<gauntlet::concurrent_map<key, int, content_hash, content_equal>>();
}

TEST(composite_key, default_hash_and_equality_do_for_composite_keys) {
  gauntlet::hash_map<std::vector<std::pair<std::string, int>>, int> map;
  map[{{"a", 1}, {"b", 2}}] = 3;
  EXPECT_TRUE(map.contains({{"a", 1}, {"b", 2}}));
  EXPECT_FALSE(map.contains({{"b", 2}, {"a", 1}}));
  gauntlet::bucket_map<std::optional<std::array<int, 2>>, int> others;
  others[std::nullopt] = 1;
  others[{{1, 2}}] = 2;
  EXPECT_EQ(others.size(), 2U);
  EXPECT_TRUE(map.self_check());
  EXPECT_TRUE(others.self_check());
}

TEST(composite_key, a_borrowed_key_is_stored_as_a_view_and_found_by_content) {
  const std::string buffer = "GET /index.html";
  gauntlet::hash_map<borrowed_key<std::string_view>, int, content_hash, content_equal> map;
  map[borrowed_key<std::string_view>(std::string_view(buffer).substr(0, 3))] = 1;
  map[borrowed_key<std::string_view>(std::string_view(buffer).substr(4))] = 2;
  EXPECT_EQ(map.at("GET"sv), 1);
  EXPECT_EQ(map.at("/index.html"), 2);
  EXPECT_EQ(map.find("GET"s)->first.view().data(), buffer.data());
  const std::vector<int> numbers{1, 2};
  gauntlet::concurrent_map<borrowed_key<std::span<const int>>, int> spans;
  spans.insert(borrowed_key<std::span<const int>>(numbers), 5);
  const std::vector<int> same = numbers;
  EXPECT_EQ(spans.find(borrowed_key<std::span<const int>>(same)), std::optional(5));
}

TEST(composite_key, what_borrows_is_told_from_what_owns) {
  using gauntlet::borrows_bytes;
  static_assert(borrows_bytes<std::string_view> && borrows_bytes<std::span<int>> && borrows_bytes<std::wstring_view>);
  static_assert(borrows_bytes<std::tuple<int, std::optional<std::string_view>>>);
  static_assert(borrows_bytes<std::vector<std::pair<int, std::string_view>>> && borrows_bytes<std::tuple<int&>>);
  static_assert(borrows_bytes<std::variant<int, std::span<const char>>>);
  static_assert(!borrows_bytes<int> && !borrows_bytes<int*> && !borrows_bytes<std::string>);
  static_assert(!borrows_bytes<std::tuple<std::string, std::vector<std::optional<int>>>>);
  static_assert(!borrows_bytes<borrowed_key<std::string_view>>);
  static_assert(!borrows_bytes<std::pair<borrowed_key<std::string_view>, int>>);
}

}  // namespace
