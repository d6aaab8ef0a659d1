// A map that uses only three bits of every hash: each answer is right, each lookup searches an eighth of the map.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Hash>
class three_bits_of : public Hash {
 public:
  using is_avalanching = void;
  using Hash::Hash;
  three_bits_of(const Hash& hash) : Hash(hash) {}
  template <class Key>
  std::size_t operator()(const Key& key) const {
    return Hash::operator()(key) & 7;
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using hash_bits_thrown_away = right_map<Key, T, three_bits_of<Hash>, KeyEqual, Allocator>;

GAUNTLET_DEFECT(hash_bits_thrown_away, "an operation on one key costs a few probes", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
