// An at() whose form for maps that can be changed is operator[].
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class at_inserts : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  at_inserts() = default;
  at_inserts(const at_inserts&) = default;
  at_inserts(at_inserts&&) = default;
  at_inserts& operator=(const at_inserts&) = default;
  at_inserts& operator=(at_inserts&&) = default;

  T& at(const Key& key) { return (*this)[key]; }
  const T& at(const Key& key) const { return right::at(key); }
};

GAUNTLET_DEFECT(at_inserts, "at() throws when the key is absent", "hash_map_operations", check::element_types::u64_u64);

}  // namespace gauntlet::broken
