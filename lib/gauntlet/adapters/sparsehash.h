// google::dense_hash_map and google::sparse_hash_map (sparsehash 2.0.3) before the judge.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <sparsehash/dense_hash_map>
#include <sparsehash/sparse_hash_map>

#include <gauntlet/adapters/refusing_absurd_requests.h>
#include <gauntlet/adapters/standard.h>
#include <gauntlet/check/types/element_traits.h>

namespace gauntlet::adapters {

// Its load factor has to stay below one, which it asserts.
template <class Map>
class within_its_load : public refusing_absurd_requests<Map> {
 public:
  using refusing_absurd_requests<Map>::refusing_absurd_requests;
  void max_load_factor(float wanted) { Map::max_load_factor(std::min(wanted, 0.8f)); }
};

// Two keys that no program uses mark the empty and the erased buckets.
inline constexpr std::uint64_t empty_key = 0x5eed0f00d1e5e111;
inline constexpr std::uint64_t erased_key = 0x5eed0f00d1e5e222;

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct google_dense_hash_map {
  using map_type = within_its_load<google::dense_hash_map<Key, T, Hash, KeyEqual>>;
  static constexpr std::string_view name = "google_dense_hash_map";
  static map_type make(const Hash& hash, const KeyEqual& equal, const Allocator&, std::size_t capacity) {
    map_type m(capacity, hash, equal);
    m.set_empty_key(check::make<Key>(empty_key));
    m.set_deleted_key(check::make<Key>(erased_key));
    return m;
  }
  static constexpr check::capabilities can() {
    check::capabilities c;
    c.exception_safe = false;
    c.moved_from_is_empty = false;       // it only copies
    c.compares_only_in_lookups = false;  // an empty place is one whose key equals the empty key
    return c;
  }
  static constexpr bool leaves_out(const check::circumstances& now) {
    return now.code == check::opcode::self_swap || (now.code == check::opcode::swap && now.one_map);
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct google_sparse_hash_map {
  using map_type = within_its_load<google::sparse_hash_map<Key, T, Hash, KeyEqual>>;
  static constexpr std::string_view name = "google_sparse_hash_map";
  static map_type make(const Hash& hash, const KeyEqual& equal, const Allocator&, std::size_t capacity) {
    map_type m(capacity, hash, equal);
    m.set_deleted_key(check::make<Key>(erased_key));
    return m;
  }
  static constexpr check::capabilities can() {
    check::capabilities c;
    c.exception_safe = false;
    c.moved_from_is_empty = false;  // it only copies
    return c;
  }
};

}  // namespace gauntlet::adapters
