// A cursor that passes everything on to the right map's cursor; defective walks replace one step of it.
#pragma once

#include <optional>
#include <utility>
#include <vector>

namespace gauntlet::broken {

template <class Map>
class cursor_over {
 public:
  explicit cursor_over(Map& map) : map_(&map), place_(map.walk()) {}
  explicit operator bool() const { return static_cast<bool>(place_); }
  decltype(auto) operator*() { return *place_; }
  auto operator->() { return &*place_; }
  void next() { place_.next(); }

 protected:
  Map* map_;
  decltype(std::declval<Map&>().walk()) place_;
};

}  // namespace gauntlet::broken
