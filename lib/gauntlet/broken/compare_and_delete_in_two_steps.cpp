// A sync_map whose compare_and_delete looks and erases: what another thread stores in between goes with it.
//
// Two threads, three operations, one preemption:
//   before: 1 -> 5
//   A: compare_and_delete 1, if it is 5    finds 5; preempted before it erases
//   B: 1 -> 6
//   A                                      erases 6, and says that it was 5
// Nothing for ThreadSanitizer to see: both steps are operations of the map.
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class compare_and_delete_in_two_steps : public right_sync_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_sync_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;

  bool compare_and_delete(const Key& key, const T& expected) {
    const std::optional<T> there = right::load(key);
    return there == expected && right::erase(key);
  }
};

GAUNTLET_SCHEDULED_DEFECT(compare_and_delete_in_two_steps, "sync_map",
                          "compare_and_delete erases what it has compared");

}  // namespace gauntlet::broken
