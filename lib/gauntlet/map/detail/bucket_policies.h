// What a bucket_map can be told at compile time. See policies.h for the meaning of what all maps have.
#pragma once

#include <cstddef>
#include <cstdint>

#include <gauntlet/map/detail/policies.h>

namespace gauntlet {

// Receives the events of a map's growth, in numbers of buckets. Must not throw and must not touch the map.
struct no_bucket_observer {
  void on_growth(std::size_t /*old_buckets*/, std::size_t /*new_buckets*/) noexcept {}
  void on_growth_done(std::size_t /*buckets*/) noexcept {}
};

namespace detail {
struct no_work_counter {};
template <class Types>
class bucket_table;
template <class Types, bool Const>
class bucket_cursor;
}  // namespace detail

#if GAUNTLET_CHECKED
inline namespace checked_policies {
#else
inline namespace unchecked_policies {
#endif

struct bucket_map_policy {
  // Buckets that are made, and given back, at once; a power of two.
  static constexpr std::size_t piece_buckets = 128;
  // Among up to 32 buckets an array of the same size takes over when there is one overflow bucket for each 2^this.
  static constexpr unsigned overflow_shift = 0;

  static std::uint64_t seed() noexcept { return hash_map_policy::seed(); }
  static constexpr bool detect_misuse = true;
  static constexpr unsigned writes_per_linger = 1024;
  static constexpr bool checked = GAUNTLET_CHECKED != 0;
  static constexpr bool portable_groups = true;  // buckets are searched in a word: no SIMD
  static constexpr bool count_work = false;
  using observer = no_bucket_observer;
  // The works and the walks. Who replaces them derives from them.
  template <class Types>
  using table = detail::bucket_table<Types>;
  template <class Types, bool Const>
  using cursor = detail::bucket_cursor<Types, Const>;
};

// The same order and the same collisions in every run.
struct fixed_seed_bucket_policy : bucket_map_policy {
  static std::uint64_t seed() noexcept { return fixed_seed_policy::seed(); }
};

// Several pieces, and growths of both kinds, within thirty elements.
struct tiny_bucket_policy : fixed_seed_bucket_policy {
  static constexpr std::size_t piece_buckets = 2;
  static constexpr unsigned overflow_shift = 2;
  static constexpr bool checked = true;
  static constexpr bool count_work = true;
};

}  // namespace checked_policies or unchecked_policies

}  // namespace gauntlet
