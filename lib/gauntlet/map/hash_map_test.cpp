// hash_map alone: what iterators know, what a map without elements costs, and random operations against
// std::unordered_map under every hash and policy. What it shares with bucket_map: plain_maps_test.cpp.
#include <algorithm>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/map/plain_maps_agreement_test_types.h>

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
using moving = hash_map<u64, std::string>;
using doubtful = hash_map<u64, u64, doubtful_hash>;
static_assert(std::is_nothrow_move_constructible_v<moving> && std::is_nothrow_move_assignable_v<moving> &&
              std::is_nothrow_swappable_v<moving>);
static_assert(!std::is_nothrow_move_constructible_v<doubtful> && !std::is_nothrow_move_assignable_v<doubtful> &&
              !std::is_nothrow_swappable_v<doubtful>);
// Unequal allocators that do not propagate: assignment moves every element.
static_assert(std::is_nothrow_move_constructible_v<pmr::hash_map<u64, u64>> &&
              !std::is_nothrow_move_assignable_v<pmr::hash_map<u64, u64>>);

// An iterator knows the slots ahead of it: what another iterator erases there it must pass over.
template <class Map>
void erase_ahead_of_iterators() {
  for (const u64 keep_every : {2U, 3U, 7U, 50U}) {
    Map m;
    for (u64 k = 0; k < 3000; ++k) m.try_emplace(k, k);
    std::vector<typename Map::iterator> all;
    for (auto at = m.begin(); at != m.end(); ++at) all.push_back(at);
    ASSERT_EQ(all.size(), 3000U);
    std::vector<u64> kept, seen;
    for (const auto& at : all) {
      if (at->first % keep_every == 0) kept.push_back(at->first);
    }
    auto walker = all.front();
    const bool first_stays = walker->first % keep_every == 0;
    for (std::size_t i = 1; i < all.size(); ++i) {
      if (all[i]->first % keep_every != 0) m.erase(all[i]);
    }
    if (first_stays) seen.push_back(walker->first);
    while (++walker != m.end()) seen.push_back(walker->first);
    EXPECT_EQ(seen, kept);
    EXPECT_TRUE(healthy(m));
  }
}
TEST(HashMap, IteratorsPassOverWhatIsErasedAheadOfThem) {
  erase_ahead_of_iterators<hash_map<u64, u64>>();
  erase_ahead_of_iterators<
      hash_map<u64, u64, hash<u64>, std::equal_to<u64>, std::allocator<std::pair<const u64, u64>>, tiny_policy>>();
}

TEST(HashMap, ANeverFilledMapAnswersEverythingAndHasNoMemory) {
  hash_map<u64, u64> m;
  EXPECT_TRUE(m.empty());
  EXPECT_EQ(m.stats().bytes, 0U);
  EXPECT_EQ(m.stats().capacity, 0U);
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
  EXPECT_TRUE(m == (hash_map<u64, u64>()));
  EXPECT_EQ(m.stats().bytes, 0U);
  EXPECT_TRUE(healthy(m));
}

template <class Policy, class Hash = hash<u64>>
struct variant {
  using map = map_with<u64, u64, Policy, Hash>;
};
template <class Variant>
class HashMapVariants : public ::testing::Test {};
using variants =
    ::testing::Types<variant<tiny_policy>, variant<tiny_portable_policy>, variant<one_group_policy>,
                     variant<small_policy>, variant<tiny_policy, constant_hash>, variant<tiny_policy, identity_hash>,
                     variant<tiny_policy, truncated_hash>, variant<tiny_policy, paired_hash>,
                     variant<one_group_policy, truncated_hash>, variant<one_group_policy, identity_hash>,
                     variant<tiny_portable_policy, paired_hash>, variant<small_policy, truncated_hash>,
                     variant<small_policy, identity_hash>, variant<hash_map_policy>>;
TYPED_TEST_SUITE(HashMapVariants, variants);

TYPED_TEST(HashMapVariants, AgreeWithTheStandardMap) {
  for (u64 seed = 1; seed <= 4; ++seed) {
    agrees_with_the_standard_map<typename TypeParam::map>(seed, 1500, seed % 2 == 0 ? 40 : 150);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(HashMap, HashesMixPairsTuplesEnumsAndPointers) {
  enum class colour { red, green };
  EXPECT_NE((hash<std::pair<int, int>>{}({1, 2}, 9)), (hash<std::pair<int, int>>{}({2, 1}, 9)));
  EXPECT_NE((hash<std::pair<int, int>>{}({1, 2}, 9)), (hash<std::pair<int, int>>{}({1, 2}, 8)));
  hash_map<std::tuple<int, std::string, colour>, int> m;
  m[{1, "a", colour::red}] = 1;
  m[{1, "a", colour::green}] = 2;
  EXPECT_EQ(m.size(), 2U);
  hash_map<const void*, double> p;
  p[&m] = 1.5;
  EXPECT_TRUE(p.contains(&m));
  std::set<u64> hashes;
  std::string text;
  for (int length = 0; length < 200; ++length, text += 'a') hashes.insert(hash<std::string>{}(text, u64{5}));
  EXPECT_EQ(hashes.size(), 200U);
}

// A check that cannot fail checks nothing: the same map, with the size told wrong by an element destroyed behind its
// back.
TEST(HashMap, SelfCheckNoticesAndPrintsADisturbedElement) {
  map_with<u64, u64> m;
  for (u64 k = 0; k < 40; ++k) m[k] = k;
  ASSERT_TRUE(healthy(m));
  const_cast<u64&>(m.find(7)->first) = 7000;
  std::ostringstream out;
  EXPECT_FALSE(m.self_check(&out));
  EXPECT_NE(out.str().find("recounted"), std::string::npos);
  EXPECT_NE(out.str().find("table 0"), std::string::npos);
}

}  // namespace
}  // namespace gauntlet
