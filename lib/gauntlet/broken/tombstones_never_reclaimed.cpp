// Erasing leaves a tombstone, and no growth ever drops the tombstones: the map makes room for eight times all it ever held.
//
// Every answer is right. Only what the map costs gives it away: memory and moves follow the number of erasures.
#include <gauntlet/broken/before_insertion.h>
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class tombstones_never_reclaimed
    : public before_insertion<tombstones_never_reclaimed<Key, T, Hash, KeyEqual, Allocator>,
                              right_map<Key, T, Hash, KeyEqual, Allocator>> {
  using right = before_insertion<tombstones_never_reclaimed, right_map<Key, T, Hash, KeyEqual, Allocator>>;

 public:
  using right::right;
  using right::operator=;

  using right::erase;
  std::size_t erase(const Key& key) {
    const std::size_t erased = right::erase(key);
    tombstones_ += erased;
    return erased;
  }
  auto erase(typename right::const_iterator first, typename right::const_iterator last) {
    const std::size_t before = this->size();
    auto next = right::erase(first, last);
    tombstones_ += before - this->size();
    return next;
  }
  void clear() noexcept {
    tombstones_ += this->size();
    right::clear();
  }
  template <class Predicate>
  friend std::size_t erase_if(tombstones_never_reclaimed& map, Predicate predicate) {
    const std::size_t erased = erase_if(static_cast<typename right::right_map_type&>(map), predicate);
    map.tombstones_ += erased;
    return erased;
  }

  void about_to_insert() {
    if (tombstones_ > 0) this->reserve(8 * (this->size() + tombstones_));
  }

 private:
  std::size_t tombstones_ = 0;
};

GAUNTLET_DEFECT(tombstones_never_reclaimed, "memory and work follow what the map holds, not what it once held",
                "hash_map_operations", check::element_types::u64_u64);

}  // namespace gauntlet::broken
