// A number of elements that is read, and written in a second step: of two changes at once one is not counted.
//
// Two threads, two insertions, one preemption between the steps. Every access is atomic and sequentially consistent, and the
// elements are right: only size() goes on being wrong.
#include <atomic>
#include <cstddef>

#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class count_in_two_steps : public sharded_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_sharded_map_policy> {
  using right = sharded_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_sharded_map_policy>;

 public:
  using right::right;

  bool insert(const Key& key, const T& value) { return counted(right::insert(key, value), 1); }
  bool erase(const Key& key) { return counted(right::erase(key), ~std::size_t{0}); }
  std::size_t size() const { return right::size() - lost_.load(); }  // [lost]
  bool empty() const { return size() == 0; }

 private:
  // What others have counted between the steps is lost.
  bool counted(bool changed, std::size_t by) {
    if (!changed) return false;
    const std::size_t seen = count_.load();              // [count] pairs with itself
    lost_.fetch_add(count_.exchange(seen + by) - seen);  // [count], [lost] pairs with itself: a sum
    return true;
  }

  std::atomic<std::size_t> count_{0};  // [count]
  std::atomic<std::size_t> lost_{0};   // [lost]
};

GAUNTLET_SCHEDULED_DEFECT(count_in_two_steps, "sharded_map", "size() is the number of elements");

}  // namespace gauntlet::broken
