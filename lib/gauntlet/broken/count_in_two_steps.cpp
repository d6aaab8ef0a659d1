// A number of elements that is read, and written in a second step: of two changes at once one is not counted.
//
// Two threads, two insertions, one preemption between the steps. Every access is atomic and sequentially consistent, the
// elements are right, and so is size() by its contract, beside others: only afterwards it does not say what is there.
#include <atomic>
#include <cstddef>

#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class count_in_two_steps {
  using right = sharded_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_sharded_map_policy>;

 public:
  static constexpr operation_contracts contracts{.size = consistency::quiescent, .for_each = consistency::weak};

  count_in_two_steps(const Hash& hash, const KeyEqual& equal, const Allocator& allocator)
      : map_(hash, equal, allocator) {}

  auto find(const Key& key) const { return map_.find(key); }
  bool insert(const Key& key, const T& value) { return counted(map_.insert(key, value), 1); }
  bool erase(const Key& key) { return counted(map_.erase(key), ~std::size_t{0}); }
  std::size_t size() const { return count_.load(); }  // [count]
  template <class Visitor>
  void for_each(Visitor visitor) const {
    map_.for_each(visitor);
  }

 private:
  bool counted(bool changed, std::size_t by) {
    if (changed) count_.store(count_.load() + by);  // [count] pairs with itself
    return changed;
  }

  right map_;
  std::atomic<std::size_t> count_{0};  // [count] pairs with itself
};

GAUNTLET_SCHEDULED_DEFECT(count_in_two_steps, "sharded_map", "when nothing runs, size() is the number of elements");

}  // namespace gauntlet::broken
