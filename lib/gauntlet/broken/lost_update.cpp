// An update that reads under one lock and writes under the next: what others wrote in between is lost.
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class lost_update : public shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_shared_mutex_map_policy> {
  using right = shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_shared_mutex_map_policy>;

 public:
  using right::right;

  template <class Visitor>
  bool update(const Key& key, Visitor&& visitor) {
    std::optional<T> value = right::find(key);
    if (!value) return false;
    visitor(*value);
    right::update(key, [&value](T& current) { current = *value; });
    return true;
  }
};

GAUNTLET_CONCURRENT_DEFECT(lost_update, "update is one step");

}  // namespace gauntlet::broken
