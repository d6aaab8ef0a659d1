// absl::flat_hash_map before the judge. It needs abseil's compiled library, so it is registered only where that is
// there.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string_view>

#include <absl/container/flat_hash_map.h>

#include <gauntlet/adapters/allocator_with_default.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

// abseil ends the process when asked for more room than there can be, and when merged with itself. Here the first is
// refused and the second does nothing, as in the standard's maps.
template <class Map>
class surviving_every_request : public Map {
 public:
  using Map::Map;
  using Map::operator=;
  void reserve(std::size_t elements) {
    refuse(elements);
    Map::reserve(elements);
  }
  void rehash(std::size_t slots) {
    refuse(slots);
    Map::rehash(slots);
  }
  void merge(surviving_every_request& source) {
    if (this != &source) Map::merge(static_cast<Map&>(source));
  }

 private:
  static void refuse(std::size_t amount) {
    if (amount >= std::size_t{1} << 40) throw std::length_error("more than abseil would survive");
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
    return c;
  }
};

}  // namespace gauntlet::adapters
