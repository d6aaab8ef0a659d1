// An rcu_map whose find follows the pointers first and announces the reader afterwards, when it is going to copy.
//
// Two threads, three operations, one preemption:
//   A: insert 1
//   B: find 1      has the entry, and nobody knows; preempted
//   A: erase 1     no slot holds a reader: the entry is freed
//   B              announces itself and copies from freed memory
#include <optional>

#include <gauntlet/adapters/rcu_map.h>
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class looks_before_announcing : public rcu_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_rcu_map_policy> {
  using right = rcu_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_rcu_map_policy>;

 public:
  using right::right;

  std::optional<T> find(const Key& key) const {
    const auto* const found = this->lookup(key, this->hash_of(key));
    const auto announced_late = this->read();
    return found != nullptr ? std::optional<T>(found->element.second) : std::nullopt;
  }
};

GAUNTLET_SCHEDULED_DEFECT(looks_before_announcing, "rcu_map", "who reads has said so before it looks");

}  // namespace gauntlet::broken
