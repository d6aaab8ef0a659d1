// A reader that believes a miss although the directory has led elsewhere since, and a writer that locks a bucket although
// its key has moved away.
//
// Two threads, four operations, one preemption:
//   before: insert 1, insert 2 ...   a table that is full
//   A: find 1      follows the directory to the table; preempted
//   B: insert 3    splits the table: 1 moves to the upper half
//   A              looks into the lower half, whose bucket is unlocked and unchanged while it looks, and misses
// Nothing for ThreadSanitizer to see: all that is shared is atomic.
#include <gauntlet/broken/concurrent_map_defect.h>

namespace gauntlet::broken {

struct never_asks_the_directory_again : detail::bucket_protocol {
  template <class Object>
  static std::uint64_t moved_on(const std::atomic<Object*>&, const Object*) {
    return 0;
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using miss_in_a_table_left_behind = tiny_map_under<never_asks_the_directory_again, Key, T, Hash, KeyEqual, Allocator>;

GAUNTLET_SCHEDULED_DEFECT(miss_in_a_table_left_behind, "concurrent_map", "a table that splits keeps every element");

}  // namespace gauntlet::broken
