// A contestant: one map with the type taken off, so that each map's code is compiled in a file of its own and the
// schedule can treat all of them as rows of a table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "counting_allocator.h"
#include "material.h"
#include "pauses_and_memory.h"
#include "workloads.h"

namespace gauntlet::bench {

struct contestant {
  const char* name;
  measurement (*run_numbers)(workload, material<std::uint64_t>&);
  measurement (*run_strings)(workload, material<std::string>&);
  pause_figures (*pauses)(material<std::uint64_t>&);
  memory_figures (*memory)(material<std::uint64_t>&);
  // Growth events that n inserts draw after reserve(n); null for maps that do not tell.
  double (*growth_events)(material<std::uint64_t>&);
};

// `Family` names the map and how to make it: `template <class Key, class Allocator> using map`.
template <class Family>
contestant make_contestant(double (*growth_events)(material<std::uint64_t>&) = nullptr) {
  using number_element = std::pair<const std::uint64_t, std::uint64_t>;
  using string_element = std::pair<const std::string, std::uint64_t>;
  using numbers = typename Family::template map<std::uint64_t, std::allocator<number_element>>;
  using counted = typename Family::template map<std::uint64_t, counting_allocator<number_element>>;
  using strings = typename Family::template map<std::string, std::allocator<string_element>>;
  return {Family::name,
          run_workload<numbers, std::uint64_t>,
          run_workload<strings, std::string>,
          measure_pauses<numbers>,
          measure_memory<counted>,
          growth_events};
}

// One per contestant_*.cpp.
contestant contestant_gauntlet();
contestant contestant_absl();
contestant contestant_boost();
contestant contestant_std();
contestant contestant_tsl();

// Maps of whoever builds the benchmark, from the .cpp files of the folder that -DGAUNTLET_BENCH_EXTRA=DIR names. Each has a
// line `static const gauntlet::bench::extra registered(gauntlet::bench::make_contestant<family>());`.
inline std::vector<contestant>& extra_contestants() {
  static std::vector<contestant> all;
  return all;
}
struct extra {
  explicit extra(contestant c) { extra_contestants().push_back(std::move(c)); }
};

}  // namespace gauntlet::bench
