// An erase in a sharded map that does not take the shard's lock.
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class erase_without_lock : public sharded_map<Key, T, Hash, KeyEqual, Allocator, misled_sharded_policy> {
  using right = sharded_map<Key, T, Hash, KeyEqual, Allocator, misled_sharded_policy>;

 public:
  using right::right;

  bool erase(const Key& key) {
    const while_ erasing(locking::not_at_all);
    return right::erase(key);
  }
};

GAUNTLET_CONCURRENT_DEFECT(erase_without_lock, "an operation on one key excludes others in its shard");

}  // namespace gauntlet::broken
