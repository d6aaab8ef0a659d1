// A walk that has read every element when it began and shows what it read, whatever has been assigned since.
#include <gauntlet/broken/cursor_over.h>
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Map>
class reading_ahead_cursor : public cursor_over<Map> {
 public:
  explicit reading_ahead_cursor(Map& map) : cursor_over<Map>(map) {
    for (const auto& [key, value] : map) read_.emplace_back(key, value);
    arrive();
  }
  auto& operator*() { return *shown_; }
  auto* operator->() { return &*shown_; }
  void next() {
    this->place_.next();
    arrive();
  }

 private:
  using element = std::pair<typename Map::key_type, typename Map::mapped_type>;
  void arrive() {
    if (!this->place_) return;
    shown_.emplace((*this->place_).first, (*this->place_).second);
    for (const element& before : read_) {
      if (before.first == shown_->first) shown_->second = before.second;
    }
  }
  std::vector<element> read_;
  std::optional<element> shown_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class walk_shows_old_values : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;

  auto walk() { return reading_ahead_cursor<right>(*this); }
};

GAUNTLET_DEFECT(walk_shows_old_values, "(5) what a visit shows is the element's current value", "hash_map_iteration",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
