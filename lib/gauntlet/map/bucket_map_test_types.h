// What the tests of bucket_map share, beside what they share with hash_map's.
#pragma once

#include <gauntlet/map/bucket_map.h>
#include <gauntlet/map/hash_map_test_types.h>

namespace gauntlet::testing {

template <class Key, class T, class Policy = tiny_bucket_policy, class Hash = hash<Key>>
using buckets_with = bucket_map<Key, T, Hash, std::equal_to<Key>, std::allocator<std::pair<const Key, T>>, Policy>;

// The original's numbers, in small pieces.
struct small_piece_policy : tiny_bucket_policy {
  static constexpr unsigned overflow_shift = 0;
};

// Hashes that choose a place in a bucket_map: the low bits name the chain, the highest byte is the top. The key is
// `chain`, and what is above 2^16 makes keys differ.
struct chain_hash {
  using is_avalanching = void;
  std::size_t operator()(u64 key) const noexcept { return (key & 0xffff) | mix(key >> 16, 3) << 16; }
};
// Few chains, few tops, many ties.
struct crowded_hash {
  using is_avalanching = void;
  std::size_t operator()(u64 key) const noexcept { return key % 3 | key % 5 << 20 | key % 2 << 62; }
};
// Every hash differs, all in one chain.
struct one_chain_hash {
  using is_avalanching = void;
  std::size_t operator()(u64 key) const noexcept { return mix(key, 5) << 32; }
};

// Inserts keys from `from` on until the map begins a growth, and tells the first key that is left.
template <class Map>
u64 fill_until_it_grows(Map& m, u64 from) {
  const auto begun = [&m] { return m.stats().doublings + m.stats().same_size_growths; };
  for (const auto before = begun(); begun() == before; ++from) m.try_emplace(from, from);
  return from;
}

}  // namespace gauntlet::testing
