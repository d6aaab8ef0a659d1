// Popular claims about maps, on one thread or in a process of their own; README.md beside this has them as a table, with
// those that take a schedule (on_threads.cpp) or stand in another test.
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <unordered_map>

#include <gtest/gtest.h>
#include <boost/unordered/unordered_flat_map.hpp>

#include <gauntlet/map/bucket_map.h>
#include <gauntlet/map/hash_map.h>

#include "counting_allocator.h"

namespace {

using u64 = std::uint64_t;
using element = std::pair<const u64, u64>;

// -------------------------------------------------------------- "the goroutine, or thread, that misuses a map is stopped"

// Hashing key 13 does what somebody else would do at the same time.
struct meddled_hash {
  static inline std::function<void()> meddle;
  std::size_t operator()(u64 key) const {
    if (key == 13 && meddle) meddle();
    return key;
  }
};

TEST(a_fatal_error_of_a_map, ends_the_process_and_not_the_thread) {
  const auto use = [] {
    gauntlet::hash_map<u64, u64, meddled_hash> m;
    meddled_hash::meddle = [&m] {
      std::thread other([&m] {
        try {
          m[1] = 1;
        } catch (...) {  // nothing is thrown
        }
      });
      other.join();
    };
    m[13] = 1;
    std::_Exit(0);  // whoever gets here lives on
  };
  EXPECT_EXIT(use(), testing::KilledBySignal(SIGABRT), "fatal error: concurrent map writes");
}

// --------------------------------------------------------------------- "overflow buckets are a kind of open addressing"

// Every element in the first of 2^B chains, with a low byte of its own for nothing else.
struct first_chain_hash {
  using is_avalanching = void;
  std::size_t operator()(u64 key) const noexcept { return static_cast<std::size_t>(key << 40); }
};

TEST(overflow_chains, are_no_open_addressing) {
  struct fixed : gauntlet::bucket_map_policy {
    static std::uint64_t seed() noexcept { return 0; }
  };
  gauntlet::bucket_map<u64, u64, first_chain_hash, std::equal_to<u64>, std::allocator<element>, fixed> m;
  for (u64 k = 0; k < 13; ++k) m[k] = k;
  // Two buckets of eight: open addressing would put what the first has no room for into the second. A chain gets a
  // bucket of its own, outside of the array, and the second stays empty.
  EXPECT_EQ(m.bucket_count(), 2U);
  EXPECT_EQ(m.stats().overflow, 1U);
  EXPECT_EQ(m.stats().longest_chain, 2U);
}

// --------------------------------------------------------------------------------- "delete everything to free the memory"

template <template <class, class> class Map>
double share_left_after_erasing_all_of(u64 count) {
  using allocator = props::counting_allocator<element>;
  Map<u64, allocator> m;
  for (u64 k = 0; k < count; ++k) m[k] = k;
  const std::size_t full = props::bytes_out;
  for (u64 k = 0; k < count; ++k) m.erase(k);
  EXPECT_TRUE(m.empty());
  return static_cast<double>(props::bytes_out) / static_cast<double>(full);
}

template <class T, class Allocator>
using tree = std::map<u64, T, std::less<u64>, Allocator>;
template <class T, class Allocator>
using standard = std::unordered_map<u64, T, std::hash<u64>, std::equal_to<u64>, Allocator>;
template <class T, class Allocator>
using boosted = boost::unordered_flat_map<u64, T, std::hash<u64>, std::equal_to<u64>, Allocator>;
template <class T, class Allocator>
using buckets = gauntlet::bucket_map<u64, T, gauntlet::hash<u64>, std::equal_to<u64>, Allocator>;
template <class T, class Allocator>
using ours = gauntlet::hash_map<u64, T, gauntlet::hash<u64>, std::equal_to<u64>, Allocator>;

TEST(deleting_everything, returns_no_array_in_most_maps) {
  EXPECT_GT(share_left_after_erasing_all_of<standard>(100'000), 0.15);  // nodes go, buckets stay
  EXPECT_EQ(share_left_after_erasing_all_of<boosted>(100'000), 1.0);
  EXPECT_GT(share_left_after_erasing_all_of<buckets>(100'000), 0.9);
  EXPECT_EQ(share_left_after_erasing_all_of<tree>(100'000), 0.0);  // nothing but nodes
  EXPECT_LT(share_left_after_erasing_all_of<ours>(100'000), 0.001);
}

// ------------------------------------------------------------------------------------ "a copied map has its own values"

TEST(copying_a_map_of_pointers, copies_no_value) {
  std::map<int, std::shared_ptr<int>> m;
  for (int k = 0; k < 10; ++k) m[k] = std::make_shared<int>(k);
  const auto copy = m;
  for (const auto& [key, pointer] : copy) {
    EXPECT_EQ(pointer, m.at(key));
    EXPECT_EQ(pointer.use_count(), 2);
  }
}

}  // namespace
