// A reader that announces itself after it has loaded the version that it is going to read: in between it is freed.
//
// Two threads, three operations, one preemption:
//   A: insert 1    so that there is something to lose
//   B: find 1      loads the version; preempted
//   A: erase 1     replaces the version, sees no reader, frees the old one
//   B              announces itself and reads freed memory
// Sanitizers see the use after free, but only when a thread stops for the whole of an operation between two
// instructions; nothing else is wrong. When nobody reuses the memory in between even the answer is right.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/versioned_map.h>

namespace gauntlet::broken {

struct announces_late : versioned_map_policy {
  template <class Load>
  static auto announce(std::atomic<unsigned>& readers, Load load) {
    const auto loaded = load();
    readers.fetch_add(1);
    return loaded;
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using early_reclamation = versioned_map<Key, T, Hash, KeyEqual, announces_late>;

GAUNTLET_SCHEDULED_DEFECT(early_reclamation, "versioned_map", "a version is kept while somebody reads it");

}  // namespace gauntlet::broken
