// boost::unordered_flat_map as Debian ships it, with the hash it comes with.
#include <boost/unordered/unordered_flat_map.hpp>

#include "contestant.h"

namespace gauntlet::bench {
namespace {

struct family {
  static constexpr const char* name = "boost";
  template <class Key, class Allocator>
  using map = boost::unordered_flat_map<Key, std::uint64_t, boost::hash<Key>, std::equal_to<Key>, Allocator>;
};

}  // namespace

contestant contestant_boost() { return make_contestant<family>(); }

}  // namespace gauntlet::bench
