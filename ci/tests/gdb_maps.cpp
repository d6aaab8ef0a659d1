// What ci/tests/gdb.py looks at: every map in a state worth seeing, at two moments.
//
// `inside` is reached within operations: locks are held, a map of one thread is being written. `all_is_there` is reached
// at the end; with an argument the program then says so and waits for a debugger until its input ends. Maps whose names
// end in `_tiny` have grown within a few elements.
#include <sys/prctl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <latch>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gauntlet/map/bucket_map.h>
#include <gauntlet/map/concurrent_map.h>
#include <gauntlet/map/contention.h>
#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/rcu_map.h>
#include <gauntlet/map/sharded_map.h>
#include <gauntlet/map/shared_mutex_map.h>
#include <gauntlet/map/small_vector.h>
#include <gauntlet/map/snapshot_map.h>
#include <gauntlet/map/sync_map.h>

namespace {

template <class Key, class T>
using element = std::pair<const Key, T>;

struct few_shards : gauntlet::sharded_map_policy {
  static constexpr std::size_t shard_count = 4;
  using lock_type = gauntlet::counted_lock<gauntlet::sharded_map_policy::lock_type>;
};
struct few_rcu_shards : gauntlet::rcu_map_policy {
  static constexpr std::size_t shard_count = 2;
  static constexpr unsigned first_level = 1;
  static std::uint64_t seed() noexcept { return gauntlet::fixed_seed_policy::seed(); }
};
struct small_tables : gauntlet::concurrent_map_policy {
  static constexpr unsigned buckets_per_table = 2;
  static constexpr unsigned cells_per_table = 2;
  static std::uint64_t seed() noexcept { return gauntlet::fixed_seed_policy::seed(); }
};
struct slow_promotion : gauntlet::sync_map_policy {
  static constexpr std::size_t misses_before_promotion(std::size_t) noexcept { return 1000; }
};
// Tells who sleeps at it.
struct watched_lock : gauntlet::detail::shared_spin_park_lock {
  watched_lock() noexcept { newest = this; }
  bool writers_sleep() const noexcept { return (word_.load() & writers_parked) != 0; }
  bool readers_sleep() const noexcept { return (word_.load() & readers_parked) != 0; }
  static inline watched_lock* newest = nullptr;
};
struct watched : gauntlet::shared_mutex_map_policy {
  using lock_type = watched_lock;
};
// All keys in one place: chains, cells and the stash.
struct one_hash {
  using is_avalanching = void;
  std::size_t operator()(int) const noexcept { return 42; }
};
struct point {
  int x, y;
  friend bool operator==(const point&, const point&) = default;
};
struct point_hash {
  std::size_t operator()(const point& p) const noexcept {
    return static_cast<std::size_t>(p.x) * 31 + static_cast<std::size_t>(p.y);
  }
};

}  // namespace

extern "C" __attribute__((noinline)) void inside() { __asm__ volatile("" ::: "memory"); }
extern "C" __attribute__((noinline)) void all_is_there() { __asm__ volatile("" ::: "memory"); }

