// A resharding during which writes go to the old shard alone: what has been copied before is never brought up to date.
//
// One thread shows it, and two do:
//   before: insert 0              begins a resharding in which 0 moves
//   A: find 0                     with a step that copies 0 into the new shard
//   B: insert_or_assign 0         into the old shard; the new one is asked once the old one is cut over
// Nothing for ThreadSanitizer to see: all that is shared is touched under locks.
#include <gauntlet/broken/routed_map_defect.h>

namespace gauntlet::broken {

struct writes_once : detail::resharding_protocol {
  template <class Shard, class K>
  static void write_again(const Shard&, Shard&, const K&) {}
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using write_to_the_old_shard_only = restless_map_under<writes_once, Key, T, Hash, KeyEqual, Allocator>;

GAUNTLET_SCHEDULED_DEFECT_OF_ROUTED_MAP(write_to_the_old_shard_only, "a write during a resharding is not lost");

}  // namespace gauntlet::broken
