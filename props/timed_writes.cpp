#include "timed_writes.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <thread>

#include <gauntlet/adapters/rcu_map.h>
#include <gauntlet/adapters/routed_map.h>
#include <gauntlet/adapters/sharded_map.h>
#include <gauntlet/adapters/shared_mutex_map.h>
#include <gauntlet/broken/timed_write_by_worker.h>
#include <gauntlet/map/deadline_writer.h>

namespace props {
namespace {

using namespace std::chrono_literals;
using gauntlet::deadline_writer;
using gauntlet::timed_outcome;
using gauntlet::timed_result;

using hash = gauntlet::hash<std::uint64_t>;
using equal = std::equal_to<std::uint64_t>;
using allocator = std::allocator<std::pair<const std::uint64_t, std::uint64_t>>;
template <template <class, class, class, class, class> class Adapter>
using map_of = typename Adapter<std::uint64_t, std::uint64_t, hash, equal, allocator>::map_type;
using routed = gauntlet::routed_map<std::uint64_t, std::uint64_t, hash, equal, allocator,
                                    gauntlet::adapters::tiny_routed_map_policy>;

void count(timed_run& run, const timed_result& result) {
  run.done += result.outcome == timed_outcome::done;
  run.timed_out += result.outcome == timed_outcome::timed_out;
  run.cancelled += result.outcome == timed_outcome::cancelled;
}

// Every thread has a key of its own, all in one shard of the tiny maps: what the key holds at the end is its doing
// alone. Virtual time moves only when nobody can run or somebody looks at it: the holder's naps and the deadlines of
// the others come in an order that the schedule decides.
template <class Map>
timed_run against_a_holder() {
  constexpr std::uint64_t held = 0, stored = 1, erased = 2, replaced = 3, stopped_key = 4;
  Map map;
  map.insert(held, 0);
  map.insert(erased, 20);
  map.insert(replaced, 30);
  constexpr bool moves = requires { map.migrate_some(1); };
  if constexpr (moves) {
    map.add_shard(2);
    map.migrate_some(1);
  }
  std::stop_source stop;
  timed_result store, erase, replace;
  timed_result stopped;
  std::thread holder([&] { map.update(held, [](std::uint64_t&) { std::this_thread::sleep_for(200us); }); });
  std::thread writer([&] {
    deadline_writer writes(map);
    store = writes.store_for(stored, 11, 150us);
    erase = writes.erase_until(erased, std::chrono::steady_clock::now() + 100us);
  });
  std::thread stoppable([&] {
    deadline_writer writes(map);
    stopped = writes.store_for(stopped_key, 44, 1s, stop.get_token());
    replace = writes.store_for(replaced, 33, 50us);
  });
  std::thread stopper([&] {
    stop.request_stop();
    if constexpr (moves) {
      for (int i = 0; i < 6; ++i) map.migrate_some(1);
    }
  });
  holder.join();
  writer.join();
  stoppable.join();
  stopper.join();

  timed_run run;
  for (const timed_result* result : {&store, &erase, &replace, &stopped}) count(run, *result);
  const auto holds = [&map](std::uint64_t key, std::optional<std::uint64_t> value) { return map.find(key) == value; };
  run.kept_promise = holds(stored, store ? std::optional<std::uint64_t>(11) : std::nullopt) &&
                     holds(erased, erase ? std::nullopt : std::optional<std::uint64_t>(20)) &&
                     holds(replaced, replace ? 33 : 30) &&
                     holds(stopped_key, stopped ? std::optional<std::uint64_t>(44) : std::nullopt) &&
                     store.changed_size == static_cast<bool>(store) && erase.changed_size == static_cast<bool>(erase) &&
                     !replace.changed_size && map.self_check();
  return run;
}

}  // namespace

timed_run timed_writes_against_a_holder(timed_map which) {
  switch (which) {
    case timed_map::shared_mutex:
      return against_a_holder<map_of<gauntlet::adapters::tiny_shared_mutex_map>>();
    case timed_map::sharded:
      return against_a_holder<map_of<gauntlet::adapters::tiny_sharded_map>>();
    case timed_map::rcu:
      return against_a_holder<map_of<gauntlet::adapters::tiny_rcu_map>>();
    case timed_map::routed:
      return against_a_holder<routed>();
  }
  return {};
}

timed_run timed_writes_against_a_reader() {
  map_of<gauntlet::adapters::tiny_rcu_map> map;
  map.insert(0, 0);
  std::thread reader([&] {
    const auto reading = map.read();
    std::this_thread::sleep_for(200us);
  });
  unsigned replaced = 0;
  timed_run run;
  std::thread writer([&] {
    deadline_writer writes(map);
    for (std::uint64_t value = 1; value <= 5; ++value) {
      const timed_result result = writes.store_for(0, value, 30us);
      count(run, result);
      if (result) replaced = static_cast<unsigned>(value);
    }
  });
  reader.join();
  writer.join();
  run.kept_promise = map.find(0) == replaced && map.self_check();
  return run;
}

timed_run write_by_worker_against_a_holder() {
  map_of<gauntlet::adapters::tiny_sharded_map> map;
  map.insert(0, 0);
  timed_result result;
  {
    gauntlet::broken::timed_write_by_worker writes(map);
    std::thread holder([&] { map.update(0, [](std::uint64_t&) { std::this_thread::sleep_for(200us); }); });
    result = writes.store_for(0, 1, 50us);
    holder.join();
  }
  timed_run run;
  count(run, result);
  run.kept_promise = map.find(0) == (result ? 1U : 0U);
  return run;
}

}  // namespace props
