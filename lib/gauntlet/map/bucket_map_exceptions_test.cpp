// What a bucket_map is after something threw in the middle of a growth, or while there is no memory. What it shares with
// hash_map: plain_maps_faults_test.cpp.
#include <gtest/gtest.h>

#include <gauntlet/map/plain_maps_test_types.h>

namespace gauntlet {
namespace {

using namespace gauntlet::testing;

TEST(BucketMapExceptions, AResizeCutShortIsFinishedByLaterWrites) {
  using map = risky<bucket_family, shaky, shaky>;
  memory_account account;
  {
    const map::allocator_type allocator(account);
    map m(allocator);
    for (u64 k = 0; k < 60; ++k) m.try_emplace(shaky(k), k);
    m.rehash(512);
    faults::countdown = 40;
    EXPECT_THROW(m.shrink_to_fit(), fault);
    faults::countdown = -1;
    ASSERT_EQ(m.stats().growth, bucket_growth::resizing);
    ASSERT_TRUE(healthy(m));
    EXPECT_EQ(contents(m).size(), 60U);
    std::size_t seen = 0;
    for (auto c = m.walk(); c; c.next()) ++seen;
    EXPECT_EQ(seen, 60U);
    for (u64 k = 60; k < 300; ++k) {
      m.try_emplace(shaky(k), k);
      ASSERT_TRUE(healthy(m));
    }
    EXPECT_NE(m.stats().growth, bucket_growth::resizing);
    EXPECT_LE(m.stats().longest_chain, 8U);
    EXPECT_EQ(contents(m).size(), 300U);
  }
  EXPECT_EQ(account.blocks, 0U);
  EXPECT_EQ(shaky::alive, 0);
}

// Of an insertion that doubles: what it took from a node or another map is given back when the growth fails.
TEST(BucketMapExceptions, AGrowthThatFailsGivesTheNodeBack) {
  using map = risky<bucket_family, steady, steady>;
  memory_account account;
  {
    const map::allocator_type allocator(account);
    map m(allocator), from(allocator);
    for (u64 k = 0; k < 8; ++k) m.try_emplace(steady(k), k);
    from.try_emplace(steady(100), 100);
    auto node = from.extract(steady(100));
    with_every_fault([&] { m.insert(std::move(node)); },
                     [&] {
                       ASSERT_FALSE(node.empty());
                       ASSERT_EQ(node.key().value, 100U);
                       ASSERT_FALSE(node.key().moved_from || node.mapped().moved_from);
                       ASSERT_EQ(m.size(), 8U);
                       ASSERT_TRUE(healthy(m));
                     });
    EXPECT_TRUE(node.empty());
    EXPECT_EQ(m.size(), 9U);
  }
  EXPECT_EQ(account.blocks, 0U);
  EXPECT_EQ(steady::alive, 0);
}

TEST(BucketMapExceptions, WithoutMemoryErasingAndLookingGoOnWhileTheMapGrows) {
  bucket_map<u64, u64, one_chain_hash, std::equal_to<u64>, dry_allocator<std::pair<const u64, u64>>, tiny_bucket_policy>
      m;
  u64 next = 0;
  while (m.stats().bits < 4) next = fill_until_it_grows(m, next);
  // The first chain holds everything and has been evacuated by the write that began the growth; the next growth's
  // beginning is what fails.
  while (m.stats().growth != bucket_growth::none) m.erase(1 << 20);
  while (!detail::over_load_factor(m.size() + 1, 4)) m[next] = next, ++next;
  dry_allocator_state::dry = true;
  EXPECT_THROW(m[next], std::bad_alloc);
  EXPECT_EQ(m.size(), next);
  EXPECT_FALSE(m.contains(next));
  EXPECT_TRUE(healthy(m));
  for (u64 k = 0; k < next; k += 2) ASSERT_EQ(m.erase(k), 1U);
  for (u64 k = 1; k < next; k += 2) ASSERT_EQ(m.at(k), k);
  dry_allocator_state::dry = false;
  m[next] = next;
  EXPECT_TRUE(healthy(m));
}

TEST(BucketMapExceptions, AnEvacuationThatFindsNoMemoryIsNoReasonNotToErase) {
  bucket_map<u64, u64, chain_hash, std::equal_to<u64>, dry_allocator<std::pair<const u64, u64>>, tiny_bucket_policy> m;
  const auto key = [](u64 chain, u64 i) { return chain | (i + 1) << 16; };
  for (u64 i = 0; i < 26; ++i) m[key(3, i)] = i;  // all in the last of four chains
  ASSERT_EQ(m.stats().bits, 2U);
  while (m.stats().growth != bucket_growth::none) m.erase(0);
  m[key(0, 0)] = 0;  // doubles, and evacuates chains 0 and 1
  ASSERT_EQ(m.stats().bits, 3U);
  ASSERT_EQ(m.stats().growth, bucket_growth::doubling);
  dry_allocator_state::dry = true;
  EXPECT_EQ(m.erase(key(0, 0)), 1U);
  EXPECT_EQ(m.stats().old_buckets, 1U) << "chain 3 could not be evacuated";
  EXPECT_TRUE(healthy(m));
  dry_allocator_state::dry = false;
  EXPECT_EQ(m.erase(key(3, 6)), 1U);
  EXPECT_EQ(m.stats().old_buckets, 1U) << "an erasure leaves the chain of its element alone";
  EXPECT_EQ(m.erase(0), 0U);
  EXPECT_EQ(m.stats().growth, bucket_growth::none);
  EXPECT_EQ(m.size(), 25U);
  EXPECT_TRUE(healthy(m));
}

}  // namespace
}  // namespace gauntlet
