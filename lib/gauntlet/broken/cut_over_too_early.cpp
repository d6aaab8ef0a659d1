// A resharding that cuts a shard over when it has copied some of its elements, and not all.
//
// One thread shows it: two elements that move, and steps of one element. Beside another thread it takes no more:
//   before: insert 0, insert 1    both are to move; a step copies one of them, and the shard is cut over
//   A: find 1                     asks the new shard, which has never had it
// Nothing for ThreadSanitizer to see: all that is shared is touched under locks.
#include <gauntlet/broken/routed_map_defect.h>

namespace gauntlet::broken {

struct content_with_some : detail::resharding_protocol {
  static bool is_copied(bool) { return true; }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using cut_over_too_early = restless_map_under<content_with_some, Key, T, Hash, KeyEqual, Allocator>;

GAUNTLET_SCHEDULED_DEFECT_OF_ROUTED_MAP(cut_over_too_early, "a resharding moves every element that is to move");

}  // namespace gauntlet::broken
