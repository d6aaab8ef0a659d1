// Adapters of maps that speak the standard's language: everything is found by its standard name, nothing is forwarded.
//
// An adapter tells the judge three things about a map: its type for given element types, its name, and what it promises
// beyond the common ground (check::capabilities). Members that a map lacks are found missing at compile time and the
// operations that need them are left out.
#pragma once

#include <string_view>

#include <gauntlet/check/run/subject.h>

namespace gauntlet::adapters {

// What every adapter of a standard-like map starts from: no promise beyond the common ground.
template <class Map>
struct standard_map {
  using map_type = Map;
  static constexpr check::capabilities can() { return {}; }
};

}  // namespace gauntlet::adapters
