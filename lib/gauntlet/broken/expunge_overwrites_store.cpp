// A sync_map that begins a dirty part by looking whether an entry is deleted and then expunging it, in two steps: a store
// in between is overwritten.
//
// Two threads, four operations, one preemption:
//   before: insert 1, erase 1     a miss, and promotion: the read part has a deleted entry
//   A: insert 2                   begins a dirty part, sees that 1 is deleted; preempted
//   B: insert 1                   the entry is live, and that needs no lock
//   A                             expunges it: 1 is gone
// Nothing for ThreadSanitizer to see: the word is atomic. The value is leaked besides.
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T>
struct expunged_in_two_steps : detail::sync_entry<Key, T> {
  using right = detail::sync_entry<Key, T>;
  using right::right;

  bool expunge(std::uint64_t phase) noexcept {
    if (this->load() != right::deleted) return false;
    this->revive(right::expunged_in(phase));
    return true;
  }
};

struct two_step_policy : adapters::tiny_sync_map_policy {
  template <class Key, class T>
  using entry = expunged_in_two_steps<Key, T>;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using expunge_overwrites_store = sync_map<Key, T, Hash, KeyEqual, Allocator, two_step_policy>;

GAUNTLET_SCHEDULED_DEFECT(expunge_overwrites_store, "sync_map", "a store that has returned is not lost");

}  // namespace gauntlet::broken
