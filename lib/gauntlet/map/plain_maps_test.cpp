// What hash_map and bucket_map have in common, by example: the interface of the standard's unordered maps.
#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/map/plain_maps_test_types.h>

namespace gauntlet {
namespace {

using namespace gauntlet::testing;

template <class Family>
class PlainMaps : public ::testing::Test {};
TYPED_TEST_SUITE(PlainMaps, plain_families, plain_family_names);

TYPED_TEST(PlainMaps, AVectorOfMapsMovesThemWhenItGrows) {
  std::vector<typename TypeParam::template map<u64, u64>> maps(1);
  maps[0][7] = 8;
  const auto* const element = &*maps[0].find(7);
  for (std::size_t i = maps.capacity(); maps.size() <= i;) maps.emplace_back();
  EXPECT_EQ(&*maps[0].find(7), element);
}
// Either kind may be the source: the elements are the same.
TYPED_TEST(PlainMaps, TakesTheElementsOfTheOtherKind) {
  using map = typename TypeParam::template with<std::string, int>;
  map to{{"a", 1}};
  hash_map<std::string, int> hashed{{"a", 2}, {"b", 3}};
  bucket_map<std::string, int> bucketed{{"b", 4}, {"c", 5}};
  to.merge(hashed);
  to.merge(std::move(bucketed));
  EXPECT_EQ(to, (map{{"a", 1}, {"b", 3}, {"c", 5}}));
  EXPECT_EQ(hashed, (hash_map<std::string, int>{{"a", 2}}));
  EXPECT_EQ(bucketed, (bucket_map<std::string, int>{{"b", 4}}));
  EXPECT_TRUE(to.self_check() && hashed.self_check() && bucketed.self_check());
}
TYPED_TEST(PlainMaps, AMapWithAValueThatDiffersFromItselfDiffersFromItself) {
  typename TypeParam::template map<u64, double> m{{1, 2.0}};
  const auto& same = m;
  EXPECT_TRUE(m == same);
  m[3] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(m == same);
}
TYPED_TEST(PlainMaps, InsertsDoNotReplaceAndAssignmentsDo) {
  typename TypeParam::template with<std::string, int> m;
  EXPECT_TRUE(m.insert({"a", 1}).second);
  EXPECT_FALSE(m.insert({"a", 2}).second);
  EXPECT_FALSE(m.emplace("a", 3).second);
  EXPECT_FALSE(m.try_emplace("a", 4).second);
  EXPECT_EQ(m.at("a"), 1);
  EXPECT_FALSE(m.insert_or_assign("a", 5).second);
  EXPECT_EQ(m.at("a"), 5);
  EXPECT_TRUE(m.insert_or_assign("b", 6).second);
  m["c"] += 7;
  EXPECT_EQ(m["c"], 7);
  EXPECT_EQ(m.emplace_hint(m.end(), "d", 8)->second, 8);
  EXPECT_EQ(m.try_emplace(m.end(), "e", 9)->second, 9);
  EXPECT_EQ(m.insert_or_assign(m.end(), "e", 10)->second, 10);
  EXPECT_EQ(m.emplace(std::piecewise_construct, std::forward_as_tuple(3, 'x'), std::forward_as_tuple(11)).first->first,
            "xxx");
  m.insert({{"a", 0}, {"f", 12}});
  EXPECT_EQ(m.size(), 7U);
  EXPECT_EQ(m.at("a"), 5);
  EXPECT_TRUE(healthy(m));
}
TYPED_TEST(PlainMaps, TryEmplaceLeavesItsArgumentsAloneWhenTheKeyIsThere) {
  typename TypeParam::template with<u64, std::unique_ptr<int>> m;
  auto value = std::make_unique<int>(1);
  EXPECT_TRUE(m.try_emplace(1, std::move(value)).second);
  value = std::make_unique<int>(2);
  EXPECT_FALSE(m.try_emplace(1, std::move(value)).second);
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(*m.at(1), 1);
}
TYPED_TEST(PlainMaps, AnArgumentMayReferToAnElementThatGrowthMoves) {
  typename TypeParam::template with<u64, std::string> m;
  m[0] = "a string too long to be kept in place, so that a dangling reference would show";
  for (u64 k = 1; k < 200; ++k) {
    m.try_emplace(k, m.at(k - 1));
    ASSERT_EQ(m.at(k), m.at(0));
  }
}
TYPED_TEST(PlainMaps, AKeyThatIsErasedMayBeTheElementsOwn) {
  typename TypeParam::template with<std::string, std::string> m;
  const auto name_of = [](int n) { return "a key too long to be kept in place, number " + std::to_string(n); };
  int next = 0;
  for (int round = 0; round < 8; ++round) {  // each time with growth in another place
    while (m.size() < (std::size_t{16} << round)) {
      m.try_emplace(name_of(next), name_of(next + 1));
      ++next;
      const auto at = m.find(name_of(next / 2));
      if (at != m.end() && next % 3 == 0) {
        ASSERT_EQ(m.erase(at->first), 1u);
      }
    }
  }
  // Nor need a key stay that is another element's value.
  std::size_t erased = 0;
  for (int n = 0; n < next; ++n) {
    if (const auto at = m.find(name_of(n)); at != m.end()) erased += m.erase(at->second);
  }
  EXPECT_GT(erased, 0u);
  EXPECT_TRUE(m.self_check());
}
TYPED_TEST(PlainMaps, LooksUpViewsAndLiteralsWithoutMakingKeys) {
  typename TypeParam::template map<std::string, int, hash<std::string>, std::equal_to<>> m{{"one", 1}, {"two", 2}};
  const auto& constant = m;
  EXPECT_TRUE(m.contains(std::string_view("one")));
  EXPECT_EQ(m.find("two")->second, 2);
  EXPECT_EQ(constant.find("two")->second, 2);
  EXPECT_EQ(m.count("three"), 0U);
  EXPECT_EQ(m.at(std::string_view("one")), 1);
  EXPECT_EQ(m.erase(std::string_view("one")), 1U);
  EXPECT_EQ(m.extract("two").mapped(), 2);
  EXPECT_TRUE(m.empty());
}
template <class Map>
void find_many_agrees_with_find(u64 elements) {
  Map m;
  for (u64 k = 0; k < elements; ++k) m.try_emplace(k * 3);
  for (const u64 count : {0U, 1U, 31U, 32U, 33U, 64U, 1000U}) {
    std::vector<u64> keys;
    for (u64 i = 0; i < count; ++i) keys.push_back(mix(i, 5) % (elements * 4 + 1));
    std::size_t visited = 0;
    std::as_const(m).find_many(keys.begin(), keys.end(), [&](const u64& key, typename Map::const_iterator found) {
      ASSERT_EQ(&key, &keys[visited++]);
      ASSERT_EQ(found, std::as_const(m).find(key));
    });
    EXPECT_EQ(visited, count);
  }
}
TYPED_TEST(PlainMaps, FindManyFindsWhatFindFinds) {
  find_many_agrees_with_find<typename TypeParam::template map<u64, std::array<u64, 40>>>(20000);  // more than 4 MiB
  for (const u64 elements : {0U, 1U, 40U, 6000U}) {
    find_many_agrees_with_find<typename TypeParam::template map<u64, u64>>(elements);
    find_many_agrees_with_find<typename TypeParam::template with<u64, u64>>(elements);
  }
  using tiny = typename TypeParam::tiny;
  find_many_agrees_with_find<typename TypeParam::template with<u64, u64, tiny, paired_hash>>(300);
  find_many_agrees_with_find<typename TypeParam::template with<u64, u64, tiny, truncated_hash>>(100);
}
TYPED_TEST(PlainMaps, FindManyTakesViewsAndGivesWhatCanBeWritten) {
  typename TypeParam::template map<std::string, int, hash<std::string>, std::equal_to<>> m{{"a", 1}, {"b", 2}};
  const std::vector<std::string_view> keys{"b", "c", "a", "b"};
  std::string missing;
  m.find_many(keys.begin(), keys.end(), [&](std::string_view key, auto found) {
    if (found == m.end()) {
      missing += key;
    } else {
      found->second *= 10;
    }
  });
  EXPECT_EQ(missing, "c");
  EXPECT_EQ(m, (decltype(m){{"a", 10}, {"b", 200}}));
}
TYPED_TEST(PlainMaps, HoldsTypesThatOnlyMoveOrHaveNoDefaultOrAreOverAligned) {
  struct alignas(128) wide {
    explicit wide(u64 v) : value(v) {}
    u64 value;
  };
  typename TypeParam::template with<std::unique_ptr<int>, wide> m;
  std::vector<const int*> keys;
  for (u64 i = 0; i < 100; ++i) {
    auto key = std::make_unique<int>(static_cast<int>(i));
    keys.push_back(key.get());
    m.try_emplace(std::move(key), i);
  }
  EXPECT_EQ(m.size(), 100U);
  for (auto& [key, value] : m) {
    EXPECT_EQ(static_cast<u64>(*key), value.value);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&value) % 128, 0U);
  }
  EXPECT_TRUE(healthy(m));
}

