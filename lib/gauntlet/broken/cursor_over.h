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

// One that has copied the element when it came to it, and shows the copy.
template <class Map>
class copying_cursor : public cursor_over<Map> {
 public:
  explicit copying_cursor(Map& map) : cursor_over<Map>(map) { arrive(); }
  auto& operator*() { return *shown_; }
  auto* operator->() { return &*shown_; }
  void next() {
    this->place_.next();
    arrive();
  }

 protected:
  std::optional<std::pair<typename Map::key_type, typename Map::mapped_type>> shown_;

 private:
  void arrive() {
    if (this->place_) shown_.emplace((*this->place_).first, (*this->place_).second);
  }
};

}  // namespace gauntlet::broken
