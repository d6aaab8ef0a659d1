// Many lookups at once in batches of four: the last ones, which make no batch, are forgotten.
#include <iterator>

#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class rest_of_a_batch_left_out : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;

  template <class Keys, class Visitor>
  void find_many(Keys first, Keys last, Visitor&& visit) {
    right::find_many(first, whole_batches(first, last), visit);
  }
  template <class Keys, class Visitor>
  void find_many(Keys first, Keys last, Visitor&& visit) const {
    right::find_many(first, whole_batches(first, last), visit);
  }

 private:
  template <class Keys>
  static Keys whole_batches(Keys first, Keys last) {
    const auto keys = std::distance(first, last);
    return std::next(first, keys < 4 ? keys : keys - keys % 4);
  }
};

GAUNTLET_DEFECT(rest_of_a_batch_left_out, "of many keys looked up at once, each is", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
