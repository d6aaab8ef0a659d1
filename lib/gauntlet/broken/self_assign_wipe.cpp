// An assignment that makes room first and looks at its source afterwards: assigned to itself, the map is empty.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class self_assign_wipe : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  self_assign_wipe() = default;
  self_assign_wipe(const self_assign_wipe&) = default;
  self_assign_wipe(self_assign_wipe&&) = default;
  self_assign_wipe& operator=(self_assign_wipe&&) = default;

  self_assign_wipe& operator=(const self_assign_wipe& other) {
    this->clear();
    right::operator=(static_cast<const right&>(other));
    return *this;
  }
};

GAUNTLET_DEFECT(self_assign_wipe, "a map assigned to itself stays as it is", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
