// gauntlet::concurrent_map before the judge, with buckets of two slots in tables of two, so that overflow, splits and
// merges happen among a handful of keys, and waiting by giving the processor away.
#pragma once

#include <string_view>

#include <gauntlet/adapters/concurrent.h>
#include <gauntlet/check/run/concurrent_types.h>
#include <gauntlet/map/concurrent_map.h>

// What the judge's hash and equality do besides touches nothing of the key's.
template <class Key>
  requires std::is_scalar_v<Key>
inline constexpr bool
    gauntlet::stays_inside_key<Key, gauntlet::check::shared_hash<Key>, gauntlet::check::shared_equal<Key>> = true;

namespace gauntlet::adapters {

struct tiny_concurrent_map_policy : concurrent_map_policy {
  static constexpr unsigned buckets_per_table = 2;
  static constexpr unsigned slots_per_bucket = 2;
  static constexpr unsigned cells_per_table = 1;
  static constexpr unsigned changes_per_merge_look = 1;
  static constexpr unsigned merge_below_one_in = 2;
  static constexpr unsigned looks_max = 2;
  static constexpr unsigned count_stripes = 2;
  using waiting = detail::backoff<0, ~0U>;
  using map_policy = tiny_policy;
  static std::uint64_t seed() noexcept { return tiny_policy::seed(); }
  static constexpr bool checked = true;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tiny_concurrent_map
    : concurrent_map<gauntlet::concurrent_map<Key, T, Hash, KeyEqual, Allocator, tiny_concurrent_map_policy>> {
  static constexpr std::string_view name = "concurrent_map";
  static constexpr bool shrinks_when_asked = true;
};

}  // namespace gauntlet::adapters
