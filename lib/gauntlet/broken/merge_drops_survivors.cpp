// A merge that takes its source for emptied: elements whose key the target had already are dropped.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class merge_drops_survivors : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  merge_drops_survivors() = default;
  merge_drops_survivors(const merge_drops_survivors&) = default;
  merge_drops_survivors(merge_drops_survivors&&) = default;
  merge_drops_survivors& operator=(const merge_drops_survivors&) = default;
  merge_drops_survivors& operator=(merge_drops_survivors&&) = default;

  void merge(merge_drops_survivors& source) {
    if (&source == this) return;
    right::merge(static_cast<right&>(source));
    source.clear();
  }
  void merge(merge_drops_survivors&& source) { merge(source); }
};

GAUNTLET_DEFECT(merge_drops_survivors, "merge leaves in the source what the target has already", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
