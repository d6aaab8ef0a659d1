// absl::flat_hash_map as Debian ships it, with the hash it comes with.
#include <absl/container/flat_hash_map.h>

#include "contestant.h"

namespace gauntlet::bench {
namespace {

struct family {
  static constexpr const char* name = "absl";
  template <class Key, class Allocator>
  using map = absl::flat_hash_map<Key, std::uint64_t, typename absl::flat_hash_map<Key, std::uint64_t>::hasher,
                                  typename absl::flat_hash_map<Key, std::uint64_t>::key_equal, Allocator>;
};

}  // namespace

contestant contestant_absl() { return make_contestant<family>(); }

}  // namespace gauntlet::bench
