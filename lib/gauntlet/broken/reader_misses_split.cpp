// A reader that looks whether the bucket has moved before it searches the bucket, not when the search is over.
//
// Two threads, four operations, one preemption:
//   before: insert 1, insert 2    two buckets, full
//   A: find 1      sees that its bucket has not moved; preempted
//   B: insert 3    doubles the table: all buckets move and are empty
//   A              finds nothing, although 1 was there all the time
// Nothing for ThreadSanitizer to see: what readers touch is atomic, nodes are never freed.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/doubling_map.h>

namespace gauntlet::broken {

struct reader_looks_too_early : doubling_map_policy {
  template <class Search>
  static bool read(const std::atomic<bool>& moved, Search search) {
    if (moved.load()) return false;
    search();
    return true;
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using reader_misses_split = doubling_map<Key, T, Hash, KeyEqual, reader_looks_too_early>;

GAUNTLET_SCHEDULED_DEFECT(reader_misses_split, "doubling_map", "a key that is there all the time is found");

}  // namespace gauntlet::broken
