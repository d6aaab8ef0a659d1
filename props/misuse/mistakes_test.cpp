// Classic mistakes that one thread makes: each is shown, noticed where something can notice it, and done right.
// README.md beside this says why. What threads do wrong is in on_threads.cpp.
//
// What is undefined runs where it is noticed: hash_map's own checks, libstdc++'s debug containers (__gnu_debug::map is
// there in every build), or a process of its own.
#include <cstdint>
#include <debug/map>
#include <debug/unordered_map>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/map/composite_key.h>
#include <gauntlet/map/deep_copy.h>
#include <gauntlet/map/hash_map.h>

#include "counting_allocator.h"

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ADDRESS_SANITIZER
#endif
#endif

namespace {

using u64 = std::uint64_t;
using gauntlet::misuse_kind;

template <class Key, class T>
using checked_map = gauntlet::hash_map<Key, T, gauntlet::hash<Key>, std::equal_to<>,
                                       std::allocator<std::pair<const Key, T>>, gauntlet::tiny_policy>;

template <class Map>
Map numbers(u64 count) {
  Map m;
  for (u64 k = 0; k < count; ++k) m[k] = k;
  return m;
}

// What the map notices while `use` runs.
std::optional<misuse_kind> noticed(const std::function<void()>& use) {
  const gauntlet::misuse_handler before =
      gauntlet::set_misuse_handler([](const gauntlet::misuse_report& report) { throw report.kind; });
  std::optional<misuse_kind> kind;
  try {
    use();
  } catch (misuse_kind thrown) {
    kind = thrown;
  }
  gauntlet::set_misuse_handler(before);
  return kind;
}

// ---------------------------------------------------------------------------------- erase in a for loop, stale iterator

template <class Map>
void erase_even(Map& m) {
  for (auto it = m.begin(); it != m.end(); ++it) {
    if (it->second % 2 == 0) m.erase(it);  // and then ++it
  }
}

TEST(erasing_in_a_for_loop, goes_on_from_an_element_that_is_gone) {
  auto m = numbers<checked_map<u64, u64>>(10);
  EXPECT_EQ(noticed([&] { erase_even(m); }), misuse_kind::stale_iterator);
  auto ordered = numbers<__gnu_debug::map<u64, u64>>(10);
  EXPECT_DEATH(erase_even(ordered), "singular iterator");
}

#ifdef UNDER_ADDRESS_SANITIZER
TEST(erasing_in_a_for_loop, is_noticed_by_address_sanitizer_in_unordered_map) {
  auto hashed = numbers<std::unordered_map<u64, u64>>(10);
  EXPECT_DEATH(erase_even(hashed), "heap-use-after-free");
}
#endif

TEST(erasing_in_a_for_loop, is_right_with_the_iterator_that_erase_returns) {
  const auto erase_even_rightly = [](auto m) {
    for (auto it = m.begin(); it != m.end();) it = it->second % 2 == 0 ? m.erase(it) : std::next(it);
    return m.size();
  };
  EXPECT_EQ(erase_even_rightly(numbers<checked_map<u64, u64>>(10)), 5U);
  EXPECT_EQ(erase_even_rightly(numbers<__gnu_debug::map<u64, u64>>(10)), 5U);
  auto m = numbers<checked_map<u64, u64>>(10);
  EXPECT_EQ(erase_if(m, [](const auto& element) { return element.second % 2 == 0; }), 5U);
}

// --------------------------------------------------------------------------------------------------- insert while walking

template <class Map>
unsigned insert_partners(Map& m) {
  unsigned visits = 0;
  for (const auto& [key, value] : m) {
    ++visits;
    if (m.size() < 100) m.insert({key + 1000, value});
  }
  return visits;
}

TEST(inserting_while_walking, invalidates_the_walk_or_prolongs_it) {
  auto m = numbers<checked_map<u64, u64>>(10);
  EXPECT_EQ(noticed([&] { insert_partners(m); }), misuse_kind::stale_iterator);
  auto hashed = numbers<__gnu_debug::unordered_map<u64, u64>>(10);
  EXPECT_DEATH(insert_partners(hashed), "singular iterator");
  auto ordered = numbers<std::map<u64, u64>>(10);
  EXPECT_EQ(insert_partners(ordered), 100U);  // defined, but it meets what it inserts: without the bound, for ever
}

TEST(inserting_while_walking, is_right_with_a_cursor) {
  auto m = numbers<checked_map<u64, u64>>(100);
  std::map<u64, unsigned> visits;
  for (auto c = m.walk(); c; c.next()) {
    ++visits[c->first];
    if (c->first < 1000) m[c->first + 1000] = c->second;
  }
  EXPECT_EQ(m.size(), 200U);
  for (u64 k = 0; k < 100; ++k) EXPECT_EQ(visits[k], 1U);               // promise (1)
  for (const auto& [key, count] : visits) EXPECT_LE(count, 1U) << key;  // promise (3)
}

// ---------------------------------------------------------------------------------------- reading an absent inner map

TEST(reading_an_absent_inner_map, writes_or_looks_behind_the_end) {
  std::map<std::string, std::map<std::string, int>> m;
  EXPECT_EQ(m["rome"]["left"], 0);
  EXPECT_EQ(m.size(), 1U);  // reading wrote, twice
  EXPECT_EQ(m["rome"].size(), 1U);
  __gnu_debug::map<std::string, int> absent;
  EXPECT_DEATH((void)absent.find("left")->second, "past-the-end");
}

TEST(reading_an_absent_inner_map, is_right_with_find_at_each_level) {
  checked_map<std::string, checked_map<std::string, int>> m;
  const auto get = [&](std::string_view outer, std::string_view inner) -> std::optional<int> {
    const auto found = m.find(outer);
    if (found == m.end()) return std::nullopt;
    const auto in = found->second.find(inner);
    return in == found->second.end() ? std::nullopt : std::optional(in->second);
  };
  EXPECT_EQ(get("rome", "left"), std::nullopt);
  EXPECT_TRUE(m.empty());
  m["rome"]["left"] = 3;  // writing is what [] is for
  EXPECT_EQ(get("rome", "left"), 3);
  EXPECT_EQ(get("rome", "right"), std::nullopt);
}

// ---------------------------------------------------------------------------------- holding a reference across growth

TEST(a_reference_held_across_growth, leads_to_where_the_element_was) {
  checked_map<u64, u64> m{{0, 7}};
  const auto before = reinterpret_cast<std::uintptr_t>(&m.at(0));
  for (u64 k = 1; k < 100; ++k) m[k] = k;
  EXPECT_NE(reinterpret_cast<std::uintptr_t>(&m.at(0)), before);
}

#ifdef UNDER_ADDRESS_SANITIZER
TEST(a_reference_held_across_growth, is_noticed_by_address_sanitizer) {
  checked_map<u64, u64> m{{0, 7}};
  const volatile u64& held = m.at(0);
  for (u64 k = 1; k < 100; ++k) m[k] = k;
  EXPECT_DEATH((void)held, "heap-use-after-free");
}
#endif

TEST(a_reference_held_across_growth, is_right_in_maps_of_nodes_or_to_something_that_stays) {
  std::unordered_map<u64, u64> nodes{{0, 7}};
  const u64& held = nodes.at(0);
  checked_map<u64, std::unique_ptr<u64>> m;
  m[0] = std::make_unique<u64>(7);
  const u64& pointee = *m.at(0);
  for (u64 k = 1; k < 100; ++k) {
    nodes[k] = k;
    m[k] = std::make_unique<u64>(k);
  }
  EXPECT_EQ(held, 7U);
  EXPECT_EQ(pointee, 7U);
}

// ------------------------------------------------------------------------- copying a map of pointers, editing the copy

TEST(a_copied_map_of_pointers, shares_every_value_with_its_original) {
  const std::map<std::string, std::shared_ptr<int>> original{{"volume", std::make_shared<int>(3)}};
  auto copy = original;
  *copy["volume"] = 11;
  EXPECT_EQ(*original.at("volume"), 11);
}

TEST(a_copied_map_of_pointers, is_right_as_a_deep_copy) {
  const std::map<std::string, std::shared_ptr<int>> original{{"volume", std::make_shared<int>(3)}};
  auto copy = gauntlet::deep_copy(original);
  *copy["volume"] = 11;
  EXPECT_EQ(*original.at("volume"), 3);
}

// --------------------------------------------------------------------------------- serialising as a "deep copy"

struct account {
  std::string name;
  int cents = 0;
  std::shared_ptr<int> limit;  // came later than the functions below; several accounts share one
  friend bool operator==(const account&, const account&) = default;
};

std::string write(const account& a) { return a.name + ' ' + std::to_string(a.cents); }
account read(const std::string& text) {
  account a;
  std::istringstream(text) >> a.name >> a.cents;
  return a;
}

}  // namespace

