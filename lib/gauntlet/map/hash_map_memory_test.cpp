// Allocators, and what comes back: every byte through the map's allocator, reservations that hold, memory that returns.
#include <array>
#include <limits>
#include <memory_resource>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/hash_map_test_types.h>

namespace gauntlet {
namespace {

using namespace gauntlet::testing;

template <bool Propagates>
using account_map = hash_map<u64, std::string, hash<u64>, std::equal_to<u64>,
                             accounting_allocator<std::pair<const u64, std::string>, Propagates>, tiny_policy>;

TEST(HashMapMemory, StatsReportTheBytesTheAllocatorGave) {
  memory_account account;
  {
    account_map<false> m(accounting_allocator<std::pair<const u64, std::string>>{account});
    for (u64 k = 0; k < 500; ++k) {
      m[k] = "x";
      ASSERT_EQ(m.stats().bytes, account.bytes) << k;
    }
    for (u64 k = 0; k < 500; ++k) {
      m.erase(k);
      ASSERT_EQ(m.stats().bytes, account.bytes) << k;
    }
    m.clear();
    EXPECT_EQ(account.bytes, 0U);
  }
  EXPECT_EQ(account.blocks, 0U);
}

template <bool Propagates>
void assigns_between_unequal_allocators() {
  memory_account one, two;
  using allocator = accounting_allocator<std::pair<const u64, std::string>, Propagates>;
  {
    account_map<Propagates> a{allocator(one)}, b{allocator(two)};
    for (u64 k = 0; k < 100; ++k) a[k] = std::to_string(k);
    b = a;
    EXPECT_EQ(b.get_allocator() == allocator(one), Propagates);
    EXPECT_EQ(a, b);
    account_map<Propagates> c{allocator(two)};
    c = std::move(a);
    EXPECT_EQ(c.get_allocator() == allocator(one), Propagates);
    EXPECT_EQ(b, c);
    EXPECT_TRUE(a.empty());
    EXPECT_TRUE(healthy(a) && healthy(b) && healthy(c));
    account_map<Propagates> d(std::move(b), allocator(two));
    EXPECT_TRUE(d.get_allocator() == allocator(two));
    EXPECT_EQ(d, c);
    account_map<Propagates> e(d, allocator(one));
    EXPECT_TRUE(e.get_allocator() == allocator(one));
    EXPECT_EQ(e, c);
    if constexpr (Propagates) {
      swap(d, e);
      EXPECT_TRUE(e.get_allocator() == allocator(two));
    }
  }
  EXPECT_EQ(one.blocks + two.blocks, 0U);
}

TEST(HashMapMemory, AllocatorsPropagateAsTheirTraitsSay) {
  assigns_between_unequal_allocators<false>();
  assigns_between_unequal_allocators<true>();
}

TEST(HashMapMemory, PolymorphicAllocatorsReachKeysAndValues) {
  std::array<std::byte, 1 << 20> buffer;
  std::pmr::monotonic_buffer_resource arena(buffer.data(), buffer.size(), std::pmr::null_memory_resource());
  pmr::hash_map<std::pmr::string, std::pmr::string> m(&arena);
  for (int i = 0; i < 100; ++i) {
    m.emplace("a key that is too long to be kept in place " + std::to_string(i),
              "a value that is too long to be kept in place");
  }
  EXPECT_EQ(m.size(), 100U);
  for (const auto& [k, v] : m) {
    EXPECT_EQ(k.get_allocator().resource(), &arena);
    EXPECT_EQ(v.get_allocator().resource(), &arena);
  }
  const pmr::hash_map<std::pmr::string, std::pmr::string> copy(m);
  EXPECT_EQ(copy.get_allocator().resource(), std::pmr::get_default_resource());
  EXPECT_EQ(copy, m);
}

TEST(HashMapMemory, AfterReserveInsertsDrawNoGrowthAndNoSplit) {  // promise (11)
  for (const std::size_t n : {1U, 7U, 8U, 100U, 1433U, 1434U, 1800U, 3000U, 10000U, 50000U}) {
    map_with<u64, u64, observed<hash_map_policy>> m;
    m.reserve(n);
    const auto before = m.observer();
    for (u64 k = 0; k < n; ++k) m[k * 977] = k;
    EXPECT_EQ(m.observer().growths, before.growths) << n;
    EXPECT_EQ(m.observer().splits, before.splits) << n;
    EXPECT_EQ(m.stats().overflowed, 0U);
    EXPECT_TRUE(healthy(m));
  }
  for (const std::size_t n : {5U, 30U, 300U}) {
    map_with<u64, u64, observed<tiny_policy>> m;
    for (u64 k = 0; k < n / 2; ++k) m[k] = k;
    m.reserve(n);
    const auto before = m.observer();
    for (u64 k = 0; k < n; ++k) m[k] = k;
    EXPECT_EQ(m.observer().growths + m.observer().splits, before.growths + before.splits) << n;
    EXPECT_TRUE(healthy(m));
  }
}

TEST(HashMapMemory, AbsurdReservationsAreRefusedWithoutEffect) {
  map_with<u64, u64> m;
  m[1] = 2;
  EXPECT_THROW(m.reserve(std::numeric_limits<std::size_t>::max()), std::length_error);
  EXPECT_THROW(m.reserve(m.max_size() + 1), std::length_error);
  EXPECT_THROW(m.rehash(std::numeric_limits<std::size_t>::max()), std::length_error);
  EXPECT_EQ(m.at(1), 2U);
  EXPECT_TRUE(healthy(m));
}

TEST(HashMapMemory, ErasingReturnsMemoryByItself) {  // promise (10)
  hash_map<u64, u64, hash<u64>, std::equal_to<u64>, std::allocator<std::pair<const u64, u64>>, fixed_seed_policy> m;
  const u64 n = 300000;
  for (u64 k = 0; k < n; ++k) m[k] = k;
  const std::size_t full = m.stats().bytes;
  for (u64 k = 0; k < n; ++k) {
    if (k % 100 != 0) m.erase(k);
  }
  EXPECT_EQ(m.size(), n / 100);
  EXPECT_LE(m.stats().bytes, m.size() * 64) << "of " << full;
  EXPECT_TRUE(healthy(m));
  for (u64 k = 0; k < n; k += 100) ASSERT_EQ(m.at(k), k);
  for (u64 k = 0; k < n; k += 100) m.erase(k);
  EXPECT_LE(m.stats().capacity, 7U);
  m.clear();
  EXPECT_EQ(m.stats().bytes, 0U);
}

TEST(HashMapMemory, TheFirstTableHoldsSmallMapsAndStaysWhenTheyEmpty) {  // promise (10)
  map_with<u64, u64, observed<hash_map_policy>> m;
  EXPECT_EQ(m.stats().bytes, 0U);
  for (u64 k = 0; k < 11; ++k) m[k] = k;
  EXPECT_EQ(m.observer().growths, 1U);
  const std::size_t bytes = m.stats().bytes;
  EXPECT_LE(bytes, 16U + hash_map_policy::first_table_bytes);
  for (u64 k = 0; k < 11; ++k) m.erase(k);
  EXPECT_EQ(m.stats().bytes, bytes);
  for (u64 k = 0; k < 5000; ++k) m[k] = k;
  for (u64 k = 0; k < 5000; ++k) m.erase(k);
  EXPECT_LE(m.stats().bytes, bytes);
  m[1] = 1;
  m.shrink_to_fit();
  EXPECT_LT(m.stats().bytes, bytes);
  EXPECT_TRUE(healthy(m));
  // Large elements begin with one group.
  map_with<u64, std::array<u64, 15>, observed<hash_map_policy>> large;
  large[1] = {};
  EXPECT_EQ(large.bucket_count(), 7U);
}

TEST(HashMapMemory, BothKindsOfGroupsTakeASlotAlike) {
  for (unsigned lane = 0; lane < detail::group_slots; ++lane) {
    for (const u64 hash : {u64{0}, u64{0x12345678}, ~u64{0}}) {
      detail::group_tags a = detail::free_group, b = a;
      a.tag[(lane + 1) % detail::group_slots] = b.tag[(lane + 1) % detail::group_slots] = 0x8001;
      a.fits = b.fits = 0x1234;
      detail::portable_group::occupy(a, lane, detail::portable_group::probe(hash));
      detail::fastest_group::occupy(b, lane, detail::fastest_group::probe(hash));
      for (unsigned i = 0; i < detail::group_slots; ++i) EXPECT_EQ(a.tag[i], b.tag[i]);
      EXPECT_EQ(a.fits, b.fits);
      EXPECT_EQ(a.tag[lane], detail::tag_of(hash));
    }
  }
}

TEST(HashMapMemory, WritesSweepUpAfterErasingByIterator) {
  map_with<u64, u64> m;
  for (u64 k = 0; k < 2000; ++k) m[k] = k;
  for (auto it = m.begin(); it != m.end();) it = it->first % 50 == 0 ? std::next(it) : m.erase(it);
  const std::size_t before = m.stats().tables;
  for (u64 k = 0; k < 2000; ++k) m[5000 + k % 4] = k, m.erase(5000 + k % 4);
  EXPECT_LT(m.stats().tables * 4, before);
  EXPECT_TRUE(healthy(m));
}

TEST(HashMapMemory, ErasingTheLastElementByIteratorGivesTheRestBack) {  // promise (10)
  const auto full = [] {
    hash_map<u64, u64> m;
    for (u64 k = 0; k < 10'000; ++k) m[k] = k;
    return m;
  };
  constexpr std::size_t bytes_of_a_first_table = 512;  // the directory's own included
  auto one_by_one = full();
  for (auto at = one_by_one.begin(); at != one_by_one.end();) at = one_by_one.erase(at);
  EXPECT_LE(one_by_one.stats().bytes, bytes_of_a_first_table);
  EXPECT_TRUE(healthy(one_by_one));
  auto all_at_once = full();
  EXPECT_EQ(all_at_once.erase(all_at_once.begin(), all_at_once.end()), all_at_once.end());
  EXPECT_LE(all_at_once.stats().bytes, bytes_of_a_first_table);
  auto taken_out = full();
  while (!taken_out.empty()) taken_out.extract(taken_out.begin());
  EXPECT_LE(taken_out.stats().bytes, bytes_of_a_first_table);
}

TEST(HashMapMemory, ShrinkToFitAndRehashGiveBackWhatIsNotNeeded) {
  map_with<u64, u64, fixed_seed_policy> m;
  m.reserve(100000);
  for (u64 k = 0; k < 20; ++k) m[k] = k;
  m.shrink_to_fit();
  EXPECT_EQ(m.bucket_count(), 28U);
  m.rehash(1000);
  EXPECT_GE(m.bucket_count(), 1000U);
  m.rehash(0);
  EXPECT_EQ(m.bucket_count(), 28U);
  for (u64 k = 0; k < 20; ++k) EXPECT_EQ(m.at(k), k);
  EXPECT_TRUE(healthy(m));
}

TEST(HashMapMemory, RehashLeavesAtLeastSoManyBuckets) {
  for (const u64 elements : {0U, 1U, 5U, 20U, 100U}) {
    for (u64 buckets = 0; buckets < 3000; buckets += buckets < 40 ? 1 : 7) {
      map_with<u64, u64, fixed_seed_policy> m;
      for (u64 k = 0; k < elements; ++k) m[k] = k;
      m.rehash(buckets);
      ASSERT_GE(m.bucket_count(), buckets) << elements << " elements";
    }
  }
}

struct counted_hash {
  std::size_t* hashes;
  std::uint64_t operator()(u64 key) const noexcept {
    ++*hashes;
    return hash<u64>{}(key);
  }
};

TEST(HashMapMemory, ARehashThatChangesNothingHashesNothing) {
  for (const u64 elements : {0U, 1U, 20U, 100U, 3000U}) {
    for (u64 buckets = 0; buckets < 20000; buckets += buckets < 40 ? 1 : 997) {
      std::size_t hashes = 0;
      map_with<u64, u64, tiny_policy, counted_hash> m(0, counted_hash{&hashes});
      for (u64 k = 0; k < elements; ++k) m[k] = k;
      m.rehash(buckets);
      const std::size_t before = hashes, room = m.bucket_count();
      m.rehash(buckets);
      ASSERT_EQ(hashes, before) << elements << " elements, " << buckets << " buckets";
      ASSERT_EQ(m.bucket_count(), room);
    }
  }
}

TEST(HashMapMemory, WhatIsMergedAwayLeavesNoMemoryBehind) {  // promise (10)
  for (const std::uint64_t count : {100U, 400U, 5000U}) {
    hash_map<std::uint64_t, std::uint64_t> target, source;
    for (std::uint64_t i = 0; i < count; ++i) source.emplace(i, i);
    target.emplace(0, 0);
    target.merge(source);
    EXPECT_EQ(target.size(), count);
    ASSERT_EQ(source.size(), 1U);
    EXPECT_LE(source.stats().bytes, 600U) << count;
    EXPECT_TRUE(source.self_check());
  }
}

TEST(HashMapMemory, MergingInIterationOrderIsNotQuadratic) {
  map_with<u64, u64, tiny_policy> a, b;  // the same seed: the worst case
  for (u64 k = 0; k < 4000; ++k) a[k] = k;
  const u64 before = b.work();
  b.merge(a);
  EXPECT_LT(b.work() - before, 4000U * 200);
  EXPECT_TRUE(healthy(b));
}

TEST(HashMapMemory, ElementsInTheOrderOfTheirHashesAllFindTables) {
  map_with<u64, u64, fixed_seed_policy> a, b;
  for (u64 k = 0; k < 100000; ++k) a[k] = k;
  std::size_t count = 0;
  for (const auto& [k, v] : a) {
    b[k] = v;
    if (++count % 1000 == 0) {
      ASSERT_EQ(b.stats().overflowed, 0U) << count;
    }
  }
}

TEST(HashMapMemory, TheDirectoryStaysSmallUnderHashesThatShareTheirTopBits) {
  map_with<u64, u64, small_policy, identity_hash> m;
  for (u64 k = 0; k < 2000; ++k) m[k] = k;
  const auto s = m.stats();
  EXPECT_LE(s.directory_entries, 16 * (s.size / 44 + 1));
  EXPECT_GT(s.overflowed, 0U);
  for (u64 k = 0; k < 2000; ++k) ASSERT_EQ(m.at(k), k);
  EXPECT_TRUE(healthy(m));
}

TEST(HashMapMemory, ObserversSeeGrowthSplitMergeAndShrink) {
  map_with<u64, u64, observed<tiny_policy>> m;
  for (u64 k = 0; k < 200; ++k) m[k] = k;
  for (u64 k = 0; k < 200; ++k) m.erase(k);
  EXPECT_EQ(m.observer().growths, m.stats().growths);
  EXPECT_EQ(m.observer().splits, m.stats().splits);
  EXPECT_EQ(m.observer().merges, m.stats().merges);
  EXPECT_EQ(m.observer().shrinks, m.stats().shrinks);
  EXPECT_GT(m.observer().splits, 10U);
  EXPECT_GT(m.observer().merges, 10U);
}

// Equal hashes: one element is in the table, the others are kept aside and leave their mark in the table's home group.
// The top bit is set: splitting moves the mark to the upper half.
struct upper_constant_hash {
  using is_avalanching = void;
  std::size_t operator()(u64) const noexcept { return ~std::size_t{0}; }
};

TEST(HashMapMemory, ReservingSplitsATableThatIsEmptyButForElementsKeptAside) {
  hash_map<u64, u64, upper_constant_hash, std::equal_to<u64>, std::allocator<std::pair<const u64, u64>>, tiny_policy> m;
  for (u64 k = 0; k < 3; ++k) m[k] = k;
  ASSERT_EQ(m.stats().overflowed, 2U);
  m.erase(0);
  m.reserve(100);
  ASSERT_EQ(m.stats().overflowed, 2U);
  ASSERT_GT(m.stats().tables, 1U);
  EXPECT_TRUE(healthy(m));
  EXPECT_EQ(m.at(1) + m.at(2), 3U);
}

}  // namespace
}  // namespace gauntlet
