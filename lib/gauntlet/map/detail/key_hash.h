// The hash of a key as maps place it: mixed with the map's seed, unless the hash says that it needs no mixing.
#pragma once

#include <cstdint>

#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/map_types.h>
#include <gauntlet/map/hash.h>

namespace gauntlet::detail {

template <class Hash, class K>
GAUNTLET_ALWAYS_INLINE std::uint64_t key_hash(const Hash& hash, const K& key, std::uint64_t seed) {
  if constexpr (avalanching<Hash>) {
    return static_cast<std::uint64_t>(hash(key));
  } else {
    return seeded_hash(hash, key, seed);
  }
}

}  // namespace gauntlet::detail
