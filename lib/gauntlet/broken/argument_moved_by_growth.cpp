// A try_emplace that grows first and copies its argument afterwards: an argument that refers to an element of the map is
// read where the element was. What is left there is a value of nobody, so that the defect is the same under every memory
// allocator and sanitizer.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class argument_moved_by_growth : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  argument_moved_by_growth() = default;
  argument_moved_by_growth(const argument_moved_by_growth&) = default;
  argument_moved_by_growth(argument_moved_by_growth&&) = default;
  argument_moved_by_growth& operator=(const argument_moved_by_growth&) = default;
  argument_moved_by_growth& operator=(argument_moved_by_growth&&) = default;

  using right::try_emplace;
  auto try_emplace(const Key& key, const T& value) {
    const bool grows = right::size() % 4 == 3 && !right::contains(key);
    return right::try_emplace(key, grows && refers_inside(value) ? T() : value);
  }

 private:
  bool refers_inside(const T& value) const {
    for (const auto& element : *this) {
      if (&element.second == &value) return true;
    }
    return false;
  }
};

GAUNTLET_DEFECT(argument_moved_by_growth, "an argument may refer to an element of the map", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
