// A size that is not kept up: a range that is erased counts as one element.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class stale_size : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  stale_size() = default;
  stale_size(const stale_size&) = default;
  stale_size(stale_size&&) = default;
  stale_size& operator=(const stale_size&) = default;
  stale_size& operator=(stale_size&&) = default;

  using right::erase;
  auto erase(typename right::const_iterator first, typename right::const_iterator last) {
    const std::size_t before = right::size();
    auto next = right::erase(first, last);
    const std::size_t erased = before - right::size();
    if (erased > 1) surplus_ += erased - 1;
    return next;
  }
  void clear() noexcept {
    right::clear();
    surplus_ = 0;
  }
  std::size_t size() const noexcept { return right::size() + surplus_; }
  bool empty() const noexcept { return size() == 0; }

 private:
  std::size_t surplus_ = 0;
};

GAUNTLET_DEFECT(stale_size, "size() is the number of elements", "hash_map_operations", check::element_types::u64_u64);

}  // namespace gauntlet::broken
