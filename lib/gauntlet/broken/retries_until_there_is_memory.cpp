// An insertion that makes room and tries again when there is no memory. Where that helps it is right, and a fault that strikes
// once shows nothing; where it does not, the insertion never ends.
#include <new>

#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class retries_until_there_is_memory : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;

  using right::insert;
  auto insert(const typename right::value_type& value) {
    for (;;) {
      try {
        return right::insert(value);
      } catch (const std::bad_alloc&) {
        this->shrink_to_fit();
      }
    }
  }
};

GAUNTLET_DEFECT(retries_until_there_is_memory, "an operation that gets no memory says so", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
