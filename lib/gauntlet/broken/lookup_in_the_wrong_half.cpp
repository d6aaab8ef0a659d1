// In the middle of a growth a lookup takes the mark for the whole truth: chains that a write has evacuated ahead of it
// are looked for in the old array, which they have left.
#include <gauntlet/broken/bucket_defect.h>

namespace gauntlet::broken {

template <class Types>
class table_that_trusts_the_mark : public detail::bucket_table<Types> {
  using right = detail::bucket_table<Types>;

 public:
  using right::right;

  template <class K>
  typename right::position find(const K& key) const {
    const std::uint64_t hash = this->hash_of(key);
    const bool ahead = this->growing_ && (hash & this->old_.mask()) >= this->evacuated_;
    return ahead && !this->chain_of(hash).old ? typename right::position{} : this->find_hashed(hash, key);
  }
};

struct mark_trusting_policy : adapters::tiny_observed_bucket_policy {
  template <class Types>
  using table = table_that_trusts_the_mark<Types>;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using lookup_in_the_wrong_half = bucket_map<Key, T, Hash, KeyEqual, Allocator, mark_trusting_policy>;

GAUNTLET_BUCKET_DEFECT(lookup_in_the_wrong_half, "a key that is there is found, in the middle of a growth too",
                       "hash_map_operations");

}  // namespace gauntlet::broken
