#include "schedules_bodies.h"

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include <gauntlet/map/concurrent_map.h>
#include <gauntlet/map/sharded_map.h>

namespace gauntlet::bench {
namespace {

struct two_shards : sharded_map_policy {
  using map_policy = fixed_seed_policy;
  static constexpr std::size_t shard_count = 2;
  static std::size_t route(std::uint64_t key, std::size_t shards) noexcept { return key % shards; }
};

struct number_hash {
  std::size_t operator()(std::uint64_t number) const noexcept { return number; }
};

template <template <class, class, class, class, class, class> class Map, class Policy>
using numbers = Map<std::uint64_t, std::uint64_t, number_hash, std::equal_to<std::uint64_t>,
                    std::allocator<std::pair<const std::uint64_t, std::uint64_t>>, Policy>;

template <class Map>
void work_on(unsigned threads, unsigned operations_each, bool on_one_key) {
  Map map;
  for (std::uint64_t key = 0; key < threads; ++key) map.insert_or_assign(key, key);
  std::vector<std::thread> all;
  for (unsigned me = 0; me < threads; ++me) {
    all.emplace_back([&map, me, operations_each, on_one_key] {
      for (unsigned i = 0; i < operations_each; ++i) map.insert_or_assign(on_one_key ? 0 : me, i);
    });
  }
  for (std::thread& each : all) each.join();
}

}  // namespace

void work_on_a_map(shared_map which, unsigned threads, unsigned operations_each, bool on_one_key) {
  if (which == shared_map::sharded) {
    work_on<numbers<sharded_map, two_shards>>(threads, operations_each, on_one_key);
  } else {
    work_on<numbers<concurrent_map, concurrent_map_policy>>(threads, operations_each, on_one_key);
  }
}

void load_in_two_threads() {
  // Each its own, and one that changes: a thread that sees the same again and again would be taken to spin.
  std::atomic<int> mine[2] = {};
  const auto run = [&](int me) {
    for (int i = 0; i < switching_loads; ++i) mine[me].fetch_add(1, std::memory_order_relaxed);
  };
  std::thread a(run, 0), b(run, 1);
  a.join();
  b.join();
}

}  // namespace gauntlet::bench
