// The interface of bucket_map by example, and random operations against std::unordered_map under every hash.
#include <algorithm>
#include <limits>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/map/bucket_map_test_types.h>

namespace gauntlet {
namespace {

using namespace gauntlet::testing;

// Copying it may throw, as std::function's may: a map with it makes no promise.
struct doubtful_hash {
  doubtful_hash() = default;
  doubtful_hash(const doubtful_hash&) noexcept(false) {}
  doubtful_hash& operator=(const doubtful_hash&) noexcept(false) { return *this; }
  std::size_t operator()(u64 key) const { return static_cast<std::size_t>(key); }
};
using moving = bucket_map<u64, std::string>;
using doubtful = bucket_map<u64, u64, doubtful_hash>;
static_assert(std::is_nothrow_move_constructible_v<moving> && std::is_nothrow_move_assignable_v<moving> &&
              std::is_nothrow_swappable_v<moving>);
static_assert(!std::is_nothrow_move_constructible_v<doubtful> && !std::is_nothrow_move_assignable_v<doubtful> &&
              !std::is_nothrow_swappable_v<doubtful>);
// Unequal allocators that do not propagate: assignment moves every element.
static_assert(std::is_nothrow_move_constructible_v<pmr::bucket_map<u64, u64>> &&
              !std::is_nothrow_move_assignable_v<pmr::bucket_map<u64, u64>>);

TEST(BucketMap, AVectorOfMapsMovesThemWhenItGrows) {
  std::vector<bucket_map<u64, u64>> maps(1);
  maps[0][7] = 8;
  const auto* const element = &*maps[0].find(7);
  for (std::size_t i = maps.capacity(); maps.size() <= i;) maps.emplace_back();
  EXPECT_EQ(&*maps[0].find(7), element);
}

TEST(BucketMap, AMapWithAValueThatDiffersFromItselfDiffersFromItself) {
  bucket_map<u64, double> m{{1, 2.0}};
  const auto& same = m;
  EXPECT_TRUE(m == same);
  m[3] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(m == same);
}

TEST(BucketMap, ANeverFilledMapAnswersEverythingAndHasNoMemory) {
  bucket_map<u64, u64> m;
  EXPECT_TRUE(m.empty());
  EXPECT_EQ(m.stats().bytes, 0U);
  EXPECT_EQ(m.bucket_count(), 1U);
  EXPECT_EQ(m.find(1), m.end());
  EXPECT_FALSE(m.contains(0));
  EXPECT_EQ(m.erase(1), 0U);
  EXPECT_EQ(m.begin(), m.end());
  EXPECT_THROW(m.at(1), std::out_of_range);
  EXPECT_FALSE(m.walk());
  EXPECT_TRUE(m.extract(3).empty());
  m.clear();
  m.shrink_to_fit();
  m.rehash(0);
  m.reserve(0);
  EXPECT_EQ(erase_if(m, [](auto&) { return true; }), 0U);
  EXPECT_TRUE(m == (bucket_map<u64, u64>()));
  EXPECT_EQ(m.stats().bytes, 0U);
  EXPECT_TRUE(healthy(m));
}

TEST(BucketMap, InsertsDoNotReplaceAndAssignmentsDo) {
  buckets_with<std::string, int> m;
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

TEST(BucketMap, TryEmplaceLeavesItsArgumentsAloneWhenTheKeyIsThere) {
  buckets_with<u64, std::unique_ptr<int>> m;
  auto value = std::make_unique<int>(1);
  EXPECT_TRUE(m.try_emplace(1, std::move(value)).second);
  value = std::make_unique<int>(2);
  EXPECT_FALSE(m.try_emplace(1, std::move(value)).second);
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(*m.at(1), 1);
}

TEST(BucketMap, AnArgumentMayReferToAnElementThatGrowthMoves) {
  buckets_with<u64, std::string> m;
  m[0] = "a string too long to be kept in place, so that a dangling reference would show";
  for (u64 k = 1; k < 200; ++k) {
    m.try_emplace(k, m.at(k - 1));
    ASSERT_EQ(m.at(k), m.at(0));
  }
}

TEST(BucketMap, LooksUpViewsAndLiteralsWithoutMakingKeys) {
  bucket_map<std::string, int, hash<std::string>, std::equal_to<>> m{{"one", 1}, {"two", 2}};
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

TEST(BucketMap, HoldsTypesThatOnlyMoveOrHaveNoDefaultOrAreOverAligned) {
  struct alignas(128) wide {
    explicit wide(u64 v) : value(v) {}
    u64 value;
  };
  buckets_with<std::unique_ptr<int>, wide> m;
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

struct tree {
  int value = 0;
  bucket_map<std::string, tree> children;
};

TEST(BucketMap, MapsNestAndMakeThemselves) {
  bucket_map<std::string, bucket_map<std::string, int>> m;
  m["a"]["b"] = 1;
  m["a"]["c"] = 2;
  EXPECT_EQ(m["a"].size(), 2U);
  tree root;
  root.children["x"].children["y"].value = 3;
  const tree copy = root;
  EXPECT_EQ(copy.children.at("x").children.at("y").value, 3);
}

TEST(BucketMap, EqualMapsAreEqualWhateverTheirHistory) {
  buckets_with<u64, u64> a, b;
  for (u64 k = 0; k < 100; ++k) a[k] = k;
  for (u64 k = 200; k-- > 0;) b[k] = k;
  EXPECT_FALSE(a == b);
  for (u64 k = 100; k < 200; ++k) b.erase(k);
  EXPECT_TRUE(a == b);
  b[5] = 6;
  EXPECT_TRUE(a != b);
}

TEST(BucketMap, EraseByIteratorMovesNothing) {  // promise (6)
  buckets_with<u64, u64> m;
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

TEST(BucketMap, EraseRangeErasesExactlyTheRange) {
  for (std::size_t from = 0; from <= 20; from += 5) {
    for (std::size_t to = from; to <= 20; to += 5) {
      buckets_with<u64, u64> m;
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

TEST(BucketMap, NodesCarryElementsBetweenMaps) {
  buckets_with<std::string, std::unique_ptr<int>> a, b;
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
  EXPECT_FALSE(b.insert(decltype(b)::node_type()).inserted);
}

TEST(BucketMap, MergeTakesWhatIsMissingAndLeavesTheRest) {
  buckets_with<u64, u64> a;
  buckets_with<u64, u64, tiny_bucket_policy, identity_hash> b;
  for (u64 k = 0; k < 60; ++k) a[k] = k;
  for (u64 k = 40; k < 300; ++k) b[k] = k + 1000;
  a.merge(b);  // from a map with another hash
  EXPECT_EQ(a.size(), 300U);
  EXPECT_EQ(b.size(), 20U);
  for (u64 k = 0; k < 300; ++k) EXPECT_EQ(a.at(k), k < 60 ? k : k + 1000);
  for (u64 k = 40; k < 60; ++k) EXPECT_EQ(b.at(k), k + 1000);
  a.merge(a);
  EXPECT_EQ(a.size(), 300U);
  a.merge(std::move(b));
  EXPECT_TRUE(healthy(a) && healthy(b));
}

TEST(BucketMap, AssigningAndSwappingAMapWithItselfChangesNothing) {
  buckets_with<u64, u64> m;
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

TEST(BucketMap, CopiesMovesAndSwapsKeepContents) {
  for (const std::size_t count : {0U, 1U, 5U, 9U, 30U, 400U}) {
    copies_moves_and_swaps<buckets_with<u64, u64>>(count);
    copies_moves_and_swaps<buckets_with<u64, u64, tiny_bucket_policy, constant_hash>>(std::min<std::size_t>(count, 40));
    copies_moves_and_swaps<buckets_with<u64, u64, bucket_map_policy>>(count * 10);
  }
}

// ---- random operations, the model beside, the self-check after each

template <class Map>
void agrees_with_the_standard_map(u64 seed, int steps, u64 keys) {
  std::mt19937_64 random(seed);
  Map m;
  std::unordered_map<u64, u64> model;
  for (int step = 0; step < steps; ++step) {
    const u64 key = random() % keys, value = random(), what = random() % 32;
    const bool growing = static_cast<u64>(step) / (keys + 1) % 2 == 0;
    SCOPED_TRACE(::testing::Message() << "seed " << seed << " step " << step << " operation " << what);
    if (what < (growing ? 14U : 5U)) {
      ASSERT_EQ(m.try_emplace(key, value).second, model.try_emplace(key, value).second);
    } else if (what < 20) {
      ASSERT_EQ(m.erase(key), model.erase(key));
    } else if (what < 22) {
      m[key] = value;
      model[key] = value;
    } else if (what < 24) {
      if (const auto it = m.find(key); it != m.end()) m.erase(it);
      model.erase(key);
    } else if (what < 27) {
      const auto a = m.find(key);
      const auto b = model.find(key);
      ASSERT_EQ(a != m.end(), b != model.end());
      if (a != m.end()) {
        ASSERT_EQ(a->second, b->second);
      }
    } else if (what == 27 && value % 16 == 0) {
      m.reserve(value >> 8 & 127);
    } else if (what == 28 && value % 8 == 0) {
      m.shrink_to_fit();
    } else if (what == 29 && value % 32 == 0) {
      const auto odd = [value](auto& element) { return (element.first * 7 + value) % 3 == 0; };
      ASSERT_EQ(erase_if(m, odd), std::erase_if(model, odd));
    } else if (what == 30 && value % 64 == 0) {
      m.clear();
      model.clear();
    } else if (what == 31 && value % 16 == 0) {
      Map copy(m);
      ASSERT_EQ(copy, m);
      m = std::move(copy);
    }
    ASSERT_EQ(m.size(), model.size());
    ASSERT_TRUE(healthy(m));
    if (step % 32 == 0) {
      std::size_t seen = 0;
      for (const auto& [k, v] : m) {
        ++seen;
        ASSERT_EQ(model.at(k), v);
      }
      ASSERT_EQ(seen, model.size());
    }
  }
}

template <class Policy, class Hash = hash<u64>>
struct variant {
  using map = buckets_with<u64, u64, Policy, Hash>;
};
template <class Variant>
class BucketMapVariants : public ::testing::Test {};
using variants =
    ::testing::Types<variant<tiny_bucket_policy>, variant<bucket_map_policy>, variant<small_piece_policy>,
                     variant<tiny_bucket_policy, constant_hash>, variant<tiny_bucket_policy, identity_hash>,
                     variant<tiny_bucket_policy, truncated_hash>, variant<tiny_bucket_policy, paired_hash>,
                     variant<tiny_bucket_policy, crowded_hash>, variant<tiny_bucket_policy, one_chain_hash>,
                     variant<bucket_map_policy, crowded_hash>>;
TYPED_TEST_SUITE(BucketMapVariants, variants);

TYPED_TEST(BucketMapVariants, AgreeWithTheStandardMap) {
  for (u64 seed = 1; seed <= 4; ++seed) {
    agrees_with_the_standard_map<typename TypeParam::map>(seed, 1500, seed % 2 == 0 ? 40 : 150);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(BucketMap, AgreesWithTheStandardMapAtFullSize) {
  buckets_with<u64, u64, fixed_seed_bucket_policy> m;
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
  EXPECT_GT(m.stats().doublings, 8U);
}

TEST(BucketMap, EveryMapHasItsOwnSeed) {
  bucket_map<u64, u64> a, b;
  for (u64 k = 0; k < 1000; ++k) a[k] = b[k] = k;
  EXPECT_FALSE(std::equal(a.begin(), a.end(), b.begin()));
  const auto copy = a;
  EXPECT_TRUE(std::equal(a.begin(), a.end(), copy.begin()));
}

// A check that cannot fail checks nothing: the same map, with the size told wrong by an element destroyed behind its
// back.
TEST(BucketMap, SelfCheckNoticesAndPrintsADisturbedElement) {
  buckets_with<u64, u64> m;
  for (u64 k = 0; k < 40; ++k) m[k] = k;
  ASSERT_TRUE(healthy(m));
  const_cast<u64&>(m.find(7)->first) = 7000;
  std::ostringstream out;
  EXPECT_FALSE(m.self_check(&out));
  EXPECT_NE(out.str().find("recounted"), std::string::npos);
  EXPECT_NE(out.str().find("B = 3"), std::string::npos);
}

}  // namespace
}  // namespace gauntlet
