// An extraction that asks key and value each for itself whether they move without exceptions: the key has left the map
// when the copy of its value throws.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class key_leaves_before_its_value;

template <class... Arguments>
struct types_of_parts : detail::map_types<Arguments...> {
  template <class Part>
  static constexpr decltype(auto) moved_or_copied(Part& part) noexcept {
    return std::move_if_noexcept(part);
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct kind_of_parts {
  using map = key_leaves_before_its_value<Key, T, Hash, KeyEqual, Allocator>;
  using types = types_of_parts<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_observed_policy>;
  using works = detail::table_set<types>;
  template <bool Const>
  using cursor = detail::map_cursor<types, Const>;
  static constexpr const char* name = "hash_map";
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class key_leaves_before_its_value : public detail::plain_map<kind_of_parts<Key, T, Hash, KeyEqual, Allocator>> {
  using base = detail::plain_map<kind_of_parts<Key, T, Hash, KeyEqual, Allocator>>;

 public:
  using base::base;
  using base::operator=;
};

GAUNTLET_DEFECT(key_leaves_before_its_value, "an extraction that throws has not happened", "hash_map_types",
                check::element_types::tracked_throwing);

}  // namespace gauntlet::broken
