// A map that does not notice that it is used from inside its own hash, equality or predicate.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

struct unwatchful_policy : adapters::tiny_observed_policy {
  static constexpr bool detect_misuse = false;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using misuse_unnoticed = hash_map<Key, T, Hash, KeyEqual, Allocator, unwatchful_policy>;

GAUNTLET_DEFECT(misuse_unnoticed, "use of a map from inside its own operation is diagnosed", "hash_map_types",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
