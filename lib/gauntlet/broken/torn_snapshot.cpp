// A snapshot that takes the two halves one after the other and does not look whether the first one is still current.
//
// Two threads, three operations, one preemption; 1 belongs to the first half and 2 to the second:
//   A: snapshot    loads the first half, empty; preempted
//   B: insert 1
//   B: insert 2
//   A              loads the second half: shows 2 without 1, a map that never was
// Nothing for ThreadSanitizer to see: pointers are atomics and versions never change.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/versioned_map.h>

namespace gauntlet::broken {

struct reads_halves_once : versioned_map_policy {
  template <class Version>
  static auto both(const std::array<std::atomic<const Version*>, 2>& halves) {
    const Version* const first = halves[0].load();
    return std::pair(first, static_cast<const Version*>(halves[1].load()));
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using torn_snapshot = versioned_map<Key, T, Hash, KeyEqual, reads_halves_once>;

GAUNTLET_SCHEDULED_DEFECT(torn_snapshot, "versioned_map", "a snapshot shows the map of one moment");

}  // namespace gauntlet::broken
