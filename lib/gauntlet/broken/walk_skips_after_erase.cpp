// A walk that steps twice when the element it stands on was erased: the erasure has moved it on already.
#include <gauntlet/broken/cursor_over.h>
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Map>
class skipping_cursor : public cursor_over<Map> {
 public:
  explicit skipping_cursor(Map& map) : cursor_over<Map>(map) { arrive(); }
  void next() {
    if (!this->map_->contains(*here_)) this->place_.next();
    if (this->place_) this->place_.next();
    arrive();
  }

 private:
  void arrive() {
    if (this->place_) here_ = this->place_->first;
  }
  std::optional<typename Map::key_type> here_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class walk_skips_after_erase : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  walk_skips_after_erase() = default;
  walk_skips_after_erase(const walk_skips_after_erase&) = default;
  walk_skips_after_erase(walk_skips_after_erase&&) = default;
  walk_skips_after_erase& operator=(const walk_skips_after_erase&) = default;
  walk_skips_after_erase& operator=(walk_skips_after_erase&&) = default;

  auto walk() { return skipping_cursor<right>(*this); }
};

GAUNTLET_DEFECT(walk_skips_after_erase, "(1) an element present throughout a walk is visited exactly once",
                "hash_map_iteration", check::element_types::u64_u64);

}  // namespace gauntlet::broken
