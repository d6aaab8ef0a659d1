// A sync_map whose load_or_store looks, finds nothing, and stores: who comes second hands out a value that is not kept.
//
// Two threads, two operations, one preemption:
//   A: load_or_store 1   finds nothing; preempted before it stores
//   B: insert 1          true
//   A                    stores nothing, because somebody was first, and says that its own value is there
// Nothing for ThreadSanitizer to see: both steps are operations of the map.
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class load_or_store_in_two_steps : public right_sync_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_sync_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;

  std::pair<T, bool> load_or_store(Key key, T value) {
    if (const std::optional<T> there = right::load(key)) return {*there, true};
    right::insert(std::move(key), value);
    return {value, false};
  }
};

GAUNTLET_SCHEDULED_DEFECT(load_or_store_in_two_steps, "sync_map", "of two insertions of one key one inserts");

}  // namespace gauntlet::broken
