// A clear that goes through the map twice and lets others in between.
#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class clear_in_two_steps
    : public shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_shared_mutex_map_policy> {
  using right = shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_shared_mutex_map_policy>;

 public:
  using right::right;

  void clear() {
    for (const std::size_t half : {0u, 1u}) {
      right::erase_if([half](const Key& key, const T&) { return key % 2 == half; });
    }
  }
};

GAUNTLET_CONCURRENT_DEFECT(clear_in_two_steps, "clear takes effect at one moment");

}  // namespace gauntlet::broken
