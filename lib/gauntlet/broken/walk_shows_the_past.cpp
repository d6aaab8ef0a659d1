// A walk over a copy made when it began: it shows what has been erased since.
#include <gauntlet/broken/cursor_over.h>
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Map>
class frozen_cursor {
 public:
  explicit frozen_cursor(Map& map) {
    for (const auto& element : map) elements_.emplace_back(element.first, element.second);
  }
  explicit operator bool() const { return place_ < elements_.size(); }
  auto& operator*() { return elements_[place_]; }
  auto* operator->() { return &elements_[place_]; }
  void next() { ++place_; }

 private:
  std::vector<std::pair<typename Map::key_type, typename Map::mapped_type>> elements_;
  std::size_t place_ = 0;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class walk_shows_the_past : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  walk_shows_the_past() = default;
  walk_shows_the_past(const walk_shows_the_past&) = default;
  walk_shows_the_past(walk_shows_the_past&&) = default;
  walk_shows_the_past& operator=(const walk_shows_the_past&) = default;
  walk_shows_the_past& operator=(walk_shows_the_past&&) = default;

  auto walk() { return frozen_cursor<right>(*this); }
};

GAUNTLET_DEFECT(walk_shows_the_past, "(2) an element erased before it was reached is not visited", "hash_map_iteration",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
