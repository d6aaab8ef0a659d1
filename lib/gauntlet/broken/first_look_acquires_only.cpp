// A reader whose first look at a bucket acquires and is no part of the single order of sequentially consistent
// accesses: what it sees is whole, and may be older than what it could have known.
//
// Two threads, two operations, no preemption:
//   A: insert 1    locks the bucket, fills it, returns
//   B: find 1      sees the version before, and all that belongs to it: there is no 1
// The answer has no place after the insertion that had returned. Nothing for ThreadSanitizer to see, and an x86-64
// processor hides it: its exchanges empty the store buffer.
#include <gauntlet/broken/concurrent_map_defect.h>

namespace gauntlet::broken {

struct acquires_at_first_look : detail::bucket_protocol {
  static std::uint64_t first_look(const word& version) { return version.load(std::memory_order_acquire); }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using first_look_acquires_only = tiny_map_under<acquires_at_first_look, Key, T, Hash, KeyEqual, Allocator>;

GAUNTLET_SCHEDULED_DEFECT(first_look_acquires_only, "concurrent_map",
                          "an operation sees what had returned before it began");

}  // namespace gauntlet::broken
