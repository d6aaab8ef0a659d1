// A lock that is given up where the operation returns, and not where it is left: after an exception it stays taken.
//
// One thread, an update whose function throws, and whatever comes next to the same shard: it waits for ever.
#include <exception>

#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Lock>
class GAUNTLET_CAPABILITY("kept_lock") kept_lock {
 public:
  void lock() GAUNTLET_ACQUIRE() GAUNTLET_UNCHECKED_LOCKING { lock_.lock(); }
  void unlock() GAUNTLET_RELEASE() GAUNTLET_UNCHECKED_LOCKING {
    if (std::uncaught_exceptions() == 0) lock_.unlock();
  }

 private:
  Lock lock_;
};

struct kept_lock_policy : adapters::tiny_sharded_map_policy {
  using lock_type = kept_lock<adapters::tiny_sharded_map_policy::lock_type>;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using lock_kept_after_exception = sharded_map<Key, T, Hash, KeyEqual, Allocator, kept_lock_policy>;

GAUNTLET_SCHEDULED_DEFECT(lock_kept_after_exception, "sharded_map", "an operation that throws gives up its locks");

}  // namespace gauntlet::broken
