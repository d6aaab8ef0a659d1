// A split that loses an element: after the map has split a table, one element is gone.
//
// The loss shows at the first insertion after the split, so that no iterator of the splitting one is touched.
#include <gauntlet/broken/before_insertion.h>
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class lost_on_split : public before_insertion<lost_on_split<Key, T, Hash, KeyEqual, Allocator>,
                                              right_map<Key, T, Hash, KeyEqual, Allocator>> {
  using right = before_insertion<lost_on_split, right_map<Key, T, Hash, KeyEqual, Allocator>>;

 public:
  using right::right;
  using right::operator=;

  void about_to_insert() {
    const auto splits = this->stats().splits;
    if (splits > splits_seen_ && !this->empty()) this->right::erase(this->begin());
    splits_seen_ = splits;
  }

 private:
  decltype(std::declval<right>().stats().splits) splits_seen_ = 0;
};

GAUNTLET_DEFECT(lost_on_split, "a table that splits keeps every element", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
