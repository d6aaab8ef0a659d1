// The maps that the laws are stated for: maps of numbers whose tables are so small that a dozen elements split, merge
// and overflow them, or make them grow, under every quality of hash. A map that obeys a law only under a good hash does
// not obey it, so the quality is drawn with each case.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <gauntlet/check/program/keys.h>
#include <gauntlet/map/bucket_map.h>
#include <gauntlet/map/hash_map.h>

namespace props {

// The judge's hashes, chosen at run time. The map takes them bit for bit: top bits choose the table, low bits the
// group, bits 16 to 31 the tag.
struct steered_hash {
  using is_avalanching = void;
  gauntlet::check::hash_quality quality = gauntlet::check::hash_quality::good;
  std::size_t operator()(std::uint64_t key) const noexcept { return gauntlet::check::hash_of(quality, key); }
};

// Small tables again, with the groups that need no SIMD.
struct portable_tiny_policy : gauntlet::tiny_policy {
  static constexpr bool portable_groups = true;
};

template <class Policy>
using number_map = gauntlet::hash_map<std::uint64_t, std::uint64_t, steered_hash, std::equal_to<std::uint64_t>,
                                      std::allocator<std::pair<const std::uint64_t, std::uint64_t>>, Policy>;
using tiny_map = number_map<gauntlet::tiny_policy>;
using portable_map = number_map<portable_tiny_policy>;
using tiny_bucket_map =
    gauntlet::bucket_map<std::uint64_t, std::uint64_t, steered_hash, std::equal_to<std::uint64_t>,
                         std::allocator<std::pair<const std::uint64_t, std::uint64_t>>, gauntlet::tiny_bucket_policy>;

using element = std::pair<std::uint64_t, std::uint64_t>;

inline rc::Gen<gauntlet::check::hash_quality> some_quality() {
  return rc::gen::map(rc::gen::inRange(0U, gauntlet::check::hash_quality_count),
                      [](unsigned q) { return static_cast<gauntlet::check::hash_quality>(q); });
}

// Keys that meet each other again: mostly below 48, sometimes any number.
inline rc::Gen<std::uint64_t> some_key() {
  return rc::gen::weightedOneOf<std::uint64_t>(
      {{15, rc::gen::inRange<std::uint64_t>(0, 48)}, {1, rc::gen::arbitrary<std::uint64_t>()}});
}

inline rc::Gen<std::vector<element>> some_elements() {
  return rc::gen::container<std::vector<element>>(rc::gen::pair(some_key(), rc::gen::inRange<std::uint64_t>(0, 8)));
}

template <class Map>
Map map_of(gauntlet::check::hash_quality quality, const std::vector<element>& elements = {}) {
  Map map(0, steered_hash{quality});
  for (const auto& [key, value] : elements) map.emplace(key, value);
  return map;
}

template <class Map>
std::vector<element> sorted_contents(const Map& map) {
  std::vector<element> all(map.begin(), map.end());
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace props

// A property of every map: what follows is the body of a function template with the parameter Map.
#define GAUNTLET_PROPERTY(suite, name)                                                 \
  template <class Map>                                                                 \
  void suite##name();                                                                  \
  RC_GTEST_PROP(suite, name, ()) { suite##name<props::tiny_map>(); }                   \
  RC_GTEST_PROP(BucketMap##suite, name, ()) { suite##name<props::tiny_bucket_map>(); } \
  template <class Map>                                                                 \
  void suite##name()

namespace gauntlet::check {

// How a counterexample names its hash.
inline void showValue(hash_quality quality, std::ostream& out) {
  static constexpr const char* names[] = {"good", "constant", "truncated", "identity", "adversarial", "top_only"};
  out << names[static_cast<unsigned>(quality)];
}

}  // namespace gauntlet::check
