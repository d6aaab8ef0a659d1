// A concurrent_map whose insert_or_visit inserts, and visits what was there in a second step: between the two it may go.
//
// Two threads, three operations, one preemption:
//   before: 1 -> 5
//   A: insert_or_visit 1    is there; preempted before it visits
//   B: erase 1
//   A                       visits nothing, and says that the element was there
// Nothing for ThreadSanitizer to see: both steps are operations of the map.
#include <gauntlet/adapters/concurrent_map.h>
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class upsert_in_two_steps
    : public concurrent_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_concurrent_map_policy> {
  using right = concurrent_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_concurrent_map_policy>;

 public:
  using right::right;

  template <class Visitor>
  bool insert_or_visit(const Key& key, const T& value, Visitor visitor) {
    if (right::insert(key, value)) return true;
    right::update(key, visitor);
    return false;
  }
};

GAUNTLET_SCHEDULED_DEFECT(upsert_in_two_steps, "concurrent_map", "an element is inserted or visited in one step");

}  // namespace gauntlet::broken
