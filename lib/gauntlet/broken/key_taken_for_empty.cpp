// A map that marks free slots with a key of all ones, and so never finds that key.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class key_taken_for_empty : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;

  auto find(const Key& key) { return key == empty_slot ? this->end() : right::find(key); }
  auto find(const Key& key) const { return key == empty_slot ? this->end() : right::find(key); }
  bool contains(const Key& key) const { return key != empty_slot && right::contains(key); }

 private:
  static constexpr Key empty_slot = ~Key{};
};

GAUNTLET_DEFECT(key_taken_for_empty, "every value of the key type is a key", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
