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
  using right::right;

  bool insert(const Key& key, const T& value) {
    try {
      return right::insert(key, value);
    } catch (...) {
      surplus_.fetch_add(1, std::memory_order_relaxed);  // [surplus] pairs with itself: a sum
      throw;
    }
  }
  std::size_t size() const { return right::size() + surplus_.load(std::memory_order_relaxed); }  // [surplus]
  bool empty() const { return size() == 0; }

 private:
  std::atomic<std::size_t> surplus_{0};
};

GAUNTLET_SCHEDULED_DEFECT(failed_insertion_is_counted, "sharded_map", "an operation that throws leaves the size right");

}  // namespace gauntlet::broken
