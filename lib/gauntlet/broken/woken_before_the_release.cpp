// A lock that wakes who sleeps for it, and is free only then: who woke up meanwhile found it taken, and sleeps for ever.
//
// Two threads, two operations, two preemptions; and the second thread must have got to its sleep, which it does after a
// short spin, while the first one stands still:
//   A: insert 1    holds the lock; preempted
//   B: insert 1    spins in vain and sleeps
//   A              wakes B; preempted
//   B              finds the lock taken and sleeps again
//   A              sets it free
#include <atomic>

#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

class GAUNTLET_CAPABILITY("early_waking_lock") early_waking_lock {
 public:
  void lock() GAUNTLET_ACQUIRE() GAUNTLET_UNCHECKED_LOCKING {
    for (;;) {
      for (int looks = 0; looks < 16; ++looks) {
        if (taken_.exchange(1, std::memory_order_acquire) == 0) return;  // [taken] pairs with [free]
      }
      taken_.wait(1, std::memory_order_relaxed);  // [taken] only until somebody wakes it
    }
  }
  void unlock() GAUNTLET_RELEASE() GAUNTLET_UNCHECKED_LOCKING {
    taken_.notify_one();
    taken_.store(0, std::memory_order_release);  // [free] pairs with [taken]: what was done under the lock
  }

 private:
  std::atomic<int> taken_{0};
};

struct early_waking_policy : adapters::tiny_sharded_map_policy {
  using lock_type = early_waking_lock;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using woken_before_the_release = sharded_map<Key, T, Hash, KeyEqual, Allocator, early_waking_policy>;

GAUNTLET_SCHEDULED_DEFECT(woken_before_the_release, "sharded_map", "an operation that waits for a lock gets it");

}  // namespace gauntlet::broken
