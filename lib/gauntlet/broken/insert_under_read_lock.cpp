// An insertion that holds the reader-writer lock as a reader.
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class insert_under_read_lock : public shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, misled_shared_mutex_policy> {
  using right = shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, misled_shared_mutex_policy>;

 public:
  using right::right;

  bool insert_or_assign(Key key, T value) {
    const while_ inserting(locking::shared_only);
    return right::insert_or_assign(std::move(key), std::move(value));
  }
};

GAUNTLET_CONCURRENT_DEFECT(insert_under_read_lock, "a writer excludes everybody");

}  // namespace gauntlet::broken
