// What a map is after something threw: hash, equality, allocation, construction, copy, move, at every place they can.
// hash_map and bucket_map alike; what one of them promises beyond that: NAME_exceptions_test.cpp. Nodes:
// plain_maps_exceptions_test.cpp.
//
// Each test repeats an operation with the first, second, third ... chance to fail taken, until it succeeds.
#include <map>
#include <random>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <gauntlet/map/plain_maps_test_types.h>

namespace gauntlet {
namespace {

using namespace gauntlet::testing;

template <class Family>
class PlainMapsFaults : public ::testing::Test {};
TYPED_TEST_SUITE(PlainMapsFaults, plain_families, plain_family_names);

template <class Family, class Element, class Policy = typename Family::tiny>
void inserts_happen_or_do_not() {
  memory_account account;
  long chances = 0;
  {
    using map = risky<Family, Element, Element, Policy>;
    map m{typename map::allocator_type(account)};
    std::mt19937_64 random(5);
    for (int i = 0; i < 120; ++i) {
      const u64 key = random() % 400;
      auto before = contents(m);
      chances += with_every_fault([&] { m.try_emplace(Element(key), key + 1); },
                                  [&] {
                                    ASSERT_TRUE(healthy(m));
                                    if constexpr (std::is_same_v<Element, fragile>) {
                                      for (const auto& [k, v] : contents(m)) ASSERT_EQ(before.at(k), v);
                                      before = contents(m);
                                    } else {
                                      ASSERT_EQ(contents(m), before);
                                    }
                                  });
      ASSERT_TRUE(healthy(m));
      before.try_emplace(key, key + 1);
      if constexpr (!std::is_same_v<Element, fragile>) {
        ASSERT_EQ(contents(m), before);
      }
    }
    EXPECT_GT(Family::growths(m.stats()), 2U);
  }
  EXPECT_GT(chances, 300);
  EXPECT_EQ(account.blocks, 0U);
  EXPECT_EQ(Element::alive, 0);
}

TYPED_TEST(PlainMapsFaults, AFailedInsertLeavesTheContentsAsTheyWere) {  // promise (8)
  inserts_happen_or_do_not<TypeParam, steady>();
  inserts_happen_or_do_not<TypeParam, shaky>();
}
TEST(HashMapFaults, AFailedInsertLeavesTheContentsOfTablesOfOtherSizesAsTheyWere) {  // promise (8)
  inserts_happen_or_do_not<hash_family, steady, small_policy>();
  inserts_happen_or_do_not<hash_family, shaky, one_group_policy>();
}
TYPED_TEST(PlainMapsFaults, TypesThatCanNeitherCopyNorMoveSafelyLoseElementsButNotTheMap) {  // promise (9)
  inserts_happen_or_do_not<TypeParam, fragile>();
}

template <class Family, class Element>
void erases_happen_or_do_not() {
  memory_account account;
  {
    using map = risky<Family, Element, Element>;
    map m{typename map::allocator_type(account)};
    for (u64 k = 0; k < 150; ++k) m.try_emplace(Element(k), k);
    for (u64 k = 0; k < 150; ++k) {
      auto before = contents(m);
      bool gone = false;
      with_every_fault(
          [&] {
            if (k % 3 == 0) {
              gone |= m.erase(Element(k)) == 1;
            } else if (k % 3 == 1) {
              const auto it = m.find(Element(k));
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
  EXPECT_EQ(Element::alive, 0);
}

TYPED_TEST(PlainMapsFaults, AFailedEraseLeavesTheElementWhereItWas) {
  erases_happen_or_do_not<TypeParam, steady>();
  erases_happen_or_do_not<TypeParam, shaky>();
}

TYPED_TEST(PlainMapsFaults, AFailedCopyLeavesNothingBehindAndTheTargetAsItWas) {
  using map = risky<TypeParam, shaky, shaky>;
  memory_account account;
  {
    const typename map::allocator_type allocator(account);
    map m(allocator), target(allocator);
    for (u64 k = 0; k < 60; ++k) m.try_emplace(shaky(k), k);
    for (u64 k = 0; k < 20; ++k) target.try_emplace(shaky(k + 500), k);
    const auto before = contents(target);
    EXPECT_GT(with_every_fault([&] { map copy(m); }, [&] { ASSERT_TRUE(healthy(m)); }), 60);
    EXPECT_GT(with_every_fault([&] { target = m; },
                               [&] {
                                 ASSERT_TRUE(healthy(target));
                                 ASSERT_EQ(contents(target), before);
                               }),
              60);
    EXPECT_EQ(contents(target), contents(m));
  }
  EXPECT_EQ(account.blocks, 0U);
  EXPECT_EQ(shaky::alive, 0);
}

TYPED_TEST(PlainMapsFaults, ReservingShrinkingAndMergingSurviveFaults) {
  using map = risky<TypeParam, steady, steady>;
  memory_account account;
  {
    const typename map::allocator_type allocator(account);
    map m(allocator), other(allocator);
    for (u64 k = 0; k < 60; ++k) m.try_emplace(steady(k), k);
    for (u64 k = 30; k < 90; ++k) other.try_emplace(steady(k), k);
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
  EXPECT_EQ(steady::alive, 0);
}

}  // namespace
}  // namespace gauntlet
