// An insertion that is counted before it is done, and stays counted when there is no memory for it.
#include <atomic>
#include <cstddef>

#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class failed_insertion_is_counted
    : public sharded_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_sharded_map_policy> {
  using right = sharded_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_sharded_map_policy>;

 public:
  static constexpr operation_contracts contracts = [] {
    operation_contracts of = right::contracts;
    of.size = consistency::quiescent;  // beside others it counts what is under way
    return of;
  }();
  using right::right;

  bool insert(const Key& key, const T& value) {
    under_way_.fetch_add(1, std::memory_order_relaxed);  // [under_way] pairs with itself: a sum
    const bool inserted = right::insert(key, value);
    under_way_.fetch_sub(1, std::memory_order_relaxed);  // [under_way]
    return inserted;
  }
  std::size_t size() const { return right::size() + under_way_.load(std::memory_order_relaxed); }  // [under_way]
  bool empty() const { return size() == 0; }

 private:
  std::atomic<std::size_t> under_way_{0};
};

GAUNTLET_SCHEDULED_DEFECT(failed_insertion_is_counted, "sharded_map", "an operation that throws leaves the size right");

}  // namespace gauntlet::broken
