// A gate whose two flags are written with release and read with acquire: who passes and who closes may miss each other.
//
// Both words may still be on their way when both look; with acquire and release alone nothing forbids it. Then a table
// doubles around a thread that is inside and writes to a bucket that is already empty and left behind.
// Two threads, four operations, one preemption, and one load that does not see the latest store:
//   before: insert 1, insert 2    two buckets, full
//   B: insert 3    says "closed", sees nobody inside, moves all buckets; preempted before it shows the new table
//   A: insert 4    says "inside", does not see "closed" yet, puts 4 into a bucket of the old table
//   B              shows the new table: 4 is lost
// Nothing for ThreadSanitizer to see: flags are atomics, buckets are touched under their locks. Where every access is
// sequentially consistent, as in an ordinary controlled schedule, nothing happens at all.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/gated_map.h>

namespace gauntlet::broken {

struct flags_without_one_order : gated_map_policy {
  static constexpr std::memory_order say = std::memory_order_release;
  static constexpr std::memory_order count = std::memory_order_acq_rel;
  static constexpr std::memory_order look = std::memory_order_acquire;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using store_buffering_gate = gated_map<Key, T, Hash, KeyEqual, flags_without_one_order>;

GAUNTLET_SCHEDULED_DEFECT(store_buffering_gate, "gated_map", "nobody is inside while the gate is closed");

}  // namespace gauntlet::broken
