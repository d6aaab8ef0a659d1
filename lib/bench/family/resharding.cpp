#include "resharding.h"

#include <gauntlet/map/routed_map.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

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

// What must be in a map after threads that took no turns: of each key the last write of every thread is known, and one of
// these was the last of all. A key is there or not where they agree, or where nobody wrote to it and it is as it was.
class expected_contents {
 public:
  explicit expected_contents(std::size_t size) : writes_(size, nobody_wrote) {}

  // A thread did `count` operations of its stream, which goes round, from `from` on; the keys are those of `ids`.
  void add(const std::vector<std::uint64_t>& ids, const std::vector<operation_kind>& kinds, std::size_t from,
           std::size_t count) {
    const std::size_t once = std::min(count, ids.size());  // what was before has been done again since
    std::vector<bool> seen(writes_.size());
    for (std::size_t i = 0; i < once; ++i) {  // backwards
      const std::size_t at = (from + count - 1 - i) % ids.size();
      const std::uint64_t id = ids[at];
      if (kinds[at] == operation_kind::find || seen[id]) continue;
      seen[id] = true;
      writes_[id] |= kinds[at] == operation_kind::insert ? inserted : erased;
    }
  }

  // True if the map holds what it must, and nothing else; otherwise says what is wrong.
  template <class Map>
  bool are_of(const Map& map) const {
    std::size_t found = 0, lost = 0, not_erased = 0, wrong = 0;
    for (std::uint64_t id = 0; id < writes_.size(); ++id) {
      const auto value = map.find(key_of(id));
      found += value.has_value();
      wrong += value && *value != key_of(id);
      const unsigned who = writes_[id];
      if (who == inserted || (who == nobody_wrote && is_there_at_first(id))) lost += !value;
      if (who == erased || (who == nobody_wrote && !is_there_at_first(id))) not_erased += value.has_value();
    }
    const std::size_t size = map.size();
    if (lost + not_erased + wrong == 0 && size == found) return true;
    std::fprintf(stderr,
                 "routed_map after a resharding: of %zu keys %zu are lost, %zu there though erased, %zu with a wrong "
                 "value; %zu are found, its size is %zu\n",
                 writes_.size(), lost, not_erased, wrong, found, size);
    return false;
  }

 private:
  enum last_writes : unsigned char { nobody_wrote = 0, inserted = 1, erased = 2 };  // both: whoever was the last
  std::vector<unsigned char> writes_;                                               // by id
};

template <class Policy>
class resharded {
  using map_type = routed_map<std::uint64_t, std::uint64_t, hash<std::uint64_t>, std::equal_to<std::uint64_t>,
                              std::allocator<std::pair<const std::uint64_t, std::uint64_t>>, Policy>;

 public:
  resharded(std::size_t size, unsigned reads)
      : size_(size), streams_(thread_count), ids_(thread_count), at_(thread_count, 0) {
    const std::size_t length = std::size_t{1} << 20;
    const id_source ids(id_source::law::uniform, size);
    for (std::size_t i = 0; i < thread_count; ++i) {
      streams_[i].kinds = draw_kinds(reads, length, 200 + i);
      number_source numbers(100 + i);
      for (std::size_t n = 0; n < length; ++n) ids_[i].push_back(ids.draw(numbers));
      for (const std::uint64_t id : ids_[i]) streams_[i].keys.push_back(key_of(id));
    }
  }

  // Ends the program with 1 if the map does not hold what it must.
  resharding_round round(team& threads, std::size_t number) {
    map_type map;
    work(map, beginning(size_).all());
    const positions began_at = at_;
    done_.assign(thread_count, 0);
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
    expected_contents expected(size_);
    for (std::size_t i = 0; i < thread_count; ++i) expected.add(ids_[i], streams_[i].kinds, began_at[i], done_[i]);
    if (!expected.are_of(map)) std::exit(1);
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
      done_[who] += done;
    });
    other.join();
    return speeds[0] + speeds[1];
  }

  std::size_t size_;
  std::vector<stream> streams_;                  // of the threads
  std::vector<std::vector<std::uint64_t>> ids_;  // those of the keys of a stream
  positions at_;
  std::vector<std::size_t> done_;  // operations of each thread in this round
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