int main(int argc, char**) {
  using gauntlet::hash;

  gauntlet::hash_map<std::string, int> words{{"one", 1}, {"two", 2}, {"three", 3}};
  gauntlet::hash_map<int, int> nothing;
  gauntlet::hash_map<int, int, hash<int>, std::equal_to<int>, std::allocator<element<int, int>>, gauntlet::tiny_policy>
      hash_tiny;
  gauntlet::hash_map<int, int, one_hash> hash_stash;
  gauntlet::hash_map<char, std::uint64_t> hash_uneven{{'a', 10}, {'b', 11}};

  gauntlet::hash_map<int, gauntlet::small_vector<int, 2>> vectors{{1, {10}}, {3, {30, 31, 32}}};

  gauntlet::bucket_map<int, std::string> bucket{{1, "one"}, {2, "two"}};
  gauntlet::bucket_map<int, int, hash<int>, std::equal_to<int>, std::allocator<element<int, int>>,
                       gauntlet::tiny_bucket_policy>
      bucket_tiny;
  gauntlet::bucket_map<int, int, one_hash> bucket_chain;

  gauntlet::shared_mutex_map<int, int> shared{{1, 10}, {2, 20}};
  gauntlet::shared_mutex_map<int, int, hash<int>, std::equal_to<int>, std::allocator<element<int, int>>, watched>
      shared_parked{{1, 10}};
  gauntlet::sharded_map<int, std::string, hash<int>, std::equal_to<int>, std::allocator<element<int, std::string>>,
                        few_shards>
      sharded;
  gauntlet::sync_map<int, std::string, hash<int>, std::equal_to<int>, std::allocator<element<int, std::string>>,
                     slow_promotion>
      sync_amended;
  gauntlet::sync_map<int, int> sync_read, sync_expunged, sync_waiting;
  gauntlet::snapshot_map<std::string, int> snapshots;
  gauntlet::snapshot_map<int, int, one_hash> snapshots_bucket;
  gauntlet::rcu_map<int, std::string, hash<int>, std::equal_to<int>, std::allocator<element<int, std::string>>,
                    few_rcu_shards>
      rcu;
  gauntlet::rcu_map<int, int, one_hash> rcu_chain;
  gauntlet::concurrent_map<int, int> words_in_slots;
  gauntlet::concurrent_map<std::uint64_t, std::unique_ptr<int>> pointers_in_nodes;
  gauntlet::concurrent_map<std::string, int> strings_in_nodes;
  gauntlet::concurrent_map<point, int, point_hash> points_in_slots;
  gauntlet::concurrent_map<int, int, hash<int>, std::equal_to<int>, std::allocator<element<int, int>>, small_tables>
      concurrent_tiny;
  gauntlet::concurrent_map<int, int, one_hash> concurrent_chain;

  for (int i = 0; i < 40; ++i) {
    hash_tiny[i] = 100 + i;
    bucket_tiny[i] = 200 + i;
    concurrent_tiny.insert(i, 300 + i);
  }
  // Until it stops in the middle of a growth.
  for (int i = 40; !(bucket_tiny.stats().growth != gauntlet::bucket_growth::none); ++i) bucket_tiny[i] = 200 + i;
  for (int i = 0; i < 20; ++i) {
    hash_stash[i] = i;
    bucket_chain[i] = i;
    concurrent_chain.insert(i, i);
    snapshots_bucket.insert(i, i);
  }
  for (int i = 0; i < 10; ++i) {
    sharded.insert(i, "s" + std::to_string(i));
    rcu.insert(i, "r" + std::to_string(i));
    sync_read.store(i, i);
  }
  rcu.erase(3);
  for (int i = 0; i < 3; ++i) sync_amended.store(i, "a" + std::to_string(i));
  sync_amended.erase(1);
  for (int i = 0; i < 20; ++i) (void)sync_read.load(i);

  for (int i = 0; i < 3; ++i) sync_expunged.store(i, i);
  for (int i = 0; i < 20; ++i) (void)sync_expunged.load(0);
  sync_expunged.erase(1);
  sync_expunged.store(3, 3);

  sync_waiting.store(0, 0);
  sync_waiting.for_each([&](int, int) { sync_waiting.clear(); });  // this thread reads what is to be freed

  snapshots.insert("one", 1);
  const auto kept = snapshots.snapshot();
  snapshots.insert("two", 2);
  snapshots.update("one", [](int& value) { value = 11; });

  words_in_slots.insert(7, 70);
  words_in_slots.insert(8, 80);
  pointers_in_nodes.insert(5, std::make_unique<int>(55));
  strings_in_nodes.insert("here", 1);
  points_in_slots.insert({1, 2}, 12);

  // Garbage in the shape of maps: nothing, all ones, numbers, and pointers to itself.
  constexpr std::size_t room = 65536;
  alignas(64) static unsigned char zeros[room], ones[room], noise[room], circles[room];
  std::memset(ones, 0xff, sizeof ones);
  std::uint64_t state = 1;
  for (std::size_t i = 0; i < room; i += 8) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    std::memcpy(noise + i, &state, 8);
    const auto self = reinterpret_cast<std::uintptr_t>(circles);
    std::memcpy(circles + i, &self, 8);
  }
  __asm__ volatile("" ::"r"(zeros), "r"(ones), "r"(noise), "r"(circles) : "memory");

  shared.visit(1, [](int) { inside(); });
  shared.update(1, [](int&) { inside(); });
  std::thread other;
  shared_parked.visit(1, [&](int) {
    other = std::thread([&] { shared_parked.update(1, [](int&) {}); });
    while (!watched_lock::newest->writers_sleep()) std::this_thread::yield();
    inside();
  });
  other.join();
  shared_parked.update(1, [&](int&) {
    other = std::thread([&] { shared_parked.visit(1, [](int) {}); });
    while (!watched_lock::newest->readers_sleep()) std::this_thread::yield();
    inside();
  });
  other.join();
  sharded.update(2, [](std::string&) { inside(); });
  rcu.visit(2, [](const std::string&) { inside(); });
  rcu.update(2, [](std::string&) { inside(); });
  // More than the domain has slots for within itself.
  std::latch all_read{20}, seen{1};
  std::vector<std::thread> readers;
  for (int i = 0; i < 20; ++i) {
    readers.emplace_back([&] {
      rcu.visit(2, [&](const std::string&) {
        all_read.count_down();
        seen.wait();
      });
    });
  }
  all_read.wait();
  inside();
  inside();
  seen.count_down();
  for (std::thread& each : readers) each.join();
  // Tables that it has grown out of stay: this thread reads.
  rcu_chain.insert(0, 0);
  rcu_chain.visit(0, [&](int) {
    for (int i = 1; i < 20; ++i) rcu_chain.insert(i, i);
    inside();
  });
  concurrent_tiny.update(2, [](int&) { inside(); });
  erase_if(words, [first = true](const auto&) mutable {
    if (first) inside();
    first = false;
    return false;
  });

  all_is_there();
  if (argc > 1) {
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    std::puts("waiting");
    std::fflush(stdout);
    (void)std::getchar();
  }
  return static_cast<int>(kept.size() + words.size() + nothing.size()) == 4 ? 0 : 1;
}
