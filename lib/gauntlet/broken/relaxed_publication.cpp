// A version published with a relaxed store: who sees the pointer need not see the version behind it.
//
// Two threads, two operations, no preemption:
//   A: insert 1    makes a version and publishes it
//   B: find 1      loads the pointer and reads a version that was never handed over: a data race
// ThreadSanitizer sees it as soon as a reader meets a new version. The answers of an x86-64 processor stay right.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/versioned_map.h>

namespace gauntlet::broken {

struct publishes_relaxed : versioned_map_policy {
  template <class Version>
  static void publish(std::atomic<const Version*>& half, const Version* next) {
    half.store(next, std::memory_order_relaxed);
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using relaxed_publication = versioned_map<Key, T, Hash, KeyEqual, publishes_relaxed>;

GAUNTLET_SCHEDULED_DEFECT(relaxed_publication, "versioned_map", "who sees a version sees its elements");

}  // namespace gauntlet::broken
