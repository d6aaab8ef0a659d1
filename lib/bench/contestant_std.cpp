// std::unordered_map as Debian ships it, with the hash it comes with.
#include <unordered_map>

#include "contestant.h"

namespace gauntlet::bench {
namespace {

struct family {
  static constexpr const char* name = "std";
  template <class Key, class Allocator>
  using map = std::unordered_map<Key, std::uint64_t, std::hash<Key>, std::equal_to<Key>, Allocator>;
};

}  // namespace

contestant contestant_std() { return make_contestant<family>(); }

}  // namespace gauntlet::bench
