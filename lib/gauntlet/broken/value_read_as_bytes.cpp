// A lookup that copies the bytes of a value and calls that a copy: right for numbers, for no object that knows where it
// lives (libstdc++'s short strings do), and it skips whatever else a copy constructor does.
#include <cstring>
#include <optional>

#include <gauntlet/broken/concurrent_defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class value_read_as_bytes : public sharded_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_sharded_map_policy> {
  using right = sharded_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_sharded_map_policy>;

 public:
  using right::right;

  std::optional<T> find(const Key& key) const {
    std::optional<T> copy;
    right::visit(key, [&copy](const T& value) {
      copy.emplace();
      std::memcpy(static_cast<void*>(&*copy), &value, sizeof value);
    });
    return copy;
  }
};

GAUNTLET_SCHEDULED_DEFECT_OF_OBJECTS(value_read_as_bytes, "sharded_map", "what is handed out was copied as an object");

}  // namespace gauntlet::broken
