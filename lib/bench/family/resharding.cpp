#include "resharding.h"

#include <gauntlet/map/routed_map.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "measure.h"
#include "streams.h"
#include "team.h"

namespace gauntlet::bench::family {
namespace {

struct inside_policy : sharded_map_policy {
  using map_policy = fixed_seed_policy;
  static constexpr std::size_t shard_count = routed_shard_policy::shard_count;
};
struct by_a_thread : routed_map_policy {
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>
  using shard_map = sharded_map<Key, T, Hash, KeyEqual, Allocator, inside_policy>;
  static constexpr std::size_t elements_per_write = 0;
  static std::uint64_t seed() noexcept { return fixed_seed_policy::seed(); }
};
struct by_the_writes : by_a_thread {
  static constexpr std::size_t elements_per_write = routed_map_policy::elements_per_write;
};

constexpr std::size_t thread_count = 2;
constexpr std::size_t elements_per_step = 256;
constexpr auto slice_length = std::chrono::milliseconds(100);

template <class Policy>
class resharded {
  using map_type = routed_map<std::uint64_t, std::uint64_t, hash<std::uint64_t>, std::equal_to<std::uint64_t>,
                              std::allocator<std::pair<const std::uint64_t, std::uint64_t>>, Policy>;

 public:
  resharded(std::size_t size, unsigned reads) : size_(size), streams_(thread_count), at_(thread_count, 0) {
    const std::size_t length = std::size_t{1} << 20;
    const id_source ids(id_source::law::uniform, size);
    for (std::size_t i = 0; i < thread_count; ++i) {
      streams_[i].keys = draw_keys(ids, length, 100 + i);
      streams_[i].kinds = draw_kinds(reads, length, 200 + i);
    }
  }

  resharding_round round(team& threads, std::size_t number) {
    map_type map;
    work(map, beginning(size_).all());
    resharding_round figures;
    figures.before = work_while(threads, number, map, [] { std::this_thread::sleep_for(slice_length); });
    const auto old = map.ring();
    auto wanted = old;
    for (std::uint32_t id = 8; id < 12; ++id) wanted.add(id);
    figures.during = work_while(threads, number, map, [&] {
      const auto began = wall_clock::now();
      map.reshard(wanted);
      if (Policy::elements_per_write == 0) {
        while (map.migrate_some(elements_per_step)) {
        }
      } else {
        while (map.resharding()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      figures.seconds = seconds(wall_clock::now() - began);
    });
    figures.after = work_while(threads, number, map, [] { std::this_thread::sleep_for(slice_length); });
    std::size_t moved = 0;
    for (std::uint64_t id = 0; id < size_; ++id)
      moved += old.owner_of_key(key_of(id)) != wanted.owner_of_key(key_of(id));
    figures.moved = static_cast<double>(moved) / static_cast<double>(size_);
    return figures;
  }

 private:
  static void work(map_type& map, const piece& todo) {
    sighting seen;
    for (std::size_t i = 0; i < todo.count; ++i) {
      const std::uint64_t key = todo.keys[i];
      switch (todo.kinds[i]) {
        case operation_kind::find:
          seen.found += map.find(key).has_value();
          break;
        case operation_kind::insert:
          map.insert_or_assign(key, key);
          break;
        case operation_kind::erase:
          map.erase(key);
          break;
      }
    }
    use(seen);
  }

  // Operations a second of all threads of the team, while something goes on in a thread of its own.
  template <class Meanwhile>
  double work_while(team& threads, std::size_t number, map_type& map, Meanwhile meanwhile) {
    std::atomic<bool> is_over{false};
    std::vector<double> speeds(thread_count);
    std::thread other([&] {
      meanwhile();
      is_over.store(true);
    });
    threads.run(number, [&](std::size_t who) {
      std::size_t done = 0;
      const auto began = wall_clock::now();
      while (!is_over.load()) {
        work(map, streams_[who].part(at_[who], chunk));
        at_[who] = (at_[who] + chunk) % streams_[who].size();
        done += chunk;
      }
      speeds[who] = static_cast<double>(done) / seconds(wall_clock::now() - began);
    });
    other.join();
    return speeds[0] + speeds[1];
  }

  std::size_t size_;
  std::vector<stream> streams_;
  positions at_;
};

template <class Policy>
std::vector<resharding_round> measure_with(std::size_t size, unsigned reads, std::size_t rounds) {
  resharded<Policy> all(size, reads);
  team threads(thread_count, {}, {});
  std::vector<resharding_round> figures;
  for (std::size_t number = 0; number < rounds; ++number) figures.push_back(all.round(threads, number));
  return figures;
}

}  // namespace

std::vector<resharding_round> measure_resharding(std::size_t size, unsigned reads, bool by_writes, std::size_t rounds) {
  return by_writes ? measure_with<by_the_writes>(size, reads, rounds) : measure_with<by_a_thread>(size, reads, rounds);
}

}  // namespace gauntlet::bench::family
