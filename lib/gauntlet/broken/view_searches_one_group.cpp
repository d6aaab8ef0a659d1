// A lookup by a key of another type that was written for a map of one group: it goes through so many elements and gives
// up.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class view_searches_one_group : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;

  typename right::iterator find(const Key& key) { return right::find(key); }
  typename right::const_iterator find(const Key& key) const { return right::find(key); }
  template <class K>
  typename right::iterator find(const K& key) {
    return search(*this, key);
  }
  template <class K>
  typename right::const_iterator find(const K& key) const {
    return search(*this, key);
  }

 private:
  static constexpr std::size_t group = 8;

  template <class Map, class K>
  static auto search(Map& map, const K& key) {
    const KeyEqual equal = map.key_eq();
    auto at = map.begin();
    for (std::size_t i = 0; at != map.end(); ++at, ++i) {
      if (i == group) return map.end();
      if (equal(at->first, key)) break;
    }
    return at;
  }
};

GAUNTLET_DEFECT(view_searches_one_group, "a key is found by a view of it", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
