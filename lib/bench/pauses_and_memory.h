// What averages hide: the worst single insert while a map grows, and the bytes a map holds.
//
// Worst insert. Every one of n inserts is timed by the wall clock, three times over with the same keys. A rehash or a
// split falls on the same insert each time, a preemption by a stranger does not: the element-wise minimum of the three
// repetitions keeps the map's own pauses and drops the machine's. The largest of these minima is the figure; the raw
// maxima stand beside it.
//
// Memory. A map over the counting allocator grows to n elements, then 99 % are erased one by one in random order;
// nothing asks it to shrink. What it still holds, divided by the survivors, is the figure.
#pragma once

#include <malloc.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "counting_allocator.h"
#include "material.h"

namespace gauntlet::bench {

struct pause_figures {
  std::array<double, 3> raw_worst_ns{};  // of each repetition, the machine's interruptions included
  double worst_ns = 0;                   // of the element-wise minimum
  double p999999_ns = 0;                 // the quantile 0.999999 of the element-wise minimum
};

template <class Map>
pause_figures measure_pauses(material<std::uint64_t>& input) {
  const std::vector<std::uint64_t>& keys = input.keys();
  std::vector<std::uint32_t> least(keys.size(), UINT32_MAX);
  pause_figures figures;
  for (double& raw_worst : figures.raw_worst_ns) {
    malloc_trim(0);
    std::uint32_t worst = 0;
    Map map;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto before = std::chrono::steady_clock::now();
      map.try_emplace(keys[i], i);
      const auto after = std::chrono::steady_clock::now();
      const auto taken = std::chrono::duration_cast<std::chrono::nanoseconds>(after - before).count();
      const auto clipped = static_cast<std::uint32_t>(std::clamp<std::int64_t>(taken, 0, UINT32_MAX));
      worst = std::max(worst, clipped);
      least[i] = std::min(least[i], clipped);
    }
    raw_worst = worst;
  }
  const auto rank = static_cast<std::ptrdiff_t>(keys.size() - 1 - keys.size() / 1'000'000);
  std::nth_element(least.begin(), least.begin() + rank, least.end());
  figures.p999999_ns = least[static_cast<std::size_t>(rank)];
  figures.worst_ns = *std::max_element(least.begin() + rank, least.end());
  return figures;
}

struct memory_figures {
  double bytes_per_element = 0;       // after growing to n
  double peak_bytes_per_element = 0;  // the most held at once on the way there
  double bytes_per_survivor = 0;      // after erasing 99 %
};

// `Map` must allocate through counting_allocator.
template <class Map>
memory_figures measure_memory(material<std::uint64_t>& input) {
  const std::vector<std::uint64_t>& keys = input.keys();
  const std::vector<std::uint64_t>& order = input.erase_order();
  const auto per = [](std::size_t bytes, std::size_t elements) {
    return static_cast<double>(bytes) / static_cast<double>(elements);
  };
  malloc_trim(0);
  counters() = {};
  memory_figures figures;
  Map map;
  for (std::size_t i = 0; i < keys.size(); ++i) map.try_emplace(keys[i], i);
  figures.bytes_per_element = per(counters().bytes, map.size());
  figures.peak_bytes_per_element = per(counters().peak, map.size());
  for (std::size_t i = 0; i < order.size() - order.size() / 100; ++i) map.erase(order[i]);
  figures.bytes_per_survivor = per(counters().bytes, map.size());
  return figures;
}

}  // namespace gauntlet::bench
