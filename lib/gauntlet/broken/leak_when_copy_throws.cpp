// An insertion that copies the element into memory of its own first and loses that memory when the copy throws.
#include <memory>

#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class leak_when_copy_throws : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;
  using element = std::pair<Key, T>;
  using element_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<element>;
  using traits = std::allocator_traits<element_allocator>;

 public:
  using right::right;
  using right::operator=;

  using right::insert;
  auto insert(const typename right::value_type& value) {
    element_allocator allocator(this->get_allocator());
    element* const staged = traits::allocate(allocator, 1);
    std::construct_at(staged, value.first, value.second);
    const auto give_back = [&](element* p) {
      std::destroy_at(p);
      traits::deallocate(allocator, p, 1);
    };
    const std::unique_ptr<element, decltype(give_back)> owner(staged, give_back);
    return right::try_emplace(std::move(staged->first), std::move(staged->second));
  }
};

GAUNTLET_DEFECT(leak_when_copy_throws, "an insertion that throws leaves nothing behind", "hash_map_types",
                check::element_types::tracked_tracked);

}  // namespace gauntlet::broken
