// A snapshot_map that makes a change by the book, copy, change, publish, and publishes without comparing: what somebody
// else has published meanwhile is thrown away.
//
// Two threads, two operations, one preemption:
//   A: insert 1    takes a snapshot and makes the change; preempted
//   B: insert 2
//   A              publishes its version, in which there is no 2
// Nothing for ThreadSanitizer to see: versions never change, and publishing is done under the lock.
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class copy_then_publish : public right_snapshot_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_snapshot_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::update;

  bool insert(Key key, T value) {
    const auto seen = this->snapshot();
    if (seen.contains(key)) return false;
    this->update([&](auto& next) {
      next.clear();
      seen.for_each([&next](const Key& k, const T& v) { next.insert(k, v); });
      next.insert(std::move(key), std::move(value));
    });
    return true;
  }
};

GAUNTLET_SCHEDULED_DEFECT(copy_then_publish, "snapshot_map", "of two updates none is lost");

}  // namespace gauntlet::broken
