// Slots without a lock whose values are stored and loaded relaxed: all answers are right, and nothing travels with them.
//
// An element and two threads, three operations, no preemption:
//      insert 1
//   A: insert_or_assign 1    has prepared what the value stands for, and stores the value
//   B: find 1                sees the value, and may see what it stands for unprepared
// The map itself has no race, for everything in it is atomic; ThreadSanitizer sees one in the user's code, if the user
// looks at what was prepared. An x86-64 processor orders these stores by itself.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/open_slots_map.h>

namespace gauntlet::broken {

struct relaxed_values : open_slots_map_policy {
  static constexpr std::memory_order load = std::memory_order_relaxed;
  static constexpr std::memory_order exchange = std::memory_order_relaxed;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using relaxed_slots = open_slots_map<Key, T, relaxed_values>;

GAUNTLET_SCHEDULED_DEFECT(relaxed_slots, "open_slots_map",
                          "who sees an element has seen what was done before it was put there");

}  // namespace gauntlet::broken