template <>
struct gauntlet::deep_copy_traits<account> {
  static constexpr auto members = std::tuple(&account::name, &account::cents, &account::limit);
};

namespace {

TEST(serialising_as_a_deep_copy, loses_what_the_format_does_not_know) {
  const auto limit = std::make_shared<int>(500);
  EXPECT_EQ(read(write({"ada", 12, limit})).limit, nullptr);                    // a member that came later
  EXPECT_NE(read(write({"ada b", 12, nullptr})).name, "ada b");                 // a name with a blank
  EXPECT_EQ(read(write({"ada", 12, nullptr})), (account{"ada", 12, nullptr}));  // and the test of old passes
}

// A member left out of `members` is refused by the compiler: map_compile_fail.deep_copy.MISSING_MEMBER.
TEST(serialising_as_a_deep_copy, is_right_with_all_members_named) {
  const auto limit = std::make_shared<int>(500);
  const std::map<int, account> original{{1, {"ada b", 12, limit}}, {2, {"bob", 7, limit}}};
  const auto copy = gauntlet::deep_copy(original);
  EXPECT_EQ(copy.at(1).name, "ada b");
  EXPECT_EQ(*copy.at(1).limit, 500);
  EXPECT_NE(copy.at(1).limit, limit);
  EXPECT_EQ(copy.at(1).limit, copy.at(2).limit);  // what was shared still is
}

// ------------------------------------------------------------------------------------------------- a view as a key

// hash_map<std::string_view, int> is refused by the compiler: map_compile_fail.composite_key.HASH_MAP. What follows is what
// borrowed_key does for who says so wrongly, and what a view does in any map that takes it.
using view_key = gauntlet::borrowed_key<std::string_view>;

TEST(a_view_as_a_key, changes_with_what_it_looks_at) {
  checked_map<view_key, int> m;
  std::string line = "anna";
  m[view_key(line)] = 1;
  line = "emil";  // the next line is read into the same buffer
  EXPECT_FALSE(m.contains("anna"));
  EXPECT_EQ(m.begin()->first.view(), "emil");
  std::ostringstream dump;
  EXPECT_FALSE(m.self_check(&dump));
}

#ifdef UNDER_ADDRESS_SANITIZER
TEST(a_view_as_a_key, is_noticed_by_address_sanitizer_once_the_text_is_gone) {
  checked_map<view_key, int> m;
  auto line = std::make_unique<std::string>("a text too long to be kept inside the string");
  m[view_key(*line)] = 1;
  const std::string same = *line;
  line.reset();
  EXPECT_DEATH((void)m.contains(same), "heap-use-after-free");
}
#endif

TEST(a_view_as_a_key, is_right_for_looking_up) {
  checked_map<std::string, int> m;
  std::string line = "anna";
  m[line] = 1;
  line = "emil";
  EXPECT_EQ(m.at(std::string_view("anna")), 1);  // no string is made
  EXPECT_TRUE(m.self_check());
}

// --------------------------------------------------------------------- deleting everything and expecting memory back

template <template <class, class> class Map>
std::size_t bytes_after_erasing_all_of(u64 count) {
  using element = std::pair<const u64, u64>;
  Map<u64, props::counting_allocator<element>> m;
  for (u64 k = 0; k < count; ++k) m[k] = k;
  for (u64 k = 0; k < count; ++k) m.erase(k);
  EXPECT_TRUE(m.empty());
  return props::bytes_out;
}
template <class T, class Allocator>
using standard_map = std::unordered_map<u64, T, std::hash<u64>, std::equal_to<u64>, Allocator>;
template <class T, class Allocator>
using our_map = gauntlet::hash_map<u64, T, gauntlet::hash<u64>, std::equal_to<u64>, Allocator>;

TEST(deleting_everything, leaves_the_buckets_of_the_fullest_moment) {
  EXPECT_GE(bytes_after_erasing_all_of<standard_map>(100'000), 100'000 * sizeof(void*));
  std::unordered_map<u64, u64> m;
  m.reserve(100'000);
  const std::size_t buckets = m.bucket_count();
  m.clear();
  EXPECT_EQ(m.bucket_count(), buckets);  // clear gives none back either
}

TEST(deleting_everything, is_right_in_a_map_that_shrinks_or_by_giving_the_map_up) {
  EXPECT_LE(bytes_after_erasing_all_of<our_map>(100'000), 1024U);
  std::unordered_map<u64, u64> m;
  m.reserve(100'000);
  std::unordered_map<u64, u64>().swap(m);
  EXPECT_LT(m.bucket_count(), 100U);
}

}  // namespace
