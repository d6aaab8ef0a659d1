// A resharding that erases what a shard has given away while a reader may still look there.
//
// Two threads, some operations, one preemption:
//   before: insert 0              begins a resharding in which 0 moves
//   A: find 0                     sees that the old shard has not been cut over; preempted
//   B: lookups                    whose steps copy 0, cut the shard over and erase 0 from it
//   A                             finds nothing, though 0 was there all the time
// Nothing for ThreadSanitizer to see: all that is shared is touched under locks.
#include <gauntlet/broken/routed_map_defect.h>

namespace gauntlet::broken {

struct awaits_no_reader : detail::resharding_protocol {
  template <class Domain>
  static bool readers_have_left(const Domain&, std::uint64_t) {
    return true;
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using cleaned_under_a_reader = restless_map_under<awaits_no_reader, Key, T, Hash, KeyEqual, Allocator>;

GAUNTLET_SCHEDULED_DEFECT_OF_ROUTED_MAP(cleaned_under_a_reader, "a key that is there all the time is found");

}  // namespace gauntlet::broken
