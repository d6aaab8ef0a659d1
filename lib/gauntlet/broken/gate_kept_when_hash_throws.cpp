// An erasure that takes a mutex and gives it back by hand: where the hash or the equality throws, it stays taken.
//
// Nothing else in an erasure can throw, so neither missing memory nor a function that was handed in shows it. One thread,
// an erasure whose hash throws, and the next erasure waits for ever.
#include <cstddef>
#include <mutex>

#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class gate_kept_when_hash_throws
    : public sharded_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_sharded_map_policy> {
  using right = sharded_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_sharded_map_policy>;

 public:
  using right::right;

  bool erase(const Key& key) {
    gate_.lock();
    const bool erased = right::erase(key);
    gate_.unlock();
    return erased;
  }

 private:
  std::mutex gate_;
};

GAUNTLET_SCHEDULED_DEFECT_OF_OBJECTS(gate_kept_when_hash_throws, "sharded_map",
                                     "an operation that throws gives up its locks");

}  // namespace gauntlet::broken
