// A merge that takes the target's lock and then the source's: two maps merged into each other at once wait for ever.
//
// Two threads, two operations, one preemption:
//   A: merge a b   locks a; preempted
//   B: merge b a   locks b, waits for a
//   A              waits for b
// ThreadSanitizer warns when both orders occur in one run, even if nobody waits for ever.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/merging_map.h>

namespace gauntlet::broken {

struct target_before_source : merging_map_policy {
  static auto lock_both(std::mutex& target, std::mutex& source) {
    std::unique_lock first(target);
    std::unique_lock second(source);
    return std::pair(std::move(first), std::move(second));
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using deadlock_on_merge = merging_map<Key, T, KeyEqual, target_before_source>;

GAUNTLET_SCHEDULED_DEFECT(deadlock_on_merge, "merging_map", "two merges do not wait for each other");

}  // namespace gauntlet::broken
