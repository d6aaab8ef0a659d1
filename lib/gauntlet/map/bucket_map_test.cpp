// bucket_map alone: an empty map, and random operations against std::unordered_map under every hash. What it
// shares with hash_map: plain_maps_test.cpp.
#include <sstream>
#include <string>
#include <type_traits>
#include <unordered_map>

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
using moving = bucket_map<u64, std::string>;
using doubtful = bucket_map<u64, u64, doubtful_hash>;
static_assert(std::is_nothrow_move_constructible_v<moving> && std::is_nothrow_move_assignable_v<moving> &&
              std::is_nothrow_swappable_v<moving>);
static_assert(!std::is_nothrow_move_constructible_v<doubtful> && !std::is_nothrow_move_assignable_v<doubtful> &&
              !std::is_nothrow_swappable_v<doubtful>);
// Unequal allocators that do not propagate: assignment moves every element.
static_assert(std::is_nothrow_move_constructible_v<pmr::bucket_map<u64, u64>> &&
              !std::is_nothrow_move_assignable_v<pmr::bucket_map<u64, u64>>);

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
