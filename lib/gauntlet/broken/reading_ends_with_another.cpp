// An rcu_map whose thread counts as a reader until its first reading ends, though it may have others that live on.
//
// Two threads, three operations, one preemption:
//   before: insert 1
//   A: contains 1  begins two readings, finds the entry through the second, ends the first; preempted
//   B: erase 1     sees no reader and frees the entry
//   A              looks at what its second reading has found, in freed memory
#include <optional>

#include <gauntlet/adapters/rcu_map.h>
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

struct domain_of_first_guards : detail::epoch_domain {
  class guard {
   public:
    explicit guard(const domain_of_first_guards& domain) {
      if (!domain.is_read_by_this_thread()) first_.emplace(domain);
    }

   private:
    std::optional<detail::epoch_domain::guard> first_;
  };
};

struct first_guard_rcu_policy : adapters::tiny_rcu_map_policy {
  using epoch_domain = domain_of_first_guards;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using reading_ends_with_another =
    adapters::asked_by_two_readings<rcu_map<Key, T, Hash, KeyEqual, Allocator, first_guard_rcu_policy>>;

GAUNTLET_SCHEDULED_DEFECT(reading_ends_with_another, "rcu_map", "what a reading has found stays until it ends");

}  // namespace gauntlet::broken
