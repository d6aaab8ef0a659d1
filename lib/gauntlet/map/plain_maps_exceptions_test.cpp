// Elements whose key and value differ in what their moves promise, on their way out of hash_map and bucket_map and back
// in: nothing may be left of an operation that throws but what the map promises.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <memory_resource>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/map/plain_maps_test_types.h>

namespace gauntlet {
namespace {

using namespace gauntlet::testing;

template <class Family>
class PlainMapsExceptions : public ::testing::Test {};
TYPED_TEST_SUITE(PlainMapsExceptions, plain_families, plain_family_names);

std::map<u64, u64> together(std::map<u64, u64> a, const std::map<u64, u64>& b) {
  for (const auto& [k, v] : b) EXPECT_TRUE(a.emplace(k, v).second);
  return a;
}

// Two maps of one memory, and all of it is given back.
template <class Map>
struct two_maps {
  memory_account account;
  Map a{typename Map::allocator_type(account)}, b{typename Map::allocator_type(account)};
  explicit two_maps(u64 count) {
    for (u64 k = 0; k < count; ++k) a.try_emplace(typename Map::key_type(k), k + 100);
  }
  void expect_order() const {
    ASSERT_TRUE(healthy(a));
    ASSERT_TRUE(healthy(b));
  }
};

template <class Map>
void extractions_happen_or_do_not() {
  two_maps<Map> maps(40);
  for (u64 k = 0; k < 40; ++k) {
    const auto before = contents(maps.a);
    typename Map::node_type node;
    with_every_fault(
        [&] {
          const typename Map::key_type key(k);
          node = k % 2 == 0 ? maps.a.extract(key) : maps.a.extract(maps.a.find(key));
        },
        [&] {
          maps.expect_order();
          ASSERT_EQ(contents(maps.a), before);
        });
    ASSERT_FALSE(node.empty());
    EXPECT_TRUE(node.key().value == k && !node.key().moved_from);
    EXPECT_TRUE(node.mapped().value == k + 100 && !node.mapped().moved_from);
  }
  EXPECT_TRUE(maps.a.empty());
}
TYPED_TEST(PlainMapsExceptions, AFailedExtractionLeavesKeyAndValueWhereTheyWere) {
  extractions_happen_or_do_not<risky<TypeParam, steady, shaky>>();
  extractions_happen_or_do_not<risky<TypeParam, shaky, steady>>();
  extractions_happen_or_do_not<risky<TypeParam, shaky, shaky>>();
  EXPECT_EQ(steady::alive, 0);
  EXPECT_EQ(shaky::alive, 0);
}

template <class Map>
void nodes_arrive_or_stay() {
  two_maps<Map> maps(60);
  for (u64 k = 0; k < 60; ++k) {
    typename Map::node_type node = maps.a.extract(typename Map::key_type(k));
    const auto before = contents(maps.b);
    with_every_fault(
        [&] {
          auto done = maps.b.insert(std::move(node));
          ASSERT_TRUE(done.inserted);
        },
        [&] {
          maps.expect_order();
          ASSERT_EQ(contents(maps.b), before);
          ASSERT_FALSE(node.empty());
          ASSERT_TRUE(node.key().value == k && !node.key().moved_from);
          ASSERT_TRUE(node.mapped().value == k + 100 && !node.mapped().moved_from);
        });
    ASSERT_TRUE(node.empty());
    ASSERT_EQ(contents(maps.b).size(), k + 1);
  }
}
TYPED_TEST(PlainMapsExceptions, ANodeThatCannotBeInsertedKeepsKeyAndValue) {
  nodes_arrive_or_stay<risky<TypeParam, steady, shaky>>();
  nodes_arrive_or_stay<risky<TypeParam, shaky, steady>>();
  nodes_arrive_or_stay<risky<TypeParam, steady, steady>>();
  EXPECT_EQ(steady::alive, 0);
  EXPECT_EQ(shaky::alive, 0);
}

template <class Map>
void merges_lose_nothing() {
  two_maps<Map> maps(60);
  const auto all = contents(maps.a);
  EXPECT_GT(with_every_fault([&] { maps.b.merge(maps.a); },
                             [&] {
                               maps.expect_order();
                               ASSERT_EQ(together(contents(maps.a), contents(maps.b)), all);
                             }),
            10);
  EXPECT_EQ(contents(maps.b), all);
  EXPECT_TRUE(maps.a.empty());
}
TYPED_TEST(PlainMapsExceptions, AMergeThatThrowsHasEveryElementInOneOfTheMaps) {
  merges_lose_nothing<risky<TypeParam, steady, shaky>>();
  merges_lose_nothing<risky<TypeParam, shaky, steady>>();
  merges_lose_nothing<risky<TypeParam, steady, steady>>();
  EXPECT_EQ(steady::alive, 0);
  EXPECT_EQ(shaky::alive, 0);
}

// Where memory is missing, no move has been tried yet.
TYPED_TEST(PlainMapsExceptions, ANodeThatMemoryIsMissingForStaysThoughItCouldNotComeBack) {
  two_maps<risky<TypeParam, steady, fragile>> maps(60);
  std::size_t refused = 0;
  for (u64 k = 0; k < 60; ++k) {
    auto node = maps.a.extract(steady(k));
    maps.account.exhausted = true;
    try {
      maps.b.insert(std::move(node));
    } catch (const std::bad_alloc&) {
      ++refused;
      maps.account.exhausted = false;
      ASSERT_FALSE(node.empty());
      EXPECT_EQ(node.key().value, k);
      EXPECT_EQ(node.mapped().value, k + 100);
      EXPECT_FALSE(node.key().moved_from || node.mapped().moved_from);
      maps.b.insert(std::move(node));
    }
    maps.account.exhausted = false;
    maps.expect_order();
    ASSERT_EQ(contents(maps.b).size(), k + 1);
  }
  EXPECT_GT(refused, 0U);
}

// Of elements that can only be moved, and throw then, the one on its way may get lost; no part of it stays behind.
TYPED_TEST(PlainMapsExceptions, AnElementThatCannotBeCopiedIsLostAsAWhole) {
  using map = risky<TypeParam, steady, fragile>;
  const auto part_of = [](const std::map<u64, u64>& some, const std::map<u64, u64>& all) {
    return std::includes(all.begin(), all.end(), some.begin(), some.end());
  };
  {
    two_maps<map> maps(40);
    std::size_t lost = 0, kept = 0;
    for (u64 k = 0; k < 40; ++k) {
      typename map::node_type node;
      auto before = contents(maps.a);
      with_every_fault(
          [&] {
            const auto it = maps.a.find(steady(k));
            if (it != maps.a.end()) node = k % 2 == 0 ? maps.a.extract(steady(k)) : maps.a.extract(it);
          },
          [&] {
            maps.expect_order();
            const auto after = contents(maps.a);
            ASSERT_TRUE(part_of(after, before));
            ++(after.size() == before.size() ? kept : lost);
            before = after;
          });
      if (node.empty()) continue;
      const auto there = contents(maps.b);
      with_every_fault([&] { maps.b.insert(std::move(node)); },
                       [&] {
                         maps.expect_order();
                         ASSERT_TRUE(part_of(contents(maps.b), there));
                         ASSERT_TRUE(node.empty() || (!node.key().moved_from && !node.mapped().moved_from));
                       });
    }
    EXPECT_GT(lost, 0U);
    EXPECT_GT(kept, 0U);  // where memory, hash or equality failed
    for (u64 k = 100; k < 140; ++k) maps.a.try_emplace(steady(k), k);
    const auto all = together(contents(maps.a), contents(maps.b));
    with_every_fault([&] { maps.b.merge(maps.a); },
                     [&] {
                       maps.expect_order();
                       ASSERT_TRUE(part_of(together(contents(maps.a), contents(maps.b)), all));
                     });
    EXPECT_TRUE(maps.a.empty());
    EXPECT_EQ(maps.account.blocks != 0, !maps.b.empty());
  }
  EXPECT_EQ(steady::alive, 0);
  EXPECT_EQ(fragile::alive, 0);
}

// ---- between allocators. A pmr key or value is made anew in the other map's memory, which may be missing.

class resource_that_may_fail : public std::pmr::memory_resource {
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    faults::chance();
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* at, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(at, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }
};

using words = std::pmr::vector<u64>;
struct words_hash {
  std::size_t operator()(const words& k) const { return k.empty() ? 0 : k[0]; }
  std::size_t operator()(const std::pair<words, u64>& k) const { return (*this)(k.first) + k.second; }
};
template <class Family, class Key, class T>
using pooled =
    typename Family::template map<Key, T, words_hash, std::equal_to<Key>,
                                  std::pmr::polymorphic_allocator<std::pair<const Key, T>>, typename Family::tiny>;

void expect_memory_of(const words& part, const std::pmr::memory_resource& where) {
  EXPECT_EQ(part.get_allocator().resource(), &where);
}
template <class Second>
void expect_memory_of(const std::pair<words, Second>& part, const std::pmr::memory_resource& where) {
  expect_memory_of(part.first, where);
}

// What the maps hold together, and that each element lies in the memory of its map.
template <class Map>
std::vector<typename Map::key_type> keys_of(const Map& m, const std::pmr::memory_resource& where) {
  EXPECT_TRUE(healthy(m));
  std::vector<typename Map::key_type> keys;
  for (const auto& [k, v] : m) {
    EXPECT_EQ(v, words({7, 8, 9}));
    EXPECT_TRUE(m.contains(k));
    expect_memory_of(k, where);
    expect_memory_of(v, where);
    keys.push_back(k);
  }
  return keys;
}

template <class Map, class MakeKey>
void merges_between_resources(MakeKey key) {
  resource_that_may_fail here, there;
  Map a(&here), b(&there);
  for (u64 k = 0; k < 30; ++k) a.try_emplace(key(k), words{7, 8, 9});
  auto all = keys_of(a, here);
  std::sort(all.begin(), all.end());
  EXPECT_GT(with_every_fault([&] { b.merge(a); },
                             [&] {
                               auto now = keys_of(a, here);
                               const auto gone = keys_of(b, there);
                               now.insert(now.end(), gone.begin(), gone.end());
                               std::sort(now.begin(), now.end());
                               ASSERT_EQ(now, all);
                             }),
            10);
  EXPECT_EQ(keys_of(b, there).size(), 30U);
  EXPECT_TRUE(a.empty());
}
TYPED_TEST(PlainMapsExceptions, AMergeBetweenMemoryResourcesLosesNothing) {
  merges_between_resources<pooled<TypeParam, words, words>>([](u64 k) { return words{k, 2, 3}; });
  merges_between_resources<pooled<TypeParam, std::pair<words, u64>, words>>(
      [](u64 k) { return std::pair{words{1, 2}, k}; });
}

TYPED_TEST(PlainMapsExceptions, ANodeOfAnotherMemoryResourceIsInsertedAsAWholeOrStays) {
  using map = pooled<TypeParam, words, words>;
  resource_that_may_fail here, there;
  map a(&here), b(&there);
  for (u64 k = 0; k < 30; ++k) a.try_emplace(words{k, 2, 3}, words{7, 8, 9});
  for (u64 k = 0; k < 30; ++k) {
    auto node = a.extract(words{k, 2, 3});
    EXPECT_GT(with_every_fault([&] { b.insert(std::move(node)); },
                               [&] {
                                 ASSERT_EQ(keys_of(b, there).size(), k);
                                 ASSERT_FALSE(node.empty());
                                 ASSERT_EQ(node.key(), words({k, 2, 3}));
                                 ASSERT_EQ(node.mapped(), words({7, 8, 9}));
                                 expect_memory_of(node.key(), here);
                               }),
              2);
    ASSERT_EQ(keys_of(b, there).size(), k + 1);
  }
}

// A vector of what can only be moved says that it can be copied.
TYPED_TEST(PlainMapsExceptions, BetweenMemoryResourcesWhatCannotBeCopiedIsLostAsAWhole) {
  using map = pooled<TypeParam, words, std::pmr::vector<std::unique_ptr<u64>>>;
  resource_that_may_fail here, there;
  map a(&here), b(&there);
  for (u64 k = 0; k < 30; ++k) a[words{k, 2, 3}].push_back(std::make_unique<u64>(k));
  std::size_t failures = 0;
  with_every_fault([&] { b.merge(a); },
                   [&] {
                     ++failures;
                     for (map* m : {&a, &b}) {
                       ASSERT_TRUE(healthy(*m));
                       for (const auto& [k, v] : *m) ASSERT_TRUE(m->contains(k) && v.size() == 1 && *v[0] == k[0]);
                     }
                     ASSERT_LE(a.size() + b.size(), 30U);
                     ASSERT_GE(a.size() + b.size() + failures, 30U);
                   });
  EXPECT_GT(b.size(), 10U);
  EXPECT_TRUE(a.empty());
}

// What an allocator does not reach moves as ever.
TYPED_TEST(PlainMapsExceptions, BetweenMemoryResourcesWhatDoesNotUseThemMoves) {
  using map =
      typename TypeParam::template map<u64, std::unique_ptr<u64>, hash<u64>, std::equal_to<u64>,
                                       std::pmr::polymorphic_allocator<std::pair<const u64, std::unique_ptr<u64>>>,
                                       typename TypeParam::tiny>;
  resource_that_may_fail here, there;
  map a(&here), b(&there);
  for (u64 k = 0; k < 60; ++k) a.try_emplace(k, std::make_unique<u64>(k));
  with_every_fault([&] { b.merge(a); }, [&] { ASSERT_EQ(a.size() + b.size(), 60U); });
  EXPECT_EQ(b.size(), 60U);
  for (const auto& [k, v] : b) EXPECT_TRUE(v != nullptr && *v == k);
}

// ---- hash and equality with states of their own, that throw when they are copied or assigned

enum class throws_from { copy_only, every_assignment };

template <throws_from From>
struct stateful {
  u64 state = 0;
  explicit stateful(u64 of) : state(of) {}
  stateful(const stateful& other) : state(other.state) { faults::chance(); }
  stateful& operator=(const stateful& other) {
    faults::chance();
    state = other.state;
    return *this;
  }
  stateful(stateful&&) noexcept(From == throws_from::copy_only) = default;
  stateful& operator=(stateful&& other) noexcept(From == throws_from::copy_only) {
    if constexpr (From != throws_from::copy_only) faults::chance();
    state = other.state;
    return *this;
  }
};
template <throws_from From>
struct stateful_hash : stateful<From> {
  using stateful<From>::stateful;
  std::size_t operator()(u64 key) const { return key * (this->state | 1); }
};
template <throws_from From>
struct stateful_equal : stateful<From> {
  using stateful<From>::stateful;
  bool operator()(u64 a, u64 b) const { return (a ^ this->state) == (b ^ this->state); }
};
template <class Family, throws_from From>
using map_with_state = typename Family::template map<u64, u64, stateful_hash<From>, stateful_equal<From>,
                                                     std::allocator<std::pair<const u64, u64>>, typename Family::tiny>;

template <class Map>
Map numbers(u64 from, u64 to, u64 state) {
  Map m(0, typename Map::hasher(state), typename Map::key_equal(state));
  for (u64 k = from; k < to; ++k) m[k] = k;
  return m;
}
template <class Map>
::testing::AssertionResult holds_numbers(const Map& m, u64 from, u64 to, u64 state) {
  if (const auto in_order = healthy(m); !in_order) return in_order;
  if (m.size() != to - from) return ::testing::AssertionFailure() << "size " << m.size();
  for (u64 k = from; k < to; ++k) {
    if (!m.contains(k)) return ::testing::AssertionFailure() << "no " << k;
  }
  if (m.hash_function().state != state || m.key_eq().state != state)
    return ::testing::AssertionFailure() << "with the wrong hash or equality";
  return ::testing::AssertionSuccess();
}
// A map that an assignment or a swap left half done: empty, and as good as new.
template <class Map>
void expect_empty_and_of_use(Map& m) {
  ASSERT_TRUE(healthy(m));
  ASSERT_TRUE(m.empty());
  for (u64 k = 0; k < 40; ++k) m[k] = k;
  for (u64 k = 0; k < 40; ++k) ASSERT_TRUE(m.contains(k));
  ASSERT_TRUE(healthy(m));
}

TYPED_TEST(PlainMapsExceptions, AFailedCopyAssignmentLeavesContentsHashAndEquality) {
  using map = map_with_state<TypeParam, throws_from::copy_only>;
  const map from = numbers<map>(50, 80, 7);
  map to = numbers<map>(0, 40, 3);
  EXPECT_EQ(with_every_fault([&] { to = from; }, [&] { ASSERT_TRUE(holds_numbers(to, 0, 40, 3)); }), 3);
  EXPECT_TRUE(holds_numbers(to, 50, 80, 7));
}
TYPED_TEST(PlainMapsExceptions, WhereAssigningHashOrEqualityThrowsTheTargetIsAsItWasOrEmpty) {
  using map = map_with_state<TypeParam, throws_from::every_assignment>;
  const map from = numbers<map>(50, 80, 7);
  long emptied = 0;
  for (long chance = 1;; ++chance) {
    map to = numbers<map>(0, 40, 3);
    faults::countdown = chance;
    try {
      to = from;
      faults::countdown = -1;
      EXPECT_TRUE(holds_numbers(to, 50, 80, 7));
      break;
    } catch (const fault&) {
      faults::countdown = -1;
      if (to.empty()) {
        ++emptied;
        expect_empty_and_of_use(to);
      } else {
        ASSERT_TRUE(holds_numbers(to, 0, 40, 3));
      }
    }
  }
  EXPECT_EQ(emptied, 2);
}
TYPED_TEST(PlainMapsExceptions, WhereAssigningHashOrEqualityThrowsAMoveLeavesTheOtherMap) {
  using map = map_with_state<TypeParam, throws_from::every_assignment>;
  map from = numbers<map>(50, 80, 7);
  map to = numbers<map>(0, 40, 3);
  EXPECT_EQ(with_every_fault([&] { to = std::move(from); },
                             [&] {
                               expect_empty_and_of_use(to);
                               ASSERT_TRUE(holds_numbers(from, 50, 80, 7));
                             }),
            3);
  EXPECT_TRUE(holds_numbers(to, 50, 80, 7));
}
TYPED_TEST(PlainMapsExceptions, ASwapWhoseHashOrEqualityThrowsEmptiesBothMaps) {
  using map = map_with_state<TypeParam, throws_from::every_assignment>;
  long failures = 0;
  for (long chance = 1;; ++chance) {
    map a = numbers<map>(0, 40, 3), b = numbers<map>(50, 80, 7);
    faults::countdown = chance;
    try {
      a.swap(b);
      faults::countdown = -1;
      EXPECT_TRUE(holds_numbers(a, 50, 80, 7));
      EXPECT_TRUE(holds_numbers(b, 0, 40, 3));
      break;
    } catch (const fault&) {
      faults::countdown = -1;
      ++failures;
      expect_empty_and_of_use(a);
      expect_empty_and_of_use(b);
    }
  }
  EXPECT_EQ(failures, 4);
  static_assert(noexcept(std::declval<map_with_state<TypeParam, throws_from::copy_only>&>().swap(
      std::declval<map_with_state<TypeParam, throws_from::copy_only>&>())));
}

}  // namespace
}  // namespace gauntlet
