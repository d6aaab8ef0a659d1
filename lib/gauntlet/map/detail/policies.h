// What a map can be told at compile time: sizes, thresholds, checks. Tests derive from these and override; the
// defaults are the measured best.
//
// The two meanings of `checked` are two types (an inline namespace apart), so that translation units built with and
// without NDEBUG can be linked: a map handed from one to the other is then a link error instead of a surprise.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <random>

#include <gauntlet/map/hash.h>

#ifndef GAUNTLET_CHECKED
#ifdef NDEBUG
#define GAUNTLET_CHECKED 0
#else
#define GAUNTLET_CHECKED 1
#endif
#endif

namespace gauntlet {

namespace detail {

// Asked once per process. Without a random device the address space's layout has to do.
inline std::uint64_t process_seed() noexcept {
  static const std::uint64_t seed = [] {
    try {
      std::random_device device;
      return std::uint64_t{device()} << 32 | device();
    } catch (...) {
      return mix(reinterpret_cast<std::uintptr_t>(&seed), golden);
    }
  }();
  return seed;
}

// A number no other map of this process has had. Threads take a thousand at a time, so that small maps made by many do
// not meet in one line of memory. Relaxed: the number itself is all that is communicated.
inline thread_local constinit std::uint64_t own_map_numbers = 0;  // the next one; a multiple of 1024: none are left
inline std::uint64_t next_map_number() noexcept {
  static std::atomic<std::uint64_t> taken{1};  // [map number] pairs with nothing: a counter
  if (own_map_numbers % 1024 == 0) own_map_numbers = taken.fetch_add(1, std::memory_order_relaxed) * 1024 + 1;
  return own_map_numbers++;
}

}  // namespace detail

// Receives the events of a map's growth. Called when the map is consistent; must not throw and must not touch the map.
struct no_observer {
  void on_growth(std::size_t /*old_capacity*/, std::size_t /*new_capacity*/) noexcept {}
  void on_split(std::size_t /*tables*/) noexcept {}
  void on_merge(std::size_t /*tables*/) noexcept {}
  void on_shrink(std::size_t /*old_capacity*/, std::size_t /*new_capacity*/) noexcept {}
};

#if GAUNTLET_CHECKED
inline namespace checked_policies {
#else
inline namespace unchecked_policies {
#endif

struct hash_map_policy {
  // Groups of a full-size table, a power of two up to 4096. 256 groups hold 1,792 slots: a split costs microseconds.
  static constexpr std::size_t table_groups_max = 256;
  // The first table has as many groups, one at least, as fit into this many bytes.
  static constexpr std::size_t first_table_bytes = 256;
  // A table splits at this load. Groups of seven overflow early: 0.875 costs hits 40 %.
  static constexpr unsigned max_load_per_mille = 800;
  // A table filled after reserve() may reach this load: reserved tables fill unevenly, but not by more than this.
  static constexpr unsigned reserved_load_per_mille = 970;
  // Two neighbours merge when together they are at most this full, measured by one table's limit.
  static constexpr unsigned merge_below_per_mille = 620;
  // The only table becomes a quarter when it holds less than this of its limit.
  static constexpr unsigned shrink_below_per_mille = 125;
  // Erases that pay for looking at one table.
  static constexpr std::size_t erases_per_sweep = 32;
  // The directory may be as large as a table, or have this many entries for each table that would do if all were full;
  // a table that would need more keeps its elements to the brim and puts the rest aside. Only bad hashes get there.
  static constexpr std::size_t directory_entries_per_table = 16;

  static std::uint64_t seed() noexcept {
    return mix(detail::next_map_number() * detail::golden, detail::process_seed());
  }
  static constexpr bool detect_misuse = true;  // concurrent and re-entrant use
  // One of so many writing operations takes its time, in a process that has had a second thread, so that other writers
  // notice it (detail/activity.h); a power of two up to 2^22. Fewer: sooner noticed, dearer.
  static constexpr unsigned writes_per_linger = 1024;
  static constexpr bool checked = GAUNTLET_CHECKED != 0;  // stale iterators and cursors
  static constexpr bool portable_groups = false;          // leave SIMD aside
  static constexpr bool count_work = false;               // work() counts groups probed and elements moved
  using observer = no_observer;
};

// The same order of iteration and the same collisions in every run.
struct fixed_seed_policy : hash_map_policy {
  static std::uint64_t seed() noexcept { return 0x243f6a8885a308d3; }
};

// Splits, merges, directory changes and overflow within thirty elements.
struct tiny_policy : fixed_seed_policy {
  static constexpr std::size_t first_table_bytes = 0;
  static constexpr std::size_t table_groups_max = 2;
  static constexpr std::size_t erases_per_sweep = 2;  // tables are soon sparse: with four they are left behind
  static constexpr bool checked = true;
  static constexpr bool count_work = true;
};

}  // namespace checked_policies or unchecked_policies

}  // namespace gauntlet
