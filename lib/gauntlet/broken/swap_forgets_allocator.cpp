// A swap that exchanges the contents and leaves the allocators where they are, although they propagate: each map gives
// back to its own arena what came from the other's.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

// An allocator that says everything Allocator says, but that swapping containers leaves it in its place.
template <class Allocator>
class staying_behind : public Allocator {
 public:
  using propagate_on_container_swap = std::false_type;
  template <class U>
  struct rebind {
    using other = staying_behind<typename std::allocator_traits<Allocator>::template rebind_alloc<U>>;
  };
  using Allocator::Allocator;
  staying_behind(const Allocator& from) : Allocator(from) {}
  template <class Other>
  staying_behind(const staying_behind<Other>& other) : Allocator(static_cast<const Other&>(other)) {}
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using swap_forgets_allocator = right_map<Key, T, Hash, KeyEqual, staying_behind<Allocator>>;

GAUNTLET_DEFECT(swap_forgets_allocator, "swap exchanges allocators that propagate", "hash_map_types",
                check::element_types::tracked_tracked);

}  // namespace gauntlet::broken
