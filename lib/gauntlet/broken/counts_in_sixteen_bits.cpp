// A map that keeps its number of elements in sixteen bits.
#include <cstdint>

#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class counts_in_sixteen_bits : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;

  std::size_t size() const noexcept { return static_cast<std::uint16_t>(right::size()); }
  bool empty() const noexcept { return size() == 0; }
};

GAUNTLET_DEFECT(counts_in_sixteen_bits, "a map holds as many elements as there is memory for", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
