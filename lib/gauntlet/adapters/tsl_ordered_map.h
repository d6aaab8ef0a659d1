// tsl::ordered_map (1.0.0) before the judge: it remembers the order of insertion, and erasing keeps it.
//
// It is judged with std::allocator, and what it does with memory is not: rehashing makes the new bucket array with an
// allocator that it made up, and swaps it in, so that with one that carries a state the first insertion gives a block to
// an allocator that does not own it.
//
// Not asked of it:
//
// - erase(first, last). It corrects the buckets in their order and shifts back over the end of the array, so that a bucket at
//   the front is corrected twice, or taken for one of the range: its element is no longer found.
// - Copy assignment that throws. It takes over the index first and the elements then: the index knows of elements that are
//   not there (corpus/maps_agree/regression/copy_assignment_whose_copy_throws.ops).
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include <tsl/ordered_map.h>

#include <gauntlet/adapters/refusing_absurd_requests.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

// It takes a load factor of one and more at its word, fills the last bucket, and looks for a free one for ever.
template <class Map>
class never_full : public refusing_absurd_requests<Map> {
 public:
  using refusing_absurd_requests<Map>::refusing_absurd_requests;
  using refusing_absurd_requests<Map>::operator=;
  using refusing_absurd_requests<Map>::max_load_factor;
  void max_load_factor(float wanted) { Map::max_load_factor(std::min(wanted, 0.8f)); }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tsl_ordered_map : standard_map<never_full<tsl::ordered_map<Key, T, Hash, KeyEqual>>> {
  using map_type = never_full<tsl::ordered_map<Key, T, Hash, KeyEqual>>;
  static constexpr std::string_view name = "tsl_ordered_map";
  static map_type make(const Hash& hash, const KeyEqual& equal, const Allocator&, std::size_t capacity) {
    return map_type(capacity, hash, equal);
  }
  static constexpr check::capabilities can() {
    check::capabilities c;
    c.iterates = check::iteration_order::by_insertion;
    c.erase_keeps_iterators = false;  // others move up
    c.erases_in_linear_time = true;
    c.reserve_prevents_rehash = false;  // it grows when a place is too far from home
    c.throwing_hash_is_safe = false;    // erase hashes the keys behind the element where nothing may be thrown
    return c;
  }
  static constexpr bool leaves_out(const check::circumstances& now) {
    return now.code == check::opcode::erase_range || (now.code == check::opcode::copy_assign && now.fault_armed);
  }
};

}  // namespace gauntlet::adapters
