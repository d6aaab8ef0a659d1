// Erasing the last slot of a bucket marks it as the end of the chain, without a look at the overflow bucket: what is
// there is not found any more.
#include <gauntlet/broken/bucket_defect.h>

namespace gauntlet::broken {

template <class Types>
class table_that_ends_chains : public detail::bucket_table<Types> {
  using right = detail::bucket_table<Types>;

 public:
  using right::right;

  void erase_at(const typename right::position& at) noexcept {
    right::erase_at(at);
    if (at.lane + 1 == detail::bucket_slots) at.in->tops[at.lane] = detail::empty_rest;
  }
  template <class K>
  bool erase(const K& key) {
    const auto at = this->find(key);
    if (at.element == nullptr) return false;
    erase_at(at);
    ++this->version_;
    return true;
  }
};

struct chain_ending_policy : adapters::tiny_observed_bucket_policy {
  template <class Types>
  using table = table_that_ends_chains<Types>;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using erase_ends_the_chain = bucket_map<Key, T, Hash, KeyEqual, Allocator, chain_ending_policy>;

GAUNTLET_BUCKET_DEFECT(erase_ends_the_chain, "erasing one element leaves the others", "hash_map_operations");

}  // namespace gauntlet::broken
