// A resharding that begins to copy while writers are still there that have not heard of it.
//
// Two threads, three operations, two preemptions:
//   A: insert 1                   is about to begin a resharding; preempted
//   B: insert 2                   looks at the table in which nothing moves; preempted
//   A                             begins the resharding, and a lookup copies the shard and cuts it over
//   B                             inserts 2 into the old shard, where nobody looks any more
// Nothing for ThreadSanitizer to see: all that is shared is touched under locks.
#include <gauntlet/broken/routed_map_defect.h>

namespace gauntlet::broken {

struct awaits_no_writer : detail::resharding_protocol {
  template <class Domain>
  static bool writers_have_left(const Domain&, std::uint64_t) {
    return true;
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using late_writer_not_awaited = restless_map_under<awaits_no_writer, Key, T, Hash, KeyEqual, Allocator>;

GAUNTLET_SCHEDULED_DEFECT_OF_ROUTED_MAP(late_writer_not_awaited, "an insertion that has returned is not lost");

}  // namespace gauntlet::broken
