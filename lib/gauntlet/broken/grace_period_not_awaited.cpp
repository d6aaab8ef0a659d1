// An rcu_map that frees retired entries at its next opportunity, without asking whether the readers have left.
//
// Two threads, three operations, one preemption:
//   A: insert 1
//   B: find 1      announces itself and follows the pointer to the entry; preempted
//   A: erase 1     unlinks the entry and frees it
//   B              reads freed memory
#include <gauntlet/adapters/rcu_map.h>
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

struct hasty_domain : detail::epoch_domain {
  bool is_over(std::uint64_t) const noexcept { return true; }
};

struct hasty_rcu_policy : adapters::tiny_rcu_map_policy {
  using epoch_domain = hasty_domain;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using grace_period_not_awaited = rcu_map<Key, T, Hash, KeyEqual, Allocator, hasty_rcu_policy>;

GAUNTLET_SCHEDULED_DEFECT(grace_period_not_awaited, "rcu_map", "an entry is kept while somebody reads it");

}  // namespace gauntlet::broken
