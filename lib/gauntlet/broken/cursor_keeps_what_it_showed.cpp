// A cursor that has copied the element when it came to it, and goes on showing the copy, whatever becomes of the element.
#include <gauntlet/broken/cursor_over.h>
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class cursor_keeps_what_it_showed : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;

  auto walk() { return copying_cursor<right>(*this); }
};

GAUNTLET_DEFECT(cursor_keeps_what_it_showed, "(5) what a cursor shows is the element's current value",
                "hash_map_iteration", check::element_types::u64_u64);

}  // namespace gauntlet::broken