template <class Family>
struct tree {
  int value = 0;
  typename Family::template map<std::string, tree> children;
};
TYPED_TEST(PlainMaps, MapsNestAndMakeThemselves) {
  typename TypeParam::template map<std::string, typename TypeParam::template map<std::string, int>> m;
  m["a"]["b"] = 1;
  m["a"]["c"] = 2;
  EXPECT_EQ(m["a"].size(), 2U);
  tree<TypeParam> root;
  root.children["x"].children["y"].value = 3;
  const tree<TypeParam> copy = root;
  EXPECT_EQ(copy.children.at("x").children.at("y").value, 3);
}
TYPED_TEST(PlainMaps, EqualMapsAreEqualWhateverTheirHistory) {
  typename TypeParam::template with<u64, u64> a, b;
  for (u64 k = 0; k < 100; ++k) a[k] = k;
  for (u64 k = 200; k-- > 0;) b[k] = k;
  EXPECT_FALSE(a == b);
  for (u64 k = 100; k < 200; ++k) b.erase(k);
  EXPECT_TRUE(a == b);
  b[5] = 6;
  EXPECT_TRUE(a != b);
}
TYPED_TEST(PlainMaps, EraseByIteratorMovesNothing) {  // promise (6)
  typename TypeParam::template with<u64, u64> m;
  for (u64 k = 0; k < 300; ++k) m[k] = k;
  std::unordered_map<u64, const u64*> places;
  for (const auto& [k, v] : m) places[k] = &v;
  std::set<u64> left;
  for (auto it = m.begin(); it != m.end();) {
    const u64 k = it->first;
    ASSERT_EQ(&it->second, places.at(k));
    if (k % 3 == 0) {
      ++it;
      left.insert(k);
    } else {
      it = m.erase(it);
    }
    ASSERT_TRUE(healthy(m));
  }
  EXPECT_EQ(m.size(), left.size());
  for (const u64 k : left) EXPECT_EQ(m.at(k), k);
  EXPECT_EQ(m.erase(m.begin(), m.end()), m.end());
  EXPECT_TRUE(m.empty());
  EXPECT_TRUE(healthy(m));
}
TYPED_TEST(PlainMaps, EraseRangeErasesExactlyTheRange) {
  for (std::size_t from = 0; from <= 20; from += 5) {
    for (std::size_t to = from; to <= 20; to += 5) {
      typename TypeParam::template with<u64, u64> m;
      for (u64 k = 0; k < 20; ++k) m[k] = k;
      const auto first = std::next(m.begin(), static_cast<long>(from)),
                 last = std::next(m.begin(), static_cast<long>(to));
      std::set<u64> kept;
      for (auto it = m.begin(); it != first; ++it) kept.insert(it->first);
      for (auto it = last; it != m.end(); ++it) kept.insert(it->first);
      EXPECT_EQ(m.erase(first, last), last);
      std::set<u64> left;
      for (const auto& element : m) left.insert(element.first);
      EXPECT_EQ(left, kept);
    }
  }
}
TYPED_TEST(PlainMaps, NodesCarryElementsBetweenMaps) {
  typename TypeParam::template with<std::string, std::unique_ptr<int>> a, b;
  a.try_emplace("x", std::make_unique<int>(1));
  a.try_emplace("y", std::make_unique<int>(2));
  auto node = a.extract("x");
  ASSERT_TRUE(node);
  EXPECT_EQ(a.size(), 1U);
  node.key() = "z";
  auto done = b.insert(std::move(node));
  EXPECT_TRUE(done.inserted);
  EXPECT_EQ(*done.position->second, 1);
  b.try_emplace("y", std::make_unique<int>(3));
  auto refused = b.insert(a.extract(a.begin()));
  EXPECT_FALSE(refused.inserted);
  EXPECT_EQ(refused.position->first, "y");
  EXPECT_EQ(*refused.node.mapped(), 2);
  EXPECT_TRUE(a.empty());
  EXPECT_FALSE(b.insert(typename decltype(b)::node_type()).inserted);
}
TYPED_TEST(PlainMaps, AssigningAndSwappingAMapWithItselfChangesNothing) {
  typename TypeParam::template with<u64, u64> m;
  for (u64 k = 0; k < 50; ++k) m[k] = k;
  const auto copy = m;
  auto& same = m;
  m = same;
  EXPECT_EQ(m, copy);
  m = std::move(same);
  EXPECT_EQ(m, copy);
  m.swap(same);
  EXPECT_EQ(m, copy);
  EXPECT_TRUE(healthy(m));
}
template <class Map>
void copies_moves_and_swaps(std::size_t count) {
  Map m;
  for (u64 k = 0; k < count; ++k) m[k] = k * 3;
  Map copy(m);
  EXPECT_TRUE(healthy(copy));
  EXPECT_EQ(copy, m);
  Map moved(std::move(m));
  EXPECT_EQ(moved, copy);
  EXPECT_TRUE(m.empty());
  EXPECT_EQ(m.stats().bytes, 0U);
  EXPECT_TRUE(healthy(m));
  m[7] = 8;  // a moved-from map is fully usable
  EXPECT_EQ(m.size(), 1U);
  swap(m, moved);
  EXPECT_EQ(m, copy);
  EXPECT_EQ(moved.size(), 1U);
  EXPECT_TRUE(healthy(m) && healthy(moved));
  moved = m;
  EXPECT_EQ(moved, copy);
  m = std::move(moved);
  EXPECT_EQ(m, copy);
  EXPECT_TRUE(moved.empty());
  m = {{1, 2}, {3, 4}};
  EXPECT_EQ(m.size(), 2U);
  EXPECT_TRUE(healthy(m) && healthy(moved));
}
TYPED_TEST(PlainMaps, CopiesMovesAndSwapsKeepContents) {
  for (const std::size_t count : {0U, 1U, 5U, 9U, 30U, 400U}) {
    copies_moves_and_swaps<typename TypeParam::template with<u64, u64>>(count);
    copies_moves_and_swaps<typename TypeParam::template with<u64, u64, typename TypeParam::tiny, constant_hash>>(
        std::min<std::size_t>(count, 40));
    copies_moves_and_swaps<typename TypeParam::template with<u64, u64, typename TypeParam::full>>(count * 10);
  }
}
TYPED_TEST(PlainMaps, EveryMapHasItsOwnSeed) {
  typename TypeParam::template map<u64, u64> a, b;
  for (u64 k = 0; k < 1000; ++k) a[k] = b[k] = k;
  EXPECT_FALSE(std::equal(a.begin(), a.end(), b.begin()));
  const auto copy = a;
  EXPECT_TRUE(std::equal(a.begin(), a.end(), copy.begin()));
}
TYPED_TEST(PlainMaps, MergeTakesWhatIsMissingAndLeavesTheRest) {
  typename TypeParam::template with<u64, u64> a;
  typename TypeParam::template with<u64, u64, typename TypeParam::full, identity_hash> b;
  for (u64 k = 0; k < 60; ++k) a[k] = k;
  for (u64 k = 40; k < 300; ++k) b[k] = k + 1000;
  a.merge(b);  // from a map with another policy and another hash
  EXPECT_EQ(a.size(), 300U);
  EXPECT_EQ(b.size(), 20U);
  for (u64 k = 0; k < 300; ++k) EXPECT_EQ(a.at(k), k < 60 ? k : k + 1000);
  for (u64 k = 40; k < 60; ++k) EXPECT_EQ(b.at(k), k + 1000);
  a.merge(a);
  EXPECT_EQ(a.size(), 300U);
  a.merge(std::move(b));
  EXPECT_TRUE(healthy(a) && healthy(b));
}
TYPED_TEST(PlainMaps, AgreesWithTheStandardMapAtFullSize) {
  typename TypeParam::template with<u64, u64, typename TypeParam::full_with_fixed_seed> m;
  std::unordered_map<u64, u64> model;
  std::mt19937_64 random(3);
  for (int step = 0; step < 60000; ++step) {
    const u64 key = random() % 15000;
    if (random() % 8 < (step < 30000 ? 6U : 2U)) {
      ASSERT_EQ(m.emplace(key, step).second, model.emplace(key, step).second);
    } else {
      ASSERT_EQ(m.erase(key), model.erase(key));
    }
    if (step % 5000 == 0) {
      ASSERT_TRUE(healthy(m));
    }
  }
  for (const auto& [k, v] : model) ASSERT_EQ(m.at(k), v);
  EXPECT_EQ(m.size(), model.size());
  EXPECT_GT(TypeParam::growths(m.stats()), 8U);
}

}  // namespace
}  // namespace gauntlet
