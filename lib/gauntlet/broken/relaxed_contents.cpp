// Contents of a bucket loaded with a relaxed order: a reader may see a word of a change and, at its last look, still the
// version before that change.
//
// Two threads, four operations, no preemption:
//   before: insert 1 10
//   B: erase 1, insert 2 20    in the slot of 1
//   A: find 1      sees version, tags and key as they were, the value as it is now, and the version as it was
// Nothing for ThreadSanitizer to see, which shows the newest stores only. An x86-64 processor loads in order, too.
#include <gauntlet/broken/concurrent_map_defect.h>

namespace gauntlet::broken {

struct loads_contents_relaxed : detail::bucket_protocol {
  static std::uint64_t get(const word& content) { return content.load(std::memory_order_relaxed); }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using relaxed_contents = tiny_map_under<loads_contents_relaxed, Key, T, Hash, KeyEqual, Allocator>;

GAUNTLET_SCHEDULED_DEFECT(relaxed_contents, "concurrent_map", "a reader sees a bucket as it was at one moment");

}  // namespace gauntlet::broken
