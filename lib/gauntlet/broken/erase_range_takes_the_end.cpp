// A range erasure that takes the end of the range with it.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class erase_range_takes_the_end : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  erase_range_takes_the_end() = default;
  erase_range_takes_the_end(const erase_range_takes_the_end&) = default;
  erase_range_takes_the_end(erase_range_takes_the_end&&) = default;
  erase_range_takes_the_end& operator=(const erase_range_takes_the_end&) = default;
  erase_range_takes_the_end& operator=(erase_range_takes_the_end&&) = default;

  using right::erase;
  auto erase(typename right::const_iterator first, typename right::const_iterator last) {
    auto next = right::erase(first, last);
    return next == this->end() ? next : right::erase(next);
  }
};

GAUNTLET_DEFECT(erase_range_takes_the_end, "erase(first, last) keeps what last points to", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
