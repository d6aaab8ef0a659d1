// A try_emplace that takes the place first and makes the element of its arguments then: if that throws, the place stays
// taken.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class place_taken_before_made : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;

  using right::try_emplace;
  template <class... Arguments>
  std::pair<typename right::iterator, bool> try_emplace(const Key& key, Arguments&&... arguments) {
    const auto done = right::try_emplace(key);
    if (done.second) done.first->second = T(std::forward<Arguments>(arguments)...);
    return done;
  }
};

GAUNTLET_DEFECT(place_taken_before_made, "an insertion whose element cannot be made has not happened",
                "hash_map_operations", check::element_types::u64_u64);

}  // namespace gauntlet::broken
