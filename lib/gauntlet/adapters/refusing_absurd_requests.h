// A map that refuses to reserve more room than there can be, as the standard's maps do, where its own answer would end
// the run: abseil ends the process, and boost 1.81 computes a size of zero and writes in front of what it allocated
// (found by maps_agree; corpus/maps_agree/regression/rehash_to_absurd_size.ops).
#pragma once

#include <cstddef>
#include <stdexcept>

namespace gauntlet::adapters {

template <class Map>
class refusing_absurd_requests : public Map {
 public:
  using Map::Map;
  using Map::operator=;
  void reserve(std::size_t elements)
    requires requires(Map& map) { map.reserve(elements); }
  {
    refuse(elements);
    Map::reserve(elements);
  }
  void rehash(std::size_t slots)
    requires requires(Map& map) { map.rehash(slots); }
  {
    refuse(slots);
    Map::rehash(slots);
  }

 private:
  static void refuse(std::size_t amount) {
    if (amount >= std::size_t{1} << 31) throw std::length_error("more room than there can be");
  }
};

}  // namespace gauntlet::adapters
