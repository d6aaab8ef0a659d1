// An extraction that makes the node from a copy and leaves the element where it was.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class extract_leaves_element : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  extract_leaves_element() = default;
  extract_leaves_element(const extract_leaves_element&) = default;
  extract_leaves_element(extract_leaves_element&&) = default;
  extract_leaves_element& operator=(const extract_leaves_element&) = default;
  extract_leaves_element& operator=(extract_leaves_element&&) = default;

  auto extract(typename right::const_iterator where) {
    const std::pair<Key, T> kept(where->first, where->second);
    auto node = right::extract(where);
    this->insert_or_assign(kept.first, kept.second);
    return node;
  }
  auto extract(const Key& key) {
    const auto where = this->find(key);
    if (where == this->end()) return right::extract(key);
    return extract(typename right::const_iterator(where));
  }
};

GAUNTLET_DEFECT(extract_leaves_element, "extract takes the element out of the map", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
