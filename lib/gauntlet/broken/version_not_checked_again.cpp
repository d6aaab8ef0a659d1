// A reader that looks at a bucket's version before it reads the bucket, and not again afterwards.
//
// Two threads, four operations, one preemption:
//   before: insert 1 10
//   A: find 1      reads version, tags and key; preempted
//   B: erase 1     frees the slot
//      insert 2 20 takes it
//   A              reads the value beside the key: 20, which 1 never had
// Nothing for ThreadSanitizer to see: all that is shared is atomic.
#include <gauntlet/broken/concurrent_map_defect.h>

namespace gauntlet::broken {

struct reads_the_version_once : detail::bucket_protocol {
  static std::uint64_t last_look(const word&, std::uint64_t) { return 0; }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using version_not_checked_again = tiny_map_under<reads_the_version_once, Key, T, Hash, KeyEqual, Allocator>;

GAUNTLET_SCHEDULED_DEFECT(version_not_checked_again, "concurrent_map",
                          "a reader sees a bucket as it was at one moment");

}  // namespace gauntlet::broken
