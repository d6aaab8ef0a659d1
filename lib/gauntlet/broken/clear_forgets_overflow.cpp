// A clear that goes through the tables and forgets the elements that found no room in their own group.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class clear_forgets_overflow : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  clear_forgets_overflow() = default;
  clear_forgets_overflow(const clear_forgets_overflow&) = default;
  clear_forgets_overflow(clear_forgets_overflow&&) = default;
  clear_forgets_overflow& operator=(const clear_forgets_overflow&) = default;
  clear_forgets_overflow& operator=(clear_forgets_overflow&&) = default;

  void clear() {
    const hash_map_stats all = this->stats();
    if (all.overflowed == 0 && all.longest_probe <= 1) return right::clear();
    const std::pair<Key, T> forgotten(this->begin()->first, this->begin()->second);
    right::clear();
    this->try_emplace(forgotten.first, forgotten.second);
  }
};

GAUNTLET_DEFECT(clear_forgets_overflow, "clear leaves nothing", "hash_map_operations", check::element_types::u64_u64);

}  // namespace gauntlet::broken
