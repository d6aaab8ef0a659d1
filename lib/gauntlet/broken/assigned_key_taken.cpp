// An insert_or_assign that builds the key of a new element before it looks: when the key is there already, the caller's
// is gone.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class assigned_key_taken : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  assigned_key_taken() = default;
  assigned_key_taken(const assigned_key_taken&) = default;
  assigned_key_taken(assigned_key_taken&&) = default;
  assigned_key_taken& operator=(const assigned_key_taken&) = default;
  assigned_key_taken& operator=(assigned_key_taken&&) = default;

  using right::insert_or_assign;
  template <class Mapped>
  auto insert_or_assign(Key&& key, Mapped&& mapped) {
    Key taken(std::move(key));
    return right::insert_or_assign(std::move(taken), std::forward<Mapped>(mapped));
  }
};

GAUNTLET_DEFECT(assigned_key_taken, "insert_or_assign leaves the key alone when it inserts nothing",
                "hash_map_operations", check::element_types::string_string);

}  // namespace gauntlet::broken
