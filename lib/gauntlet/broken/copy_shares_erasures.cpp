// A copy that goes on sharing: what is erased from the copy is erased from the map it was copied from.
//
// A link, held by both, names the original as long as it lives and has not been given other contents.
#include <memory>

#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class copy_shares_erasures : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  copy_shares_erasures() = default;
  copy_shares_erasures(const copy_shares_erasures& other) : right(other), original_(other.self_) {}
  copy_shares_erasures(const copy_shares_erasures& other, const Allocator& allocator)
      : right(static_cast<const right&>(other), allocator), original_(other.self_) {}
  copy_shares_erasures(copy_shares_erasures&& other) : right(static_cast<right&&>(other)) {}
  copy_shares_erasures(copy_shares_erasures&& other, const Allocator& allocator)
      : right(static_cast<right&&>(other), allocator) {}
  ~copy_shares_erasures() { *self_ = nullptr; }
  using right::operator=;
  copy_shares_erasures& operator=(const copy_shares_erasures& other) {
    right::operator=(static_cast<const right&>(other));
    original_ = other.self_;
    return *this;
  }
  copy_shares_erasures& operator=(copy_shares_erasures&& other) {
    right::operator=(static_cast<right&&>(other));
    original_.reset();
    return *this;
  }

  using right::erase;
  std::size_t erase(const Key& key) {
    if (original_ && *original_ != nullptr && *original_ != this) (*original_)->right::erase(key);
    return right::erase(key);
  }

 private:
  std::shared_ptr<copy_shares_erasures*> self_ = std::make_shared<copy_shares_erasures*>(this);
  std::shared_ptr<copy_shares_erasures*> original_;
};

GAUNTLET_DEFECT(copy_shares_erasures, "a copy is a map of its own", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
