// A sync_map whose store to a deleted entry looks that it is deleted and then makes it live, in two steps: it may have
// been expunged in between, and is live then in a part that is about to go.
//
// Two threads, four operations, one preemption:
//   before: insert 1, erase 1     a miss, and promotion: the read part has a deleted entry
//   A: insert 1                   sees that it is deleted; preempted
//   B: insert 2                   begins a dirty part, which leaves 1 out
//   A                             makes 1 live: the next promotion forgets it
// Two stores to one deleted key may both insert, besides. Nothing for ThreadSanitizer to see: the word is atomic.
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T>
struct revived_in_two_steps : detail::sync_entry<Key, T> {
  using right = detail::sync_entry<Key, T>;
  using right::right;
  using typename right::word;

  bool exchange(word& seen, word wanted) noexcept {
    if (seen != right::deleted) return right::exchange(seen, wanted);
    this->revive(wanted);
    return true;
  }
};

struct two_step_policy : adapters::tiny_sync_map_policy {
  template <class Key, class T>
  using entry = revived_in_two_steps<Key, T>;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using store_revives_in_two_steps = sync_map<Key, T, Hash, KeyEqual, Allocator, two_step_policy>;

GAUNTLET_SCHEDULED_DEFECT(store_revives_in_two_steps, "sync_map", "a store that has returned is not lost");

}  // namespace gauntlet::broken
