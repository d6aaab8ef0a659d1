// A delete that growth takes back: the key erased last is there again once the map has grown.
//
// This is what an evacuation does that copies an element which was erased after the copying had begun.
#include <optional>

#include <gauntlet/broken/before_insertion.h>
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class resurrecting_delete : public before_insertion<resurrecting_delete<Key, T, Hash, KeyEqual, Allocator>,
                                                    right_map<Key, T, Hash, KeyEqual, Allocator>> {
  using right = before_insertion<resurrecting_delete, right_map<Key, T, Hash, KeyEqual, Allocator>>;

 public:
  using right::right;
  using right::operator=;

  using right::erase;
  std::size_t erase(const Key& key) {
    const std::size_t erased = right::erase(key);
    if (erased != 0) {
      gone_ = key;
      capacity_ = this->bucket_count();
    }
    return erased;
  }

  void about_to_insert() {
    if (!gone_ || this->bucket_count() <= capacity_) return;
    const Key back = *gone_;
    gone_.reset();
    this->right_map_type::try_emplace(back);
  }

 private:
  std::optional<Key> gone_;
  std::size_t capacity_ = 0;
};

GAUNTLET_DEFECT(resurrecting_delete, "an element erased stays erased", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
