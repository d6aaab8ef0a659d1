// gauntlet::hash_map before the judge, with tables of the product's size or tiny ones.
//
// Tiny tables, of two groups, split, merge, overflow and shrink within thirty elements, so that short programs meet all of
// it. In middling ones, of eight, an element can lie several groups from home, and round the end of the table. A program's
// header picks: a capacity hint of 128 or more means the product's sizes, 16 or more the middling, anything else the tiny
// ones. Seeds are fixed, or counted (counted_seed.h), so that a program does the same each time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string_view>

#include <gauntlet/adapters/counted_seed.h>
#include <gauntlet/adapters/misuse_guard.h>
#include <gauntlet/adapters/standard.h>
#include <gauntlet/map/hash_map.h>

namespace gauntlet::adapters {

// Counts structural events: the judge looks closer after each.
struct event_counter {
  std::uint64_t events = 0;
  void on_growth(std::size_t, std::size_t) noexcept { ++events; }
  void on_shrink(std::size_t, std::size_t) noexcept { ++events; }
  void on_split(std::size_t) noexcept { ++events; }
  void on_merge(std::size_t) noexcept { ++events; }
};

struct tiny_observed_policy : tiny_policy {
  using observer = event_counter;
};

struct middling_observed_policy : tiny_observed_policy {
  static constexpr std::size_t table_groups_max = 8;
};

struct full_size_observed_policy : fixed_seed_policy {
  static constexpr bool checked = true;
  static constexpr bool count_work = true;
  using observer = event_counter;
};

// The same tiny tables searched without SIMD instructions.
struct portable_policy : tiny_observed_policy {
  static constexpr bool portable_groups = true;
};

// What the judge may expect of any hash_map, and how it looks inside.
template <class Map>
struct hash_map_hooks : standard_map<Map> {
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
    c.shrinks = true;
    c.empty_allocates_nothing = true;
    c.slack_elements = Map::policy_type::table_groups_max <= 2 ? 112 : 512;  // sweeping lags behind
    c.slack_when_empty = 3;                                                  // its first table
    return c;
  }
  static bool self_check(const Map& map, std::ostream& dump) { return map.self_check(&dump); }
  static std::uint64_t work(const Map& map) { return map.work(); }
  static std::uint64_t structural_events(const Map& map) { return const_cast<Map&>(map).observer().events; }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tiny_hash_map : hash_map_hooks<hash_map<Key, T, Hash, KeyEqual, Allocator, tiny_observed_policy>> {
  static constexpr std::string_view name = "hash_map";
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct middling_hash_map : hash_map_hooks<hash_map<Key, T, Hash, KeyEqual, Allocator, middling_observed_policy>> {
  static constexpr std::string_view name = "hash_map";
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct full_size_hash_map : hash_map_hooks<hash_map<Key, T, Hash, KeyEqual, Allocator, full_size_observed_policy>> {
  static constexpr std::string_view name = "hash_map";
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct portable_hash_map : hash_map_hooks<hash_map<Key, T, Hash, KeyEqual, Allocator, portable_policy>> {
  static constexpr std::string_view name = "hash_map_portable";
};

struct tiny_policy_of_many_seeds : tiny_observed_policy {
  static std::uint64_t seed() noexcept { return counted_seed::next(); }
};

// The map with the hash it has when nobody chooses one, mixed by the map itself; the judge's hash is not asked.
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct own_hash_hash_map
    : hash_map_hooks<hash_map<Key, T, gauntlet::hash<Key>, KeyEqual, Allocator, tiny_policy_of_many_seeds>> {
  using map_type = hash_map<Key, T, gauntlet::hash<Key>, KeyEqual, Allocator, tiny_policy_of_many_seeds>;
  static constexpr std::string_view name = "hash_map_own_hash";
  static constexpr check::capabilities can() {
    check::capabilities c = hash_map_hooks<map_type>::can();
    c.diagnoses_misuse = false;  // the judge stages re-entry from its own hash
    return c;
  }
  static map_type make(const Hash&, const KeyEqual& equal, const Allocator& allocator, std::size_t capacity) {
    return map_type(capacity, gauntlet::hash<Key>(), equal, allocator);
  }
};

inline constexpr std::uint8_t middling_from_capacity = 16;
inline constexpr std::uint8_t full_size_from_capacity = 128;

}  // namespace gauntlet::adapters
