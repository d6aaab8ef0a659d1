// What a map is after something threw: hash, equality, allocation, construction, copy, move, at every place they can.
//
// Each test repeats an operation with the first, second, third ... chance to fail taken, until it succeeds.
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/hash_map_test_types.h>

namespace gauntlet {
namespace {

using namespace gauntlet::testing;

template <moving Moving, class Policy = tiny_policy>
using risky_map = hash_map<counted<Moving>, counted<Moving>, throwing_hash, throwing_equal,
                           accounting_allocator<std::pair<const counted<Moving>, counted<Moving>>>, Policy>;

template <class Map>
std::map<u64, u64> contents(const Map& m) {
  std::map<u64, u64> all;
  for (const auto& [k, v] : m) {
    EXPECT_FALSE(k.moved_from || v.moved_from);
    EXPECT_TRUE(all.emplace(k.value, v.value).second);
  }
  EXPECT_EQ(all.size(), m.size());
  return all;
}

template <moving Moving, class Policy>
void inserts_happen_or_do_not() {
  memory_account account;
  long chances = 0;
  {
    risky_map<Moving, Policy> m(accounting_allocator<std::pair<const counted<Moving>, counted<Moving>>>{account});
    std::mt19937_64 random(5);
    for (int i = 0; i < 120; ++i) {
      const u64 key = random() % 400;
      auto before = contents(m);
      chances += with_every_fault([&] { m.try_emplace(counted<Moving>(key), key + 1); },
                                  [&] {
                                    ASSERT_TRUE(healthy(m));
                                    if constexpr (Moving == moving::may_throw_and_no_copy) {
                                      for (const auto& [k, v] : contents(m)) ASSERT_EQ(before.at(k), v);
                                      before = contents(m);
                                    } else {
                                      ASSERT_EQ(contents(m), before);
                                    }
                                  });
      ASSERT_TRUE(healthy(m));
      before.try_emplace(key, key + 1);
      if constexpr (Moving != moving::may_throw_and_no_copy) {
        ASSERT_EQ(contents(m), before);
      }
    }
    EXPECT_GT(m.stats().splits + m.stats().growths, 2U);
  }
  EXPECT_GT(chances, 300);
  EXPECT_EQ(account.blocks, 0U);
  EXPECT_EQ(counted<Moving>::alive, 0);
}

TEST(HashMapExceptions, AFailedInsertLeavesTheContentsAsTheyWere) {  // promise (8)
  inserts_happen_or_do_not<moving::never_throws, tiny_policy>();
  inserts_happen_or_do_not<moving::may_throw, tiny_policy>();
  inserts_happen_or_do_not<moving::never_throws, small_policy>();
  inserts_happen_or_do_not<moving::may_throw, one_group_policy>();
}
TEST(HashMapExceptions, TypesThatCanNeitherCopyNorMoveSafelyLoseElementsButNotTheMap) {  // promise (9)
  inserts_happen_or_do_not<moving::may_throw_and_no_copy, tiny_policy>();
}

template <moving Moving>
void erases_happen_or_do_not() {
  memory_account account;
  {
    risky_map<Moving> m(accounting_allocator<std::pair<const counted<Moving>, counted<Moving>>>{account});
    for (u64 k = 0; k < 150; ++k) m.try_emplace(counted<Moving>(k), k);
    for (u64 k = 0; k < 150; ++k) {
      auto before = contents(m);
      bool gone = false;
      with_every_fault(
          [&] {
            if (k % 3 == 0) {
              gone |= m.erase(counted<Moving>(k)) == 1;
            } else if (k % 3 == 1) {
              const auto it = m.find(counted<Moving>(k));
              if (it != m.end()) m.erase(it);
              gone = true;
            } else {
              gone |= erase_if(m, [k](auto& element) {
                        faults::chance();
                        return element.first.value == k;
                      }) == 1;
            }
          },
          [&] {
            ASSERT_TRUE(healthy(m));
            if (k % 3 != 2) {
              ASSERT_EQ(contents(m), before);
            }
          });
      ASSERT_TRUE(healthy(m));
      before.erase(k);
      ASSERT_EQ(contents(m), before);
    }
  }
  EXPECT_EQ(account.blocks, 0U);
  EXPECT_EQ(counted<Moving>::alive, 0);
}

TEST(HashMapExceptions, AFailedEraseLeavesTheElementWhereItWas) {
  erases_happen_or_do_not<moving::never_throws>();
  erases_happen_or_do_not<moving::may_throw>();
}

TEST(HashMapExceptions, AFailedCopyLeavesNothingBehindAndTheTargetAsItWas) {
  using key = counted<moving::may_throw>;
  memory_account account;
  {
    const accounting_allocator<std::pair<const key, key>> allocator(account);
    risky_map<moving::may_throw> m(allocator), target(allocator);
    for (u64 k = 0; k < 60; ++k) m.try_emplace(key(k), k);
    for (u64 k = 0; k < 20; ++k) target.try_emplace(key(k + 500), k);
    const auto before = contents(target);
    EXPECT_GT(with_every_fault([&] { risky_map<moving::may_throw> copy(m); }, [&] { ASSERT_TRUE(healthy(m)); }), 60);
    EXPECT_GT(with_every_fault([&] { target = m; },
                               [&] {
                                 ASSERT_TRUE(healthy(target));
                                 ASSERT_EQ(contents(target), before);
                               }),
              60);
    EXPECT_EQ(contents(target), contents(m));
  }
  EXPECT_EQ(account.blocks, 0U);
  EXPECT_EQ(counted<moving::may_throw>::alive, 0);
}

TEST(HashMapExceptions, ReservingShrinkingAndMergingSurviveFaults) {
  using key = counted<moving::never_throws>;
  memory_account account;
  {
    const accounting_allocator<std::pair<const key, key>> allocator(account);
    risky_map<moving::never_throws> m(allocator), other(allocator);
    for (u64 k = 0; k < 60; ++k) m.try_emplace(key(k), k);
    for (u64 k = 30; k < 90; ++k) other.try_emplace(key(k), k);
    const auto before = contents(m);
    const auto same = [&] {
      ASSERT_TRUE(healthy(m));
      ASSERT_EQ(contents(m), before);
    };
    with_every_fault([&] { m.reserve(400); }, same);
    with_every_fault([&] { m.shrink_to_fit(); }, same);
    same();
    with_every_fault([&] { m.merge(other); },
                     [&] {
                       ASSERT_TRUE(healthy(m) && healthy(other));
                       ASSERT_EQ(m.size() + other.size(), 120U);
                       contents(m);
                       contents(other);
                     });
    EXPECT_EQ(m.size(), 90U);
    EXPECT_EQ(other.size(), 30U);
  }
  EXPECT_EQ(account.blocks, 0U);
  EXPECT_EQ(key::alive, 0);
}

// Fails every allocation from now on, not one: tables fill to the brim first, and then the insert fails.
struct dry_allocator_state {
  static inline bool dry = false;
};
template <class T>
struct dry_allocator {
  using value_type = T;
  dry_allocator() = default;
  template <class U>
  dry_allocator(const dry_allocator<U>&) {}
  T* allocate(std::size_t n) {
    if (dry_allocator_state::dry) throw std::bad_alloc();
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* at, std::size_t n) { std::allocator<T>().deallocate(at, n); }
  friend bool operator==(dry_allocator, dry_allocator) { return true; }
};

TEST(HashMapExceptions, WithoutMemoryATableFillsToTheBrimBeforeAnInsertFails) {
  hash_map<u64, u64, hash<u64>, std::equal_to<u64>, dry_allocator<std::pair<const u64, u64>>, tiny_policy> m;
  for (u64 k = 0; k < 11; ++k) m[k] = k;
  ASSERT_EQ(m.stats().tables, 1U);
  dry_allocator_state::dry = true;
  for (u64 k = 11; k < 14; ++k) m[k] = k;
  EXPECT_EQ(m.size(), 14U);
  EXPECT_THROW(m[14], std::bad_alloc);
  EXPECT_EQ(m.size(), 14U);
  EXPECT_TRUE(healthy(m));
  EXPECT_FALSE(m.contains(14));
  m.erase(3);
  m[14] = 14;
  EXPECT_TRUE(healthy(m));
  dry_allocator_state::dry = false;
  for (u64 k = 15; k < 50; ++k) m[k] = k;
  EXPECT_TRUE(healthy(m));
}

}  // namespace
}  // namespace gauntlet
