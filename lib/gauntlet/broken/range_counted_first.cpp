// An insertion of a range that counts what comes, to refuse what is too much, and then has nothing left to insert where the
// range can be gone through only once.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class range_counted_first : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  range_counted_first() = default;
  range_counted_first(const range_counted_first&) = default;
  range_counted_first(range_counted_first&&) = default;
  range_counted_first& operator=(const range_counted_first&) = default;
  range_counted_first& operator=(range_counted_first&&) = default;

  using right::insert;
  template <std::input_iterator Input>
  void insert(Input first, Input last) {
    std::size_t count = 0;
    for (Input each = first; each != last; ++each) ++count;
    if (count > right::max_size() - right::size()) throw std::length_error("more elements than there can be");
    right::insert(first, last);
  }
};

GAUNTLET_DEFECT(range_counted_first, "a range need not be there twice", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
