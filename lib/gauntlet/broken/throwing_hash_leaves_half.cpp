// An insertion that counts the element before it has hashed the key: when the hash throws, an element is counted that
// is not there.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class throwing_hash_leaves_half : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;

  template <class... Arguments>
  auto emplace(Arguments&&... arguments) {
    ++half_inserted_;
    auto done = right::emplace(std::forward<Arguments>(arguments)...);
    --half_inserted_;
    return done;
  }
  void clear() noexcept {
    right::clear();
    half_inserted_ = 0;
  }
  std::size_t size() const noexcept { return right::size() + half_inserted_; }
  bool empty() const noexcept { return size() == 0; }

 private:
  std::size_t half_inserted_ = 0;
};

GAUNTLET_DEFECT(throwing_hash_leaves_half, "an insertion that throws has not happened", "hash_map_types",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
