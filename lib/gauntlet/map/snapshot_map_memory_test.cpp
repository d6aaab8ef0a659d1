// snapshot_map's memory: what an update takes, and when it comes back.
#include <gauntlet/map/snapshot_map.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <memory_resource>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace {

using int_map = gauntlet::snapshot_map<int, int>;

struct books {
  std::size_t bytes = 0, allocations = 0;
};
template <class T>
struct counting_allocator {
  using value_type = T;
  books* to;
  explicit counting_allocator(books& b) : to(&b) {}
  template <class U>
  counting_allocator(const counting_allocator<U>& other) : to(other.to) {}  // NOLINT(google-explicit-constructor)
  T* allocate(std::size_t count) {
    to->bytes += count * sizeof(T);
    ++to->allocations;
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* block, std::size_t count) {
    to->bytes -= count * sizeof(T);
    std::allocator<T>().deallocate(block, count);
  }
  template <class U>
  friend bool operator==(const counting_allocator& a, const counting_allocator<U>& b) {
    return a.to == b.to;
  }
};
using counted = counting_allocator<std::pair<const int, int>>;
using counted_map = gauntlet::snapshot_map<int, int, gauntlet::hash<int>, std::equal_to<int>, counted>;

TEST(snapshot_map_memory, an_update_copies_a_path_and_loads_and_snapshots_allocate_nothing) {
  books kept;
  counted_map map{counted(kept)};
  for (int key = 0; key < 100'000; ++key) map.insert(key, key);
  map.release();
  std::printf("%.1f bytes a key\n", static_cast<double>(kept.bytes) / 100'000);
  EXPECT_LT(kept.bytes, 100'000U * 80);
  const std::size_t before = kept.allocations;
  for (int key = 0; key < 1000; ++key) map.insert_or_assign(key, -key);
  EXPECT_LE(kept.allocations - before, 1000U * 7) << "a leaf, a version, and a node for each level";
  const std::size_t then = kept.allocations;
  for (int key = 0; key < 1000; ++key) EXPECT_EQ(map.find(key), -key);
  EXPECT_EQ(map.snapshot().size(), 100'000U);
  EXPECT_EQ(kept.allocations, then);
}

TEST(snapshot_map_memory, comes_back_when_nobody_reads_a_version) {
  books kept;
  {
    counted_map map{counted(kept)};
    const std::size_t empty = kept.bytes;
    for (int key = 0; key < 500; ++key) map.insert(key, key);
    map.release();
    const std::size_t full = kept.bytes;
    EXPECT_EQ(map.stats().versions_living, 1U);
    std::size_t most = 0;
    for (int round = 0; round < 5000; ++round) {
      map.insert_or_assign(round % 500, round);
      most = std::max(most, kept.bytes);
    }
    EXPECT_LT(most, full + 64 * 2000) << "superseded versions do not pile up";
    map.release();
    EXPECT_EQ(kept.bytes, full) << "nothing but the newest version is left";

    std::vector<counted_map::snapshot_type> held;
    for (int round = 0; round < 50; ++round) {
      held.push_back(map.snapshot());
      for (int key = 0; key < 20; ++key) map.insert_or_assign(key * 7 + round, round);
      map.erase(round);
      if (round % 10 == 0) map.clear();
    }
    EXPECT_EQ(map.stats().versions_held, 50U);
    // In an order of its own, the oldest and the newest not first and not last.
    for (std::size_t i = 0; i < 50; ++i) held.erase(held.begin() + static_cast<std::ptrdiff_t>(i * 7 % held.size()));
    map.release();
    EXPECT_EQ(map.stats().versions_living, 1U);
    map.clear();
    map.release();
    EXPECT_EQ(kept.bytes, empty);
  }
  EXPECT_EQ(kept.bytes, 0U);
}

// Says when a thread that has it asks for it again, which is undefined for a std::mutex.
class GAUNTLET_CAPABILITY("owned_lock") owned_lock {
 public:
  void lock() GAUNTLET_ACQUIRE() {
    check();
    lock_.lock();
    owner_ = std::this_thread::get_id();
  }
  bool try_lock() GAUNTLET_TRY_ACQUIRE(true) {
    check();
    if (!lock_.try_lock()) return false;
    owner_ = std::this_thread::get_id();
    return true;
  }
  void unlock() GAUNTLET_RELEASE() {
    owner_ = std::thread::id();
    lock_.unlock();
  }

 private:
  void check() const { EXPECT_NE(owner_.load(), std::this_thread::get_id()) << "asked for by its holder"; }
  gauntlet::detail::mutex lock_;
  std::atomic<std::thread::id> owner_{};
};
struct owned_lock_policy : gauntlet::snapshot_map_policy {
  using lock_type = owned_lock;
  static constexpr std::size_t versions_kept = 3;
};
template <class T>
using owned_map = gauntlet::snapshot_map<int, T, gauntlet::hash<int>, std::equal_to<int>,
                                         std::allocator<std::pair<const int, T>>, owned_lock_policy>;

TEST(snapshot_map_memory, a_snapshot_may_be_let_go_within_an_update) {
  owned_map<int> map;
  map.insert(1, 10);
  auto held = std::make_optional(map.snapshot());
  map.insert_or_assign(1, 11);
  map.update([&held](auto& changes) {
    held.reset();
    changes.insert_or_assign(1, 12);
  });
  EXPECT_EQ(map.find(1), 12);
  EXPECT_EQ(map.stats().versions_held, 0U);
  map.release();
  EXPECT_EQ(map.stats().versions_living, 1U) << "what was left then is freed later";
  EXPECT_TRUE(map.self_check());
}

// Elements that hold snapshots of another map, and of their own: they are let go while versions are freed.
TEST(snapshot_map_memory, an_element_may_hold_a_snapshot_of_its_own_map) {
  struct holder;
  using map_type = owned_map<std::shared_ptr<holder>>;
  struct holder {
    map_type::snapshot_type past;
  };
  map_type map;
  map.insert(1, nullptr);
  for (int round = 0; round < 20; ++round) {
    map.insert_or_assign(1, std::make_shared<holder>(holder{map.snapshot()}));
    map.insert_or_assign(1, nullptr);
  }
  for (int round = 0; round < 25; ++round) map.release();  // each lets the next one in the chain go
  EXPECT_EQ(map.stats().versions_living, 1U);
}

TEST(snapshot_map_memory, is_looked_for_after_so_many_updates_and_one_for_each_version_left) {
  owned_map<int> map;
  std::vector<owned_map<int>::snapshot_type> held;
  map.insert(1, 0);
  map.release();
  for (int i = 1; i <= 4; ++i) {
    held.push_back(map.snapshot());
    map.insert_or_assign(1, i);
  }
  map.release();
  ASSERT_EQ(map.stats().versions_living, 5U);
  for (int i = 0; i < 4 + 3 - 1; ++i) map.insert_or_assign(1, i);
  EXPECT_EQ(map.stats().versions_living, 4U + 6U + 1U);
  map.insert_or_assign(1, 100);
  EXPECT_EQ(map.stats().versions_living, 5U);
  held.pop_back();
  EXPECT_EQ(map.stats().versions_living, 4U) << "the last handle's end looks at once";
}

TEST(snapshot_map_memory, the_last_snapshot_frees_what_is_left_after_the_map) {
  books kept;
  std::vector<counted_map::snapshot_type> held;
  {
    counted_map map{counted(kept)};
    for (int key = 0; key < 300; ++key) {
      map.insert(key, key);
      if (key % 100 == 50) held.push_back(map.snapshot());
    }
  }
  const std::size_t all = kept.bytes;
  EXPECT_EQ(held[2].size(), 251U);
  held.pop_back();
  EXPECT_LT(kept.bytes, all) << "letting go frees";
  EXPECT_EQ(held[1].size(), 151U);
  held.erase(held.begin());
  EXPECT_EQ(held[0].size(), 151U);
  held.clear();
  EXPECT_EQ(kept.bytes, 0U);
}

TEST(snapshot_map_memory, comes_from_the_given_resource) {
  std::pmr::monotonic_buffer_resource resource(std::size_t{1} << 18U);
  std::pmr::memory_resource* const before = std::pmr::set_default_resource(std::pmr::null_memory_resource());
  {
    gauntlet::pmr::snapshot_map<int, int> map{std::pmr::polymorphic_allocator<std::pair<const int, int>>(&resource)};
    for (int key = 0; key < 100; ++key) map.insert(key, key);
    map.erase_if([](int key, int) { return key % 2 == 0; });
    EXPECT_EQ(map.size(), 50U);
  }
  std::pmr::set_default_resource(before);
}

}  // namespace
