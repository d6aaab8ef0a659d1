// gauntlet::hash_map with one fixed map seed, so that splits fall on the same inserts in every run.
#include <gauntlet/map/hash_map.h>

#include <functional>

#include "contestant.h"

namespace gauntlet::bench {
namespace {

struct family {
  static constexpr const char* name = "gauntlet";
  template <class Key, class Allocator>
  using map = hash_map<Key, std::uint64_t, gauntlet::hash<Key>, std::equal_to<Key>, Allocator, fixed_seed_policy>;
};

// Counts every structural event in the one place the benchmark can read it back from.
struct event_counter {
  static inline std::size_t growth = 0;
  void on_growth(std::size_t, std::size_t) noexcept { ++growth; }
  void on_split(std::size_t) noexcept { ++growth; }
  void on_merge(std::size_t) noexcept {}
  void on_shrink(std::size_t, std::size_t) noexcept {}
};

struct observing_policy : fixed_seed_policy {
  using observer = event_counter;
};

double growth_events_after_reserve(material<std::uint64_t>& input) {
  hash_map<std::uint64_t, std::uint64_t, gauntlet::hash<std::uint64_t>, std::equal_to<std::uint64_t>,
           std::allocator<std::pair<const std::uint64_t, std::uint64_t>>, observing_policy>
      map;
  map.reserve(input.size());
  event_counter::growth = 0;
  for (const std::uint64_t key : input.keys()) map.try_emplace(key, key);
  return static_cast<double>(event_counter::growth);
}

}  // namespace

contestant contestant_gauntlet() { return make_contestant<family>(growth_events_after_reserve); }

}  // namespace gauntlet::bench
