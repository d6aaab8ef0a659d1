// A walk that has read every element when it began and shows what it read, whatever has been assigned since.
#include <gauntlet/broken/cursor_over.h>
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Map>
class reading_ahead_cursor : public copying_cursor<Map> {
 public:
  explicit reading_ahead_cursor(Map& map) : copying_cursor<Map>(map) {
    for (const auto& [key, value] : map) read_.emplace_back(key, value);
  }
  void next() {
    copying_cursor<Map>::next();
    if (!this->place_) return;
    for (const auto& [key, value] : read_) {
      if (key == this->shown_->first) this->shown_->second = value;
    }
  }

 private:
  std::vector<std::pair<typename Map::key_type, typename Map::mapped_type>> read_;
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
