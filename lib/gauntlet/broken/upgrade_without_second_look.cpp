// An insertion that trusts, as a writer, what it saw as a reader.
//
// Two threads, two operations, one preemption:
//   A: insert 1    sees no 1 and gives the lock up as a reader; preempted
//   B: insert 1    inserts it
//   A              inserts it too: both say that they did
// Nothing for ThreadSanitizer to see: everything is touched under the lock.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/upgrading_map.h>

namespace gauntlet::broken {

struct trusts_what_it_saw : upgrading_map_policy {
  template <class Elements, class Key>
  static bool still_absent(const Elements&, const Key&) {
    return true;
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using upgrade_without_second_look = upgrading_map<Key, T, KeyEqual, trusts_what_it_saw>;

GAUNTLET_SCHEDULED_DEFECT(upgrade_without_second_look, "upgrading_map", "of two insertions of one key one inserts");

}  // namespace gauntlet::broken
