// An equality that compares what two walks show, one element beside the other. Maps with the same elements may show them in
// another order.
#include <algorithm>

#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class equality_goes_by_place : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;

  friend bool operator==(const equality_goes_by_place& a, const equality_goes_by_place& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }
};

GAUNTLET_DEFECT(equality_goes_by_place, "maps with the same elements are equal", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
