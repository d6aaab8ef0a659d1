// tsl::robin_map as Debian ships it: open addressing with Robin Hood probing, the standard library's hash.
#include <tsl/robin_map.h>

#include <functional>

#include "contestant.h"

namespace gauntlet::bench {
namespace {

struct family {
  static constexpr const char* name = "tsl";
  template <class Key, class Allocator>
  using map =
      tsl::robin_map<Key, std::uint64_t, std::hash<Key>, std::equal_to<Key>,
                     typename std::allocator_traits<Allocator>::template rebind_alloc<std::pair<Key, std::uint64_t>>>;
};

}  // namespace

contestant contestant_tsl() { return make_contestant<family>(); }

}  // namespace gauntlet::bench
