// A writer that looks whether the bucket has moved before it waits for the bucket's lock, not when it has the lock.
//
// Two threads, four operations, one preemption:
//   before: insert 1, insert 2    two buckets, full
//   A: insert 3    sees that its bucket has not moved; preempted before it has the lock
//   B: insert 4    doubles the table: all buckets move
//   A              puts 3 into the bucket that was left behind: 3 is lost
// Nothing for ThreadSanitizer to see: all that is shared is atomic or touched under a lock.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/doubling_map.h>

namespace gauntlet::broken {

struct writer_looks_too_early : doubling_map_policy {
  static std::unique_lock<std::mutex> lock(std::mutex& lock_of_bucket, const std::atomic<bool>& moved) {
    return moved.load() ? std::unique_lock<std::mutex>() : std::unique_lock(lock_of_bucket);
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using insert_lost_in_doubling = doubling_map<Key, T, Hash, KeyEqual, writer_looks_too_early>;

GAUNTLET_SCHEDULED_DEFECT(insert_lost_in_doubling, "doubling_map", "a table that doubles keeps every element");

}  // namespace gauntlet::broken
