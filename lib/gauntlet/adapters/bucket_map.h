// gauntlet::bucket_map before the judge, in pieces of the product's size or tiny ones.
//
// The map grows at nine elements whatever its policy. The tiny policy makes pieces of two buckets and lets an array of
// the same size take over when there are a quarter as many overflow buckets as buckets, so that short programs meet
// that, too. A program's header picks: a capacity hint of 128 or more means the product's policy, with a fixed seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string_view>

#include <gauntlet/adapters/counted_seed.h>
#include <gauntlet/adapters/misuse_guard.h>
#include <gauntlet/adapters/standard.h>
#include <gauntlet/map/bucket_map.h>

namespace gauntlet::adapters {

// Counts structural events: the judge looks closer after each.
struct bucket_event_counter {
  std::uint64_t events = 0;
  void on_growth(std::size_t, std::size_t) noexcept { ++events; }
  void on_growth_done(std::size_t) noexcept { ++events; }
};

struct tiny_observed_bucket_policy : tiny_bucket_policy {
  using observer = bucket_event_counter;
};

struct full_size_observed_bucket_policy : fixed_seed_bucket_policy {
  static constexpr bool checked = true;
  static constexpr bool count_work = true;
  using observer = bucket_event_counter;
};

// What the judge may expect of any bucket_map, and how it looks inside. It does not shrink: erasing returns nothing.
template <class Map>
struct bucket_map_hooks : standard_map<Map> {
  using misuse_guard = throwing_misuse_guard;

  static constexpr check::capabilities can() {
    check::capabilities c;
    c.cursor = true;
    c.checks_itself = true;
    c.counts_work = true;
    c.diagnoses_misuse = true;
    c.nodes = true;
    c.emplaces_pairs = true;
    c.finds_many = true;
    c.reserve_prevents_rehash = false;  // where hashes are good: tested beside the map
    c.self_move_keeps = true;
    c.empty_allocates_nothing = true;
    return c;
  }
  static bool self_check(const Map& map, std::ostream& dump) { return map.self_check(&dump); }
  static std::uint64_t work(const Map& map) { return map.work(); }
  static std::uint64_t structural_events(const Map& map) { return const_cast<Map&>(map).observer().events; }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tiny_bucket_map : bucket_map_hooks<bucket_map<Key, T, Hash, KeyEqual, Allocator, tiny_observed_bucket_policy>> {
  static constexpr std::string_view name = "bucket_map";
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct full_size_bucket_map
    : bucket_map_hooks<bucket_map<Key, T, Hash, KeyEqual, Allocator, full_size_observed_bucket_policy>> {
  static constexpr std::string_view name = "bucket_map";
};

inline constexpr std::uint8_t bucket_full_size_from_capacity = 128;

struct tiny_bucket_policy_of_many_seeds : tiny_observed_bucket_policy {
  static std::uint64_t seed() noexcept { return counted_seed::next(); }
};

// The map with the hash it has when nobody chooses one, mixed by the map itself; the judge's hash is not asked.
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct own_hash_bucket_map
    : bucket_map_hooks<bucket_map<Key, T, gauntlet::hash<Key>, KeyEqual, Allocator, tiny_bucket_policy_of_many_seeds>> {
  using map_type = bucket_map<Key, T, gauntlet::hash<Key>, KeyEqual, Allocator, tiny_bucket_policy_of_many_seeds>;
  static constexpr std::string_view name = "bucket_map_own_hash";
  static constexpr check::capabilities can() {
    check::capabilities c = bucket_map_hooks<map_type>::can();
    c.diagnoses_misuse = false;  // the judge stages re-entry from its own hash
    return c;
  }
  static map_type make(const Hash&, const KeyEqual& equal, const Allocator& allocator, std::size_t capacity) {
    return map_type(capacity, gauntlet::hash<Key>(), equal, allocator);
  }
};

}  // namespace gauntlet::adapters
