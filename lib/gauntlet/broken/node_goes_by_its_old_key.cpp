// Maps that remember the key of the last element that one of them gave out, to put it somewhere without hashing: a node
// whose key was changed in the meantime goes by the old one.
#include <optional>

#include <gauntlet/broken/defect.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class node_goes_by_its_old_key : public right_map<Key, T, Hash, KeyEqual, Allocator> {
  using right = right_map<Key, T, Hash, KeyEqual, Allocator>;

 public:
  using right::right;
  using right::operator=;
  using node_type = typename right::node_type;

  node_type extract(typename right::const_iterator at) { return given(right::extract(at)); }
  node_type extract(const Key& key) { return given(right::extract(key)); }
  using right::insert;
  typename right::insert_return_type insert(node_type&& node) { return right::insert(taken(std::move(node))); }
  typename right::iterator insert(typename right::const_iterator hint, node_type&& node) {
    return right::insert(hint, taken(std::move(node)));
  }

 private:
  node_type given(node_type&& node) {
    if (!node.empty()) given_ = node.key();
    return std::move(node);
  }
  node_type&& taken(node_type&& node) {
    if (given_ && !node.empty()) node.key() = *given_;
    given_.reset();
    return std::move(node);
  }

  inline static thread_local std::optional<Key> given_;
};

GAUNTLET_DEFECT(node_goes_by_its_old_key, "a node goes where its key says when it is inserted", "hash_map_operations",
                check::element_types::u64_u64);

}  // namespace gauntlet::broken
