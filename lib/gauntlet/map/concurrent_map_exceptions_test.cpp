// What concurrent_map does when hashes, equalities, constructors, visitors and the allocator throw, each at every chance.
#include <gauntlet/map/concurrent_map_test_types.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <stdexcept>
#include <utility>

namespace {

using gauntlet::testing::accounting_allocator;
using gauntlet::testing::counted;
using gauntlet::testing::fault;
using gauntlet::testing::faults;
using gauntlet::testing::healthy;
using gauntlet::testing::memory_account;
using gauntlet::testing::moving;
using gauntlet::testing::throwing_equal;
using gauntlet::testing::throwing_hash;
using gauntlet::testing::truncated_hash;
using tiny = gauntlet::testing::tiny_concurrent_policy;
using u64 = std::uint64_t;

// Each chance to fail in turn: until an operation gets through, the map must be what it was.
template <class Map, class Operation>
void has_no_effect_until_it_succeeds(Map& map, Operation operation) {
  for (long chance = 1;; ++chance) {
    const std::size_t size = map.approximate_size();
    faults::countdown = chance;
    try {
      operation();
      faults::countdown = -1;
      break;
    } catch (const fault&) {  // then it is to have changed nothing
    }
    ASSERT_EQ(map.approximate_size(), size);
    ASSERT_TRUE(healthy(map)) << "after failure " << chance;
  }
  ASSERT_TRUE(healthy(map));
}

template <moving Moving>
void survives_throwing_elements() {
  using element = counted<Moving>;
  memory_account account;
  using allocator = accounting_allocator<std::pair<const element, element>>;
  {
    gauntlet::concurrent_map<element, element, throwing_hash, throwing_equal, allocator, tiny> map{
        throwing_hash(), throwing_equal(), allocator(account)};
    for (u64 i = 0; i < 40; ++i) {
      has_no_effect_until_it_succeeds(map, [&] { map.try_emplace(element(i), i); });
    }
    has_no_effect_until_it_succeeds(map, [&] { map.update(element(3), [](element& e) { e.value = 4; }); });
    has_no_effect_until_it_succeeds(map, [&] { EXPECT_TRUE(map.contains(element(3))); });
    for (u64 i = 0; i < 20; ++i) has_no_effect_until_it_succeeds(map, [&] { map.erase(element(i)); });
    for (u64 i = 20; i < 25; ++i) has_no_effect_until_it_succeeds(map, [&] { (void)map.extract(element(i)); });
    has_no_effect_until_it_succeeds(map, [&] { map.shrink_to_fit(); });
    EXPECT_EQ(map.size(), 15U);
    std::size_t asked = 0;
    EXPECT_THROW(map.erase_if([&](const element&, const element&) { return ++asked < 6 ? true : throw fault(); }),
                 fault);
    EXPECT_EQ(map.size(), 10U);
    EXPECT_TRUE(healthy(map));
  }
  EXPECT_EQ(account.blocks, 0U);
  EXPECT_EQ(element::alive, 0);
}

TEST(concurrent_map, survives_everything_that_throws) {
  survives_throwing_elements<moving::never_throws>();
  survives_throwing_elements<moving::may_throw>();
  survives_throwing_elements<moving::may_throw_and_no_copy>();
}

TEST(concurrent_map, in_words_survives_a_hash_an_equality_and_an_allocator_that_throw) {
  memory_account account;
  using allocator = accounting_allocator<std::pair<const u64, u64>>;
  {
    gauntlet::concurrent_map<u64, u64, throwing_hash, throwing_equal, allocator, tiny> map{
        throwing_hash(), throwing_equal(), allocator(account)};
    for (u64 i = 0; i < 100; ++i) has_no_effect_until_it_succeeds(map, [&] { map.insert(i, i); });
    has_no_effect_until_it_succeeds(map, [&] { map.insert_or_assign(5, 6); });
    for (u64 i = 0; i < 90; ++i) has_no_effect_until_it_succeeds(map, [&] { EXPECT_TRUE(map.erase(i)); });
    has_no_effect_until_it_succeeds(map, [&] { map.shrink_to_fit(); });
    EXPECT_EQ(map.size(), 10U);
  }
  EXPECT_EQ(account.blocks, 0U);
}

TEST(concurrent_map, in_words_a_visitor_that_throws_has_changed_nothing) {
  gauntlet::testing::concurrent_with<int, int> map{{1, 10}};
  EXPECT_THROW(map.update(1, [](int& value) { value = 11, throw std::runtime_error("visitor"); }), std::runtime_error);
  EXPECT_EQ(map.find(1), 10);
}

// ---- between allocators that differ, elements move one by one: wherever that ends, each is in one of the two maps

template <class Key, class T>
using accounted = gauntlet::concurrent_map<Key, T, throwing_hash, throwing_equal,
                                           accounting_allocator<std::pair<const Key, T>>, tiny>;

using number_pair = std::pair<u64, u64>;

// Adds the elements of a map, which must be whole, to `into`.
template <class Key, class T>
void gather(const accounted<Key, T>& map, std::multiset<number_pair>& into) {
  const auto number = [](const auto& of) -> u64 {
    if constexpr (requires { of.moved_from; }) {
      EXPECT_FALSE(of.moved_from) << "element " << of.value;
      return of.value;
    } else {
      return of;
    }
  };
  EXPECT_TRUE(healthy(map));
  map.for_each([&](const Key& key, const T& value) { into.emplace(number(key), number(value)); });
}

// operation(to, from) with each chance to fail in turn, each time on new maps: `to` has 0 to 9, `from` has 5 to 29. Then
// both together have all that `must` be there and nothing else, but for what `may` have gone.
template <class Key, class T, class Operation>
void loses_nothing(Operation operation, const std::multiset<number_pair>& must, const std::multiset<number_pair>& may) {
  memory_account here, there;
  using map = accounted<Key, T>;
  for (long chance = 1, failed = true; failed; ++chance) {
    {
      map to{throwing_hash(), throwing_equal(), typename map::allocator_type(here)};
      map from{throwing_hash(), throwing_equal(), typename map::allocator_type(there)};
      for (u64 i = 0; i < 10; ++i) to.try_emplace(Key(i), i);
      for (u64 i = 5; i < 30; ++i) from.try_emplace(Key(i), i + 100);
      faults::countdown = chance;
      try {
        operation(to, from);
        failed = false;
      } catch (const fault&) {  // wherever it got to
      }
      faults::countdown = -1;
      std::multiset<number_pair> both;
      gather(to, both);
      gather(from, both);
      ASSERT_TRUE(std::includes(both.begin(), both.end(), must.begin(), must.end())) << "after failure " << chance;
      std::multiset<number_pair> more;
      std::set_difference(both.begin(), both.end(), must.begin(), must.end(), std::inserter(more, more.end()));
      ASSERT_TRUE(std::includes(may.begin(), may.end(), more.begin(), more.end())) << "after failure " << chance;
      ASSERT_TRUE(failed || more.empty());
    }
    ASSERT_EQ(here.blocks, 0U) << "after failure " << chance;
    ASSERT_EQ(there.blocks, 0U) << "after failure " << chance;
  }
}

template <class Key, class T>
void merges_and_moves_without_loss() {
  std::multiset<number_pair> target, source;
  for (u64 i = 0; i < 10; ++i) target.emplace(i, i);
  for (u64 i = 5; i < 30; ++i) source.emplace(i, i + 100);
  std::multiset<number_pair> all = target;
  all.insert(source.begin(), source.end());
  loses_nothing<Key, T>([](auto& to, auto& from) { to.merge(from); }, all, {});
  loses_nothing<Key, T>([](auto& to, auto& from) { to = std::move(from); }, source, target);
}

TEST(concurrent_map, an_element_that_fails_to_move_to_another_allocator_is_still_in_one_of_the_maps) {
  using sure = counted<moving::never_throws>;
  using unsure = counted<moving::may_throw>;
  using only_moves = counted<moving::may_throw_and_no_copy>;
  merges_and_moves_without_loss<u64, u64>();
  merges_and_moves_without_loss<sure, sure>();
  merges_and_moves_without_loss<sure, unsure>();
  merges_and_moves_without_loss<unsure, sure>();
  merges_and_moves_without_loss<unsure, unsure>();
  merges_and_moves_without_loss<sure, only_moves>();
  merges_and_moves_without_loss<unsure, only_moves>();
  merges_and_moves_without_loss<only_moves, sure>();
  EXPECT_EQ(sure::alive + unsure::alive + only_moves::alive, 0);
}

// A merge that finds no memory for a chain undoes what it has done.
TEST(concurrent_map, an_erasure_whose_merge_finds_no_memory_succeeds) {
  memory_account account;
  using allocator = accounting_allocator<std::pair<const u64, u64>>;
  {
    gauntlet::concurrent_map<u64, u64, truncated_hash, std::equal_to<u64>, allocator, tiny> map{
        truncated_hash(), std::equal_to<u64>(), allocator(account)};
    for (int round = 0; round < 20; ++round) {
      for (u64 i = 0; i < 60; ++i) map.insert(i, i);
      for (u64 i = 0; i < 60; ++i) {
        faults::countdown = 1;
        ASSERT_TRUE(map.erase((i * 7 + static_cast<u64>(round)) % 60));
        faults::countdown = -1;
        ASSERT_TRUE(healthy(map));
      }
    }
  }
  EXPECT_EQ(account.blocks, 0U);
}

}  // namespace
