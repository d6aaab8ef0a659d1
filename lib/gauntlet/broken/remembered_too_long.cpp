// A version that is raised when the change is there for everybody to see: for a moment, old answers are good for some.
//
// Three threads, five operations, one preemption:
//   before: insert 1
//   A: find 1      and remembers it
//   B: erase 1     takes 1 out and lets go of the mutex; preempted
//   C: find 1      there is none
//   A: find 1      the version is the same: 1 is there
// Each thread alone sees a map that makes sense, and no two accesses race: it takes the order of time between threads.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/remembering_map.h>

namespace gauntlet::broken {

struct raises_late : remembering_map_policy {
  template <class Change>
  static bool change(std::mutex& lock, std::atomic<std::uint64_t>& version, Change&& change) {
    bool changed = false;
    {
      const std::lock_guard guard(lock);
      changed = change();
    }
    version.fetch_add(1, std::memory_order_seq_cst);  // [version] pairs with itself, as in the right map
    return changed;
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using remembered_too_long = remembering_map<Key, T, KeyEqual, raises_late>;

GAUNTLET_SCHEDULED_DEFECT(remembered_too_long, "remembering_map",
                          "what one thread finds gone no other finds afterwards");

}  // namespace gauntlet::broken
