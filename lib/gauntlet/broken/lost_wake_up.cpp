// A map given up without the mutex: between another's look at the flag and its sleep, where it is woken in vain.
//
// Two threads, two operations, two preemptions:
//   A: insert 1    takes the map; preempted
//   B: insert 2    has the mutex, sees that the map is taken; preempted before it sleeps
//   A              gives the map up and wakes nobody, for nobody sleeps
//   B              sleeps for ever
// Nothing for ThreadSanitizer to see: the flag is atomic and hands over what it should. A run that never ends is all.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/handover_map.h>

namespace gauntlet::broken {

struct gives_up_without_the_mutex : handover_map_policy {
  static void free(std::mutex&, std::atomic<bool>& taken) { taken.store(false, std::memory_order_release); }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using lost_wake_up = handover_map<Key, T, KeyEqual, gives_up_without_the_mutex>;

GAUNTLET_SCHEDULED_DEFECT(lost_wake_up, "handover_map", "an operation that waits is woken");

}  // namespace gauntlet::broken
