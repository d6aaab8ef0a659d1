// The workloads: what is done to a map between the start and the stop of the clock.
//
// Each workload is one function over any map with the standard's names, fed from the row's material. It returns CPU
// time and how many operations that time covers. Small maps are measured over many rounds, so that every figure covers
// at least some hundred thousand operations; building and destroying the map is outside the clock unless it is the
// workload.
//
//   insert_grow     n inserts (try_emplace) into a new map
//   insert_reserve  reserve(n), inside the clock, then n inserts
//   find_hit        lookups of random keys that are there
//   find_dependent  the same, each begun when the one before it has ended: which key is next depends on what it found
//   find_miss       lookups of random keys that are not
//   mixed           1/2 find (half of them hit), 1/4 insert of a key never seen, 1/4 erase of a random live key, after a
//                   warm-up of two operations per element (one above 10^6) that settles what erasing leaves behind
//   erase_all       erase(key) of every element, in random order, down to the empty map
//   iterate         a walk over all elements, adding up the values; an operation is one element
//   iterate_rest    a walk after 99 % were erased one by one in random order; an operation is one element left
//   copy            copy construction; an operation is one element
//   destroy         destruction of a full map; an operation is one element
//   erase_half      one walk that erases every second element through its iterator; an operation is one element visited
//   merge           inserts into a new map in the order in which another map shows its elements: neighbours of the one
//                   table meet in the other, which has ruined maps with one table and one hash
//   tiny            a map made, filled with so few elements, asked for each of them and destroyed; an operation is a map
//
// The hard case is erase(iterator): the standard returns the next iterator, absl returns nothing, so the walk asks the
// map which of the two it has and never pays for a second search.
#pragma once

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "clock.h"
#include "material.h"

namespace gauntlet::bench {

enum class workload {
  insert_grow,
  insert_reserve,
  find_hit,
  find_dependent,
  find_miss,
  mixed,
  erase_all,
  iterate,
  iterate_rest,
  copy,
  destroy,
  erase_half,
  merge,
  tiny
};

inline constexpr std::array all_workloads = {
    workload::insert_grow, workload::insert_reserve, workload::find_hit, workload::find_dependent, workload::find_miss,
    workload::mixed,       workload::erase_all,      workload::iterate,  workload::iterate_rest,   workload::copy,
    workload::destroy,     workload::erase_half,     workload::merge};
// Of keys in a pattern: what depends on the hash.
inline constexpr std::array pattern_workloads = {workload::insert_grow, workload::find_hit, workload::find_miss};
inline constexpr std::array small_workloads = {workload::tiny, workload::find_hit, workload::find_miss,
                                               workload::iterate};

inline const char* name_of(workload which) noexcept {
  static constexpr const char* names[] = {
      "insert_grow", "insert_reserve", "find_hit", "find_dependent", "find_miss",  "mixed", "erase_all",
      "iterate",     "iterate_rest",   "copy",     "destroy",        "erase_half", "merge", "tiny"};
  return names[static_cast<std::size_t>(which)];
}

struct measurement {
  double nanoseconds = 0;
  double operations = 0;
};

template <class Map, class Key>
measurement run_workload(workload which, material<Key>& input);

// ---------------------------------------------------------------------------------------------------------- bodies

// As many rounds as it takes to cover `operations`, at least one.
inline std::size_t rounds_for(std::size_t operations, std::size_t size) noexcept {
  return std::max<std::size_t>(1, operations / size);
}

template <class Map, class Key>
void fill(Map& map, const std::vector<Key>& keys) {
  std::uint64_t value = 0;
  for (const Key& key : keys) map.try_emplace(key, value++);
}

template <class Map, class Key>
measurement measure_insert(material<Key>& input, bool reserved) {
  const std::vector<Key>& keys = input.keys();
  const std::size_t rounds = rounds_for(std::size_t{1} << 18, keys.size());
  stopwatch watch;
  for (std::size_t round = 0; round < rounds; ++round) {
    watch.start();
    Map map;
    if (reserved) map.reserve(keys.size());
    fill(map, keys);
    watch.stop();
    benchmark::DoNotOptimize(map.size());
  }
  return {watch.nanoseconds(), static_cast<double>(rounds * keys.size())};
}

template <class Map, class Key>
measurement measure_find(material<Key>& input, const std::vector<Key>& stream) {
  Map map;
  fill(map, input.keys());
  const std::size_t passes = input.large() ? 1 : 4;
  const Map& reader = map;
  stopwatch watch;
  std::uint64_t sum = 0;
  watch.start();
  for (std::size_t pass = 0; pass < passes; ++pass) {
    for (const Key& key : stream) {
      const auto found = reader.find(key);
      if (found != reader.end()) sum += found->second + 1;
    }
  }
  watch.stop();
  benchmark::DoNotOptimize(sum);
  return {watch.nanoseconds(), static_cast<double>(passes * stream.size())};
}

template <class Map, class Key>
measurement measure_find_dependent(material<Key>& input) {
  Map map;
  fill(map, input.keys());
  const std::vector<Key>& stream = input.hits();
  const Map& reader = map;
  stopwatch watch;
  std::uint64_t found = 0;
  watch.start();
  // Values are small: the shift is zero, which only the machine knows, and only when it has the value.
  for (std::size_t i = 0; i < stream.size(); ++i) found = reader.find(stream[i + (found >> 63)])->second;
  watch.stop();
  benchmark::DoNotOptimize(found);
  return {watch.nanoseconds(), static_cast<double>(stream.size())};
}

template <class Map, class Key>
measurement measure_mixed(material<Key>& input) {
  const operation_stream<Key>& stream = input.churn();
  Map map;
  fill(map, input.keys());
  std::uint64_t sum = 0;
  const auto run = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      const Key& key = stream.keys[i];
      switch (stream.kinds[i]) {
        case operation_kind::find: {
          const auto found = map.find(key);
          if (found != map.end()) sum += found->second;
          break;
        }
        case operation_kind::insert:
          map.try_emplace(key, i);
          break;
        case operation_kind::erase:
          sum += map.erase(key);
          break;
      }
    }
  };
  run(0, stream.warm_up);
  stopwatch watch;
  watch.start();
  run(stream.warm_up, stream.keys.size());
  watch.stop();
  benchmark::DoNotOptimize(sum);
  return {watch.nanoseconds(), static_cast<double>(stream.keys.size() - stream.warm_up)};
}

