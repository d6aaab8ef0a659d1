// A try_emplace that builds the element before it looks: when the key is there already, the caller's key is gone.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class failed_try_emplace_takes_key : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  failed_try_emplace_takes_key() = default;
  failed_try_emplace_takes_key(const failed_try_emplace_takes_key&) = default;
  failed_try_emplace_takes_key(failed_try_emplace_takes_key&&) = default;
  failed_try_emplace_takes_key& operator=(const failed_try_emplace_takes_key&) = default;
  failed_try_emplace_takes_key& operator=(failed_try_emplace_takes_key&&) = default;

  using right::try_emplace;
  template <class... Arguments>
  auto try_emplace(Key&& key, Arguments&&... arguments) {
    Key taken(std::move(key));
    return right::try_emplace(std::move(taken), std::forward<Arguments>(arguments)...);
  }
};

GAUNTLET_DEFECT(failed_try_emplace_takes_key, "try_emplace leaves its arguments alone when it inserts nothing",
                "hash_map_operations", check::element_types::string_string);

}  // namespace gauntlet::broken
