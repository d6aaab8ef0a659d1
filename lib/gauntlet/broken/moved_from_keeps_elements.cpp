// A move construction that copies: the source keeps its elements.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class moved_from_keeps_elements : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  moved_from_keeps_elements() = default;
  moved_from_keeps_elements(const moved_from_keeps_elements&) = default;
  moved_from_keeps_elements& operator=(const moved_from_keeps_elements&) = default;
  moved_from_keeps_elements& operator=(moved_from_keeps_elements&&) = default;

  moved_from_keeps_elements(moved_from_keeps_elements&& other)
      : right(static_cast<const right&>(other), other.get_allocator()) {}
};

GAUNTLET_DEFECT(moved_from_keeps_elements, "a map moved from is empty", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
