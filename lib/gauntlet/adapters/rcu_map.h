// gauntlet::rcu_map before the judge: two shards whose tables grow and shrink by a few elements, chains after two, every
// retired entry a reason to look at the readers, and a bound on retired entries that small programs reach.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <gauntlet/adapters/concurrent.h>
#include <gauntlet/adapters/disturbed_lock.h>
#include <gauntlet/map/rcu_map.h>

namespace gauntlet::adapters {

struct tiny_rcu_map_policy : rcu_map_policy {
  using lock_type = impatient_lock;
  using map_policy = tiny_policy;
  static constexpr std::size_t shard_count = 2;
  static constexpr unsigned slots_per_bucket = 2;
  static constexpr std::size_t elements_per_bucket = 2;
  static constexpr std::size_t shrink_below_one_in = 2;
  static constexpr std::size_t retire_batch = 1;
  static constexpr detail::look look_at_batch = detail::look::at_once;
  static constexpr std::size_t unreclaimed_max = 2;
  static constexpr bool checked = true;
  static std::uint64_t seed() noexcept { return tiny_policy::seed(); }
};

// An rcu_map that is asked whether it contains a key through two readings at once, as a user may hold them: the first
// ends first, and what the second one has found must stay.
template <class Map>
class asked_by_two_readings : public Map {
 public:
  using Map::Map;

  bool contains(const typename Map::key_type& key) const {
    std::optional<typename Map::reading> first(std::in_place, *this);
    const typename Map::reading second(*this);
    const typename Map::mapped_type* const found = second.find(key);
    first.reset();
    if (found == nullptr) return false;
    const typename Map::mapped_type looked_at(*found);
    __asm__ __volatile__("" : : "r"(&looked_at) : "memory");  // or compilers leave the look out
    return true;
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tiny_rcu_map
    : concurrent_map<asked_by_two_readings<rcu_map<Key, T, Hash, KeyEqual, Allocator, tiny_rcu_map_policy>>> {
  static constexpr std::string_view name = "rcu_map";
};

}  // namespace gauntlet::adapters
