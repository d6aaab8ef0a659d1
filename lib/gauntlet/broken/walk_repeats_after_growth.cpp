// A walk that starts again when the map has grown: what it has shown it shows once more.
#include <gauntlet/broken/cursor_over.h>
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Map>
class repeating_cursor : public cursor_over<Map> {
 public:
  explicit repeating_cursor(Map& map) : cursor_over<Map>(map), capacity_(map.bucket_count()) {}
  void next() {
    if (this->map_->bucket_count() <= capacity_) return this->place_.next();
    capacity_ = this->map_->bucket_count();
    this->place_ = this->map_->walk();
  }

 private:
  std::size_t capacity_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class walk_repeats_after_growth : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  walk_repeats_after_growth() = default;
  walk_repeats_after_growth(const walk_repeats_after_growth&) = default;
  walk_repeats_after_growth(walk_repeats_after_growth&&) = default;
  walk_repeats_after_growth& operator=(const walk_repeats_after_growth&) = default;
  walk_repeats_after_growth& operator=(walk_repeats_after_growth&&) = default;

  auto walk() { return repeating_cursor<right>(*this); }
};

GAUNTLET_DEFECT(walk_repeats_after_growth, "(1) an element present throughout a walk is visited exactly once",
                "hash_map_iteration", check::element_types::u64_u64);

}  // namespace gauntlet::broken
