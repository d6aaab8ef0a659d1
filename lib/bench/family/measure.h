// How a map is measured: a slice of time, a fixed piece of work, latencies, memory.
//
// A *slice* is some milliseconds in which one map is worked on by all threads of a team: a part that does not count, in
// which caches fill, and a part in which each thread counts its operations and its time. Slices are short so that the maps
// of one row can take turns often, and what troubles the machine meanwhile troubles them alike.
//
// Which clock. One thread waits for nobody: its time is CPU time. Threads that wait for each other without running must
// be measured by the wall clock, and there a stranger that takes a processor away counts, too. The system tells (a switch
// that the thread did not ask for, or a start that came late): such a slice is *disturbed*, and the caller may measure
// again.
#pragma once

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

#include "../clock.h"
#include "contestant.h"
#include "streams.h"
#include "team.h"

namespace gauntlet::bench::family {

using wall_clock = std::chrono::steady_clock;
using milliseconds = std::chrono::duration<double, std::milli>;

inline constexpr std::size_t chunk = 128;  // operations between two looks at the clock; divides the length of streams

inline double seconds(wall_clock::duration length) { return std::chrono::duration<double>(length).count(); }

// [sink] pairs with nothing: it is there so that no result is unused.
inline void use(const sighting& seen) {
  static std::atomic<std::uint64_t> sink{0};
  sink.fetch_add(seen.sum + seen.found, std::memory_order_relaxed);
}

inline long unwanted_switches() {
  rusage now{};
  getrusage(RUSAGE_THREAD, &now);
  return now.ru_nivcsw;
}

struct lengths {
  milliseconds warm;
  milliseconds timed;
};

struct slice {
  double operations_per_second = 0;
  bool disturbed = false;
};

// Where each thread is in its stream: a map goes on where it stopped in its last slice.
using positions = std::vector<std::size_t>;

template <class Work>  // work(piece)
std::size_t work_until(wall_clock::time_point end, const stream& own, std::size_t& position, Work work) {
  std::size_t done = 0;
  while (wall_clock::now() < end) {
    work(own.part(position, chunk));
    position = (position + chunk) % own.size();
    done += chunk;
  }
  return done;
}

inline slice measure_slice(team& threads, std::size_t round, measured_map& map, const std::vector<stream>& streams,
                           positions& at, lengths length) {
  const auto begin = wall_clock::now() + std::chrono::duration_cast<wall_clock::duration>(length.warm);
  const auto end = begin + std::chrono::duration_cast<wall_clock::duration>(length.timed);
  std::vector<slice> parts(threads.size());
  threads.run(round, [&](std::size_t number) {
    sighting seen;
    const auto work = [&map, &seen](const piece& todo) {
      const sighting more = map.run(todo);
      seen.found += more.found;
      seen.sum += more.sum;
    };
    std::size_t position = at[number];
    const std::size_t warmed = work_until(begin, streams[number], position, work);
    const long switches = unwanted_switches();
    const auto began = wall_clock::now();
    const std::int64_t cpu_began = thread_cpu_nanoseconds();
    const std::size_t done = work_until(end, streams[number], position, work);
    const double cpu_seconds = static_cast<double>(thread_cpu_nanoseconds() - cpu_began) * 1e-9;
    const double wall_seconds = seconds(wall_clock::now() - began);
    at[number] = position;
    parts[number] = {static_cast<double>(done) / (threads.size() == 1 ? cpu_seconds : wall_seconds),
                     threads.size() > 1 && (warmed == 0 || unwanted_switches() != switches)};
    use(seen);
  });
  map.settle();
  slice all;
  for (const slice& part : parts) {
    all.operations_per_second += part.operations_per_second;
    all.disturbed |= part.disturbed;
  }
  return all;
}

// All threads do their whole stream, once.
inline slice measure_work(team& threads, std::size_t round, measured_map& map, const std::vector<stream>& streams) {
  std::vector<wall_clock::time_point> began(threads.size()), ended(threads.size());
  threads.run(round, [&](std::size_t number) {
    began[number] = wall_clock::now();
    use(map.run(streams[number].all()));
    ended[number] = wall_clock::now();
  });
  map.settle();
  std::size_t operations = 0;
  for (const stream& each : streams) operations += each.size();
  const auto length = *std::max_element(ended.begin(), ended.end()) - *std::min_element(began.begin(), began.end());
  return {static_cast<double>(operations) / seconds(length), false};
}

struct latencies {
  double p50_ns = 0;
  double p99_ns = 0;
};

// Every operation is timed by itself, the clock's own time included.
inline latencies measure_latencies(team& threads, std::size_t round, measured_map& map,
                                   const std::vector<stream>& streams, positions& at, lengths length) {
  const auto begin = wall_clock::now() + std::chrono::duration_cast<wall_clock::duration>(length.warm);
  const auto end = begin + std::chrono::duration_cast<wall_clock::duration>(length.timed);
  std::vector<std::vector<std::uint32_t>> samples(threads.size());
  threads.run(round, [&](std::size_t number) {
    std::vector<std::uint32_t>& own = samples[number];
    std::size_t position = at[number];
    work_until(begin, streams[number], position, [&map](const piece& todo) { use(map.run(todo)); });
    work_until(end, streams[number], position, [&map, &own](const piece& todo) {
      own.resize(own.size() + todo.count);
      use(map.run_timed(todo, own.data() + own.size() - todo.count));
    });
    at[number] = position;
  });
  map.settle();
  std::vector<std::uint32_t> all;
  for (const auto& own : samples) all.insert(all.end(), own.begin(), own.end());
  const auto quantile = [&all](std::size_t of_100) -> double {
    if (all.empty()) return 0;
    const auto nth = all.begin() + static_cast<std::ptrdiff_t>((all.size() - 1) * of_100 / 100);
    std::nth_element(all.begin(), nth, all.end());
    return *nth;
  };
  return {quantile(50), quantile(99)};
}

// What one call of the wall clock costs, in the middle: to be taken off latencies.
inline double wall_clock_cost_ns() {
  std::vector<double> costs;
  for (int attempt = 0; attempt < 2001; ++attempt) {
    const auto before = wall_clock::now();
    costs.push_back(seconds(wall_clock::now() - before) * 1e9);
  }
  std::nth_element(costs.begin(), costs.begin() + 1000, costs.end());
  return costs[1000];
}

// ---------------------------------------------------------------------------------------------------------- memory
// What malloc has handed out, its own overhead included; so the figures hold for maps that take no allocator, too.

inline std::size_t bytes_in_use() {
  const auto now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

struct memory {
  double bytes_per_element = 0;       // after inserting all of the universe
  double bytes_per_survivor = 0;      // after erasing 99 %, in random order
  double bytes_after_shrinking = -1;  // per survivor, after asking for it; -1: it can't be asked
};

inline memory measure_memory(const contestant& who, std::size_t size) {
  std::vector<std::uint32_t> order(size);
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  number_source numbers(7);
  for (std::size_t left = size; left > 1; --left) std::swap(order[left - 1], order[numbers.below(left)]);
  const auto all_keys = [&order](operation_kind kind, std::size_t count) {
    stream todo;
    for (std::size_t i = 0; i < count; ++i) todo.keys.push_back(key_of(order[i]));
    todo.kinds.assign(count, kind);
    return todo;
  };
  const std::size_t erased = size - size / 100;
  const stream insertions = all_keys(operation_kind::insert, size), erasures = all_keys(operation_kind::erase, erased);

  const std::size_t before = bytes_in_use();
  const std::unique_ptr<measured_map> map = who.make({64});  // all the rest is growth
  // Some maps tidy up in a thread of their own.
  const auto bytes_per = [&](std::size_t elements) {
    map->settle();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return (static_cast<double>(bytes_in_use()) - static_cast<double>(before)) / static_cast<double>(elements);
  };
  memory figures;
  use(map->run(insertions.all()));
  figures.bytes_per_element = bytes_per(size);
  use(map->run(erasures.all()));
  figures.bytes_per_survivor = bytes_per(size - erased);
  if (map->shrink()) figures.bytes_after_shrinking = bytes_per(size - erased);
  return figures;
}

}  // namespace gauntlet::bench::family
