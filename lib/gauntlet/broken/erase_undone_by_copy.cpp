// A resharding that takes the value to copy before it takes the lock that keeps writers away.
//
// Two threads, three operations, one preemption:
//   before: insert 0              begins a resharding in which 0 moves
//   A: a step                     reads 0 from the old shard; preempted
//   B: erase 0                    from the old shard and, as it is not there, not from the new one
//   A                             puts 0 into the new shard, where it is found once the old one is cut over
// Nothing for ThreadSanitizer to see: all that is shared is touched under locks.
#include <gauntlet/broken/routed_map_defect.h>

namespace gauntlet::broken {

struct copies_what_was : detail::resharding_protocol {
  template <class Lock, class Shard, class Key>
  static void copy(Lock& stripe, const Shard& owner, Shard& target, const Key& key) {
    auto value = owner.find(key);
    const detail::exclusive_guard<Lock> guard(stripe);
    if (value) target.insert(Key(key), std::move(*value));
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using erase_undone_by_copy = restless_map_under<copies_what_was, Key, T, Hash, KeyEqual, Allocator>;

GAUNTLET_SCHEDULED_DEFECT_OF_ROUTED_MAP(erase_undone_by_copy,
                                        "an element erased while its shard is copied stays erased");

}  // namespace gauntlet::broken