template <class Map, class Key>
measurement measure_erase_all(material<Key>& input) {
  const std::vector<Key>& keys = input.keys();
  const std::vector<Key>& order = input.erase_order();
  const std::size_t rounds = rounds_for(std::size_t{1} << 18, keys.size());
  stopwatch watch;
  for (std::size_t round = 0; round < rounds; ++round) {
    Map map;
    fill(map, keys);
    std::size_t erased = 0;
    watch.start();
    for (const Key& key : order) erased += map.erase(key);
    watch.stop();
    benchmark::DoNotOptimize(erased);
  }
  return {watch.nanoseconds(), static_cast<double>(rounds * keys.size())};
}

// Walks that add up the values; an operation is one element.
template <class Map>
measurement measure_walks(const Map& map, std::size_t rounds) {
  stopwatch watch;
  std::uint64_t sum = 0;
  watch.start();
  for (std::size_t round = 0; round < rounds; ++round) {
    for (const auto& element : map) sum += element.second;
    benchmark::DoNotOptimize(sum);
  }
  watch.stop();
  return {watch.nanoseconds(), static_cast<double>(rounds * map.size())};
}

template <class Map, class Key>
measurement measure_iterate(material<Key>& input) {
  Map map;
  fill(map, input.keys());
  return measure_walks(map, rounds_for(std::size_t{1} << 21, input.size()));
}

template <class Map, class Key>
measurement measure_iterate_rest(material<Key>& input) {
  Map map;
  fill(map, input.keys());
  const std::vector<Key>& order = input.erase_order();
  for (std::size_t i = 0; i < order.size() - order.size() / 100; ++i) map.erase(order[i]);
  return measure_walks(map, rounds_for(std::size_t{1} << 22, input.size()));
}

