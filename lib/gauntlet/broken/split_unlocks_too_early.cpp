// A split that puts the upper table in its place while its buckets are unlocked, before the elements have arrived there.
//
// Two threads, four operations, one preemption:
//   before: insert 1, insert 2 ...   a table that is full
//   A: insert 3    splits the table, publishes the upper half; preempted
//   B: find 1      is led to the new table, finds its bucket unlocked and empty, and misses, although 1 was there all
//                  the time
// Nothing for ThreadSanitizer to see: all that is shared is atomic.
#include <gauntlet/broken/concurrent_map_defect.h>

namespace gauntlet::broken {

struct born_unlocked : detail::bucket_protocol {
  static std::uint64_t unborn() { return 0; }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using split_unlocks_too_early = tiny_map_under<born_unlocked, Key, T, Hash, KeyEqual, Allocator>;

GAUNTLET_SCHEDULED_DEFECT(split_unlocks_too_early, "concurrent_map", "a key that is there all the time is found");

}  // namespace gauntlet::broken
