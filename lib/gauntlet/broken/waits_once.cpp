// A wait at a condition variable that does not look again whether what it waited for has come.
//
// Two threads, two operations, one preemption, and a wait that ends for no reason:
//   A: insert 1    takes the map; preempted
//   B: insert 2    finds it taken, sleeps, and is awake again though nobody woke it: two have the map
// Without such a wait it takes a third operation, which takes the map between the wake-up and the one that was woken.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/handover_map.h>

namespace gauntlet::broken {

struct looks_once : handover_map_policy {
  static void wait(std::condition_variable& freed, std::unique_lock<std::mutex>& guard,
                   const std::atomic<bool>& taken) {
    if (taken.load(std::memory_order_acquire)) freed.wait(guard);  // [taken] pairs with [free]
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using waits_once = handover_map<Key, T, KeyEqual, looks_once>;

GAUNTLET_SCHEDULED_DEFECT(waits_once, "handover_map", "an operation has the map to itself");

}  // namespace gauntlet::broken
