// A reader that waited for the lock and does not look whether somebody promoted meanwhile: it searches an empty part.
//
// Two threads, four operations, one preemption:
//   before: insert 1
//   A: find 1      finds no clean part; preempted before it has the lock
//   B: find 1      a miss
//   B: find 1      the second one: promotes
//   A              finds nothing in the dirty part
// Nothing for ThreadSanitizer to see: the clean part never changes, the dirty part is touched under the lock.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/read_mostly_map.h>

namespace gauntlet::broken {

struct does_not_look_again : read_mostly_map_policy {
  template <class Part>
  static const Part* look_again(const std::atomic<const Part*>&) {
    return nullptr;
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using missed_promotion = read_mostly_map<Key, T, KeyEqual, does_not_look_again>;

GAUNTLET_SCHEDULED_DEFECT(missed_promotion, "read_mostly_map", "a reader searches the part that is the map");

}  // namespace gauntlet::broken
