// A reserve that takes the map apart before it knows whether there is memory: refused, it has lost an element.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class reserve_loses_when_refused : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  reserve_loses_when_refused() = default;
  reserve_loses_when_refused(const reserve_loses_when_refused&) = default;
  reserve_loses_when_refused(reserve_loses_when_refused&&) = default;
  reserve_loses_when_refused& operator=(const reserve_loses_when_refused&) = default;
  reserve_loses_when_refused& operator=(reserve_loses_when_refused&&) = default;

  void reserve(std::size_t elements) {
    try {
      right::reserve(elements);
    } catch (...) {
      if (!this->empty()) this->erase(this->begin());
      throw;
    }
  }
};

GAUNTLET_DEFECT(reserve_loses_when_refused, "a request that is refused changes nothing", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
