// An insert_or_assign that stops at the first slot whose tag matches: with another key of the same tag in the map, an
// existing element keeps its old value.
#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class assignment_lost_among_equal_tags : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  assignment_lost_among_equal_tags() = default;
  assignment_lost_among_equal_tags(const assignment_lost_among_equal_tags&) = default;
  assignment_lost_among_equal_tags(assignment_lost_among_equal_tags&&) = default;
  assignment_lost_among_equal_tags& operator=(const assignment_lost_among_equal_tags&) = default;
  assignment_lost_among_equal_tags& operator=(assignment_lost_among_equal_tags&&) = default;

  template <class K, class Value>
  auto insert_or_assign(K&& key, Value&& value) {
    const auto where = this->find(key);
    if (where != this->end() && tag_is_shared(where->first)) return std::pair(where, false);
    return right::insert_or_assign(std::forward<K>(key), std::forward<Value>(value));
  }
  template <class K, class Value>
  auto insert_or_assign(typename right::const_iterator hint, K&& key, Value&& value) {
    return right::insert_or_assign(hint, std::forward<K>(key), std::forward<Value>(value));
  }

 private:
  bool tag_is_shared(const Key& key) const {
    const auto hash = this->hash_function();
    for (const auto& element : *this) {
      if (!this->key_eq()(element.first, key) && hash(element.first) == hash(key)) return true;
    }
    return false;
  }
};

GAUNTLET_DEFECT(assignment_lost_among_equal_tags, "insert_or_assign assigns", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