template <class Map, class Key>
measurement measure_destroy(material<Key>& input) {
  const std::size_t rounds = rounds_for(std::size_t{1} << 18, input.size());
  stopwatch watch;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::optional<Map> map(std::in_place);
    fill(*map, input.keys());
    watch.start();
    map.reset();
    watch.stop();
  }
  return {watch.nanoseconds(), static_cast<double>(rounds * input.size())};
}

template <class Map, class Key>
measurement measure_merge(material<Key>& input) {
  Map source;
  fill(source, input.keys());
  const std::size_t rounds = rounds_for(std::size_t{1} << 18, input.size());
  stopwatch watch;
  for (std::size_t round = 0; round < rounds; ++round) {
    watch.start();
    Map map;
    for (const auto& element : source) map.try_emplace(element.first, element.second);
    watch.stop();
    benchmark::DoNotOptimize(map.size());
  }
  return {watch.nanoseconds(), static_cast<double>(rounds * input.size())};
}

template <class Map, class Key>
measurement measure_tiny(material<Key>& input) {
  const std::vector<Key>& keys = input.many();
  constexpr std::size_t passes = 16;
  std::size_t maps = 0;
  std::uint64_t sum = 0;
  stopwatch watch;
  watch.start();
  for (std::size_t pass = 0; pass < passes; ++pass) {
    for (std::size_t first = 0; first + input.size() <= keys.size(); first += input.size(), ++maps) {
      Map map;
      for (std::size_t i = first; i < first + input.size(); ++i) map.try_emplace(keys[i], i);
      for (std::size_t i = first; i < first + input.size(); ++i) sum += map.find(keys[i])->second;
    }
  }
  watch.stop();
  benchmark::DoNotOptimize(sum);
  return {watch.nanoseconds(), static_cast<double>(maps)};
}

template <class Map, class Key>
measurement measure_copy(material<Key>& input) {
  Map map;
  fill(map, input.keys());
  const std::size_t rounds = rounds_for(std::size_t{1} << 18, input.size());
  stopwatch watch;
  for (std::size_t round = 0; round < rounds; ++round) {
    watch.start();
    const Map other(map);
    watch.stop();
    benchmark::DoNotOptimize(other.size());
  }
  return {watch.nanoseconds(), static_cast<double>(rounds * input.size())};
}

template <class Map, class Key>
measurement measure_erase_half(material<Key>& input) {
  const std::size_t rounds = rounds_for(std::size_t{1} << 18, input.size());
  stopwatch watch;
  for (std::size_t round = 0; round < rounds; ++round) {
    Map map;
    fill(map, input.keys());
    watch.start();
    for (auto at = map.begin(); at != map.end();) {
      if (at->second % 2 == 0) {
        ++at;
      } else if constexpr (requires {
                             { map.erase(at) } -> std::convertible_to<typename Map::iterator>;
                           }) {
        at = map.erase(at);
      } else {
        map.erase(at++);
      }
    }
    watch.stop();
    benchmark::DoNotOptimize(map.size());
  }
  return {watch.nanoseconds(), static_cast<double>(rounds * input.size())};
}

template <class Map, class Key>
measurement run_workload(workload which, material<Key>& input) {
  // Large maps start from fresh pages whatever the map before them left in malloc's bins.
  if (input.large()) malloc_trim(0);
  switch (which) {
    case workload::insert_grow:
      return measure_insert<Map>(input, false);
    case workload::insert_reserve:
      return measure_insert<Map>(input, true);
    case workload::find_hit:
      return measure_find<Map>(input, input.hits());
    case workload::find_dependent:
      return measure_find_dependent<Map>(input);
    case workload::find_miss:
      return measure_find<Map>(input, input.misses());
    case workload::mixed:
      return measure_mixed<Map>(input);
    case workload::erase_all:
      return measure_erase_all<Map>(input);
    case workload::iterate:
      return measure_iterate<Map>(input);
    case workload::iterate_rest:
      return measure_iterate_rest<Map>(input);
    case workload::copy:
      return measure_copy<Map>(input);
    case workload::destroy:
      return measure_destroy<Map>(input);
    case workload::erase_half:
      return measure_erase_half<Map>(input);
    case workload::merge:
      return measure_merge<Map>(input);
    case workload::tiny:
      return measure_tiny<Map>(input);
  }
  return {};
}

}  // namespace gauntlet::bench
