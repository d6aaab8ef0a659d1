// The numbers of the original: when a bucket_map grows, how, and how much each write does of it.
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/map/bucket_map_test_types.h>

namespace gauntlet {
namespace {

using namespace gauntlet::testing;

template <class Policy = small_piece_policy, class Hash = hash<u64>>
using numbers_map = buckets_with<u64, u64, Policy, Hash>;

TEST(BucketMapGrowth, AHintGivesTheLeastNumberOfBucketsThatIsNotOverloaded) {  // promise (9)
  const std::vector<std::pair<std::size_t, unsigned>> bits_of_hints = {
      {0, 0},  {1, 0},  {8, 0},   {9, 1},   {13, 1},   {14, 2},   {26, 2},  {27, 3},
      {52, 3}, {53, 4}, {832, 7}, {833, 8}, {1024, 8}, {1664, 8}, {1665, 9}};
  for (const auto& [hint, bits] : bits_of_hints) {
    const numbers_map<> m(hint);
    EXPECT_EQ(m.stats().bits, bits) << hint;
    EXPECT_EQ(m.bucket_count(), std::size_t{1} << bits);
    EXPECT_EQ(detail::bucket_bits_for(hint), bits);
    EXPECT_EQ(m.stats().resizes, 0U);
  }
  EXPECT_EQ((bucket_map<u64, u64>(13).stats().bytes), 0U);
}

TEST(BucketMapGrowth, OverloadedIsMoreThanEightAndMoreThanThirteenForEachPairOfBuckets) {
  EXPECT_FALSE(detail::over_load_factor(8, 0));
  EXPECT_TRUE(detail::over_load_factor(9, 0));
  for (unsigned bits = 1; bits < 40; ++bits) {
    const std::size_t most = 13 * ((std::size_t{1} << bits) / 2);
    EXPECT_FALSE(detail::over_load_factor(most, bits));
    EXPECT_TRUE(detail::over_load_factor(most + 1, bits));
  }
}

TEST(BucketMapGrowth, TheInsertionThatWouldOverloadDoubles) {
  numbers_map<> m;
  unsigned bits = 0;
  for (u64 count = 1; count < 3000; ++count) {
    if (detail::over_load_factor(count, bits)) ++bits;
    m[count] = count;
    ASSERT_EQ(m.stats().bits, bits) << count;
    ASSERT_TRUE(healthy(m));
  }
  EXPECT_EQ(m.stats().doublings, bits);
  EXPECT_EQ(m.stats().same_size_growths, 0U);
}

TEST(BucketMapGrowth, AnInsertionThatFindsItsKeyDoublesNothingAndMovesNothing) {
  numbers_map<> m;
  for (u64 k = 0; k < 8; ++k) m[k] = k;
  m[3] = 4;
  m.insert_or_assign(7, u64{8});
  EXPECT_EQ(m.stats().bits, 0U);
  m[8] = 8;
  EXPECT_EQ(m.stats().bits, 1U);
  const auto* const element = &*m.find(3);
  for (u64 k = 0; k < 9; ++k) m[k] = k;
  EXPECT_EQ(&*m.find(3), element);
}

TEST(BucketMapGrowth, TooManyOverflowBucketsAreAsManyAsBucketsAndAtMostThirtyTwoThousand) {
  for (unsigned bits = 0; bits <= 15; ++bits) {
    EXPECT_FALSE(detail::too_many_overflow_buckets((std::size_t{1} << bits) - 1, bits));
    EXPECT_TRUE(detail::too_many_overflow_buckets(std::size_t{1} << bits, bits));
  }
  // Further up both are counted in larger units.
  for (unsigned bits = 16; bits < 40; ++bits) {
    EXPECT_FALSE(detail::too_many_overflow_buckets((std::size_t{1} << bits) - 1, bits));
    EXPECT_TRUE(detail::too_many_overflow_buckets(std::size_t{1} << bits, bits));
  }
}

TEST(BucketMapGrowth, AWriteEvacuatesTwoOldBucketsAtMost) {  // promise (8)
  numbers_map<> m;
  u64 next = 0;
  while (m.stats().bits < 9) next = fill_until_it_grows(m, next);
  ASSERT_EQ(m.stats().growth, bucket_growth::doubling);
  std::size_t left = m.stats().old_buckets;
  EXPECT_GE(left, 256U - 2);
  std::mt19937_64 random(1);
  while (m.stats().growth != bucket_growth::none) {
    const u64 what = random() % 4, key = random() % next;
    if (what == 0) {
      m[next++] = 1;
    } else if (what == 1) {
      m.erase(key);
    } else if (what == 2) {
      m.erase(next + key);
    } else if (const auto it = m.find(key); it != m.end()) {
      const std::size_t before = left;
      m.erase(it);  // pays for nothing
      ASSERT_EQ(m.stats().old_buckets, before);
    }
    const std::size_t now = m.stats().old_buckets;
    ASSERT_LE(now, left);
    ASSERT_LE(left - now, 2U);
    left = now;
    ASSERT_TRUE(healthy(m));
  }
  EXPECT_EQ(m.stats().bits, 9U);
}

TEST(BucketMapGrowth, LooksAndWalksMoveNothing) {
  numbers_map<> m;
  const u64 next = fill_until_it_grows(m, fill_until_it_grows(m, fill_until_it_grows(m, fill_until_it_grows(m, 0))));
  const auto before = m.stats();
  ASSERT_GT(before.old_buckets, 0U);
  for (u64 k = 0; k < next; ++k) {
    EXPECT_EQ(m.at(k), k);
    m[k] = k;
    m.try_emplace(k, 0);
  }
  std::size_t seen = 0;
  for (auto c = m.walk(); c; c.next()) ++seen;
  EXPECT_EQ(seen, next);
  EXPECT_EQ(m.stats().old_buckets, before.old_buckets);
}

TEST(BucketMapGrowth, ElementsThatComeAndGoLeaveHolesUntilAnArrayOfTheSameSizeTakesOver) {
  numbers_map<small_piece_policy, chain_hash> m(13);  // two buckets
  ASSERT_EQ(m.stats().bits, 1U);
  const auto key = [](u64 chain, u64 i) { return chain | (i + 1) << 16; };
  for (u64 i = 0; i < 9; ++i) m[key(0, i)] = i;  // one overflow bucket
  for (u64 i = 0; i < 8; ++i) m.erase(key(0, i));
  ASSERT_EQ(m.stats().overflow, 1U);
  for (u64 i = 0; i < 9; ++i) m[key(1, i)] = i;  // another one: as many as buckets
  ASSERT_EQ(m.stats().overflow, 2U);
  ASSERT_EQ(m.size(), 10U);
  EXPECT_EQ(m.stats().same_size_growths, 0U);
  m[key(0, 20)] = 20;
  auto stats = m.stats();
  EXPECT_EQ(stats.same_size_growths, 1U);
  EXPECT_EQ(stats.doublings, 0U);
  EXPECT_EQ(stats.bits, 1U) << "the mask stays";
  EXPECT_EQ(stats.growth, bucket_growth::none) << "two old buckets are gone at once";
  EXPECT_EQ(stats.overflow, 1U) << "chain 0 fits one bucket again";
  EXPECT_TRUE(healthy(m));
  EXPECT_EQ(m.size(), 11U);
}

TEST(BucketMapGrowth, AGrowthOfTheSameSizeIsPaidForByWritesToo) {
  numbers_map<small_piece_policy, chain_hash> m(832);  // 128 buckets
  ASSERT_EQ(m.stats().bits, 7U);
  const auto key = [](u64 chain, u64 i) { return chain | (i + 1) << 16; };
  for (u64 chain = 0; chain < 128; ++chain) {
    for (u64 i = 0; i < 9; ++i) m[key(chain, i)] = i;
    for (u64 i = 0; i < 8; ++i) m.erase(key(chain, i));
  }
  ASSERT_EQ(m.stats().overflow, 128U);
  m[key(5, 100)] = 100;
  EXPECT_EQ(m.stats().growth, bucket_growth::same_size);
  EXPECT_EQ(m.stats().old_buckets, 126U);
  for (u64 chain = 0; chain < 128; ++chain) EXPECT_EQ(m.at(key(chain, 8)), 8U);
  std::size_t writes = 0;
  for (; m.stats().growth != bucket_growth::none; ++writes) {
    m.erase(key(127, 200));
    ASSERT_TRUE(healthy(m));
  }
  EXPECT_GE(writes, 63U);
  EXPECT_EQ(m.stats().bits, 7U);
  EXPECT_EQ(m.stats().overflow, 0U);
  EXPECT_EQ(m.size(), 129U);
}

TEST(BucketMapGrowth, ErasingReturnsNoMemoryClearingAndShrinkingDo) {  // promise (12)
  bucket_map<u64, u64> m;
  EXPECT_EQ(m.stats().bytes, 0U);
  for (u64 k = 0; k < 10000; ++k) m[k] = k;
  while (m.stats().growth != bucket_growth::none) m.erase(1 << 20);
  const auto full = m.stats();
  for (u64 k = 0; k < 10000; ++k) m.erase(k);
  EXPECT_EQ(m.stats().bytes, full.bytes);
  EXPECT_EQ(m.stats().bits, full.bits);
  m.clear();
  EXPECT_LE(m.stats().bytes, full.bytes / 1000);
  EXPECT_EQ(m.stats().bits, full.bits);
  m[1] = 1;
  m.shrink_to_fit();
  EXPECT_EQ(m.stats().bits, 0U);
  m.clear();
  m.shrink_to_fit();
  EXPECT_EQ(m.stats().bytes, 0U);
}

TEST(BucketMapGrowth, OldPiecesComeBackWhileTheMapGrows) {  // promise (8)
  memory_account account;
  using allocator = accounting_allocator<std::pair<const u64, u64>>;
  {
    bucket_map<u64, u64, hash<u64>, std::equal_to<u64>, allocator, fixed_seed_bucket_policy> m{allocator(account)};
    u64 next = 0;
    for (; m.bucket_count() < 8192; ++next) m.try_emplace(next, next);
    ASSERT_EQ(m.stats().growth, bucket_growth::doubling);
    std::size_t most_given_back = 0, given_back = 0;
    const std::size_t piece = 128 * 144;
    while (m.stats().growth != bucket_growth::none) {
      ASSERT_EQ(m.stats().bytes, account.bytes);
      const std::size_t blocks = account.blocks, bytes = account.bytes;
      m.erase(next + 1);
      if (account.bytes < bytes) {
        most_given_back = std::max(most_given_back, bytes - account.bytes);
        given_back += bytes - account.bytes;
      }
      ASSERT_LE(account.blocks, blocks + 64);
    }
    EXPECT_LE(most_given_back, 9 * piece);
    EXPECT_GE(given_back, 4096 / 128 * piece / 4);
  }
  EXPECT_EQ(account.blocks, 0U);
}

TEST(BucketMapGrowth, AfterReserveNothingDoubles) {  // promise (13)
  for (const std::size_t count : {8U, 9U, 100U, 1024U, 5000U}) {
    numbers_map<> m;
    m[0] = 0;
    m.reserve(count);
    EXPECT_EQ(m.bucket_count(), std::size_t{1} << detail::bucket_bits_for(count));
    for (u64 k = 0; k < count; ++k) m[k] = k;
    EXPECT_EQ(m.stats().doublings, 0U);
    EXPECT_TRUE(healthy(m));
  }
}

TEST(BucketMapGrowth, RehashAndShrinkChangeTheNumberOfBuckets) {
  numbers_map<> m;
  for (u64 k = 0; k < 100; ++k) m[k] = k;
  for (const std::size_t buckets : {64U, 1000U, 17U, 0U, 4096U, 1U}) {
    m.rehash(buckets);
    EXPECT_GE(m.bucket_count(), buckets);
    EXPECT_TRUE(healthy(m));
    EXPECT_EQ(m.size(), 100U);
    for (u64 k = 0; k < 100; ++k) ASSERT_EQ(m.at(k), k);
  }
  EXPECT_EQ(m.stats().bits, detail::bucket_bits_for(100));
  EXPECT_FLOAT_EQ(m.max_load_factor(), 6.5F);
}

TEST(BucketMapGrowth, AbsurdReservationsAreRefusedWithoutEffect) {
  numbers_map<> m{{1, 2}};
  EXPECT_THROW(m.reserve(m.max_size() + 1), std::length_error);
  EXPECT_THROW(m.rehash(~std::size_t{0}), std::length_error);
  EXPECT_EQ(m.at(1), 2U);
  EXPECT_EQ(m.stats().bits, 0U);
}

TEST(BucketMapGrowth, AnEmptyMapTakesANewSeed) {  // promise (14)
  bucket_map<u64, u64> m, again;
  const auto order = [](const auto& map) {
    std::vector<u64> keys;
    for (const auto& element : map) keys.push_back(element.first);
    return keys;
  };
  for (u64 k = 0; k < 1000; ++k) m[k] = k;
  const auto first = order(m);
  EXPECT_EQ(order(again = m), first) << "a copy keeps the seed";
  for (u64 k = 0; k < 1000; ++k) m.erase(k);
  for (u64 k = 0; k < 1000; ++k) m[k] = k;
  EXPECT_NE(order(m), first);
}

struct counting_bucket_observer {
  std::size_t growths = 0, done = 0;
  void on_growth(std::size_t, std::size_t) noexcept { ++growths; }
  void on_growth_done(std::size_t) noexcept { ++done; }
};
struct observed_policy : small_piece_policy {
  using observer = counting_bucket_observer;
};

TEST(BucketMapGrowth, ObserversSeeGrowthsBeginAndEnd) {
  numbers_map<observed_policy> m;
  for (u64 k = 0; k < 200; ++k) m[k] = k;
  while (m.stats().growth != bucket_growth::none) m.erase(1000);
  EXPECT_EQ(m.observer().growths, m.stats().doublings);
  EXPECT_EQ(m.observer().done, m.stats().doublings);
}

}  // namespace
}  // namespace gauntlet
