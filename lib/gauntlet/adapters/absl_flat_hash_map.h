// absl::flat_hash_map before the judge. It needs abseil's compiled library, so it is registered only where that is
// there.
//
// Not asked of it: anything that throws. An insertion takes its place before it makes the element there, and shows what
// never was when that throws (corpus/maps_agree/regression/emplacement_whose_value_throws.ops); a hash that throws in a
// growth leaves a size that is not that of its contents; a growth without memory gives the old block back with another
// size.
#pragma once

#include <string_view>

#include <absl/container/flat_hash_map.h>

#include <gauntlet/adapters/allocator_with_default.h>
#include <gauntlet/adapters/refusing_absurd_requests.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

// abseil ends the process when a map is merged with itself. Here that does nothing, as in the standard's maps.
template <class Map>
class surviving_every_request : public refusing_absurd_requests<Map> {
 public:
  using refusing_absurd_requests<Map>::refusing_absurd_requests;
  using refusing_absurd_requests<Map>::operator=;
  void merge(surviving_every_request& source) {
    if (this != &source) Map::merge(static_cast<Map&>(source));
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct absl_flat_hash_map
    : standard_map<
          surviving_every_request<absl::flat_hash_map<Key, T, Hash, KeyEqual, allocator_with_default<Allocator>>>> {
  static constexpr std::string_view name = "absl_flat_hash_map";
  static constexpr check::capabilities can() {
    check::capabilities c;
    c.nodes = true;
    c.emplaces_pairs = true;
    c.moves_only_in_rehash = true;
    c.inserts_by_view = true;
    c.exception_safe = false;              // what throws leaves places taken, and blocks given back with another size
    c.moved_from_is_empty = false;         // where allocators differ the elements stay behind
    c.arguments_may_refer_inside = false;  // what grows has freed the old slots when it makes the new element
    return c;
  }
};

}  // namespace gauntlet::adapters
