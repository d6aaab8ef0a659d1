// An equality that compares sizes and keys, and takes the values for granted.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class equality_ignores_values : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  equality_ignores_values() = default;
  equality_ignores_values(const equality_ignores_values&) = default;
  equality_ignores_values(equality_ignores_values&&) = default;
  equality_ignores_values& operator=(const equality_ignores_values&) = default;
  equality_ignores_values& operator=(equality_ignores_values&&) = default;

  friend bool operator==(const equality_ignores_values& a, const equality_ignores_values& b) {
    if (a.size() != b.size()) return false;
    for (const auto& element : a) {
      if (!b.contains(element.first)) return false;
    }
    return true;
  }
};

GAUNTLET_DEFECT(equality_ignores_values, "equal maps have equal values", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
