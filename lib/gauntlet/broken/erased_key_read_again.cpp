// An erasure that looks once more, for a second element with the key, when the first one has gone, and with it a key that
// was the element's own: what is read there is equal to anything, and one element more counts as erased.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class erased_key_read_again : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  erased_key_read_again() = default;
  erased_key_read_again(const erased_key_read_again&) = default;
  erased_key_read_again(erased_key_read_again&&) = default;
  erased_key_read_again& operator=(const erased_key_read_again&) = default;
  erased_key_read_again& operator=(erased_key_read_again&&) = default;

  using right::erase;
  std::size_t erase(const Key& key) {
    const auto found = std::as_const(*this).find(key);
    const bool own = found != std::as_const(*this).end() && &found->first == &key;
    return right::erase(key) + (own ? 1 : 0);
  }
};

GAUNTLET_DEFECT(erased_key_read_again, "a key that is erased may be the element's own", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
