// std::unordered_map before the judge: nodes, stable references, no cursor.
#pragma once

#include <string_view>
#include <unordered_map>

#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct std_unordered_map : standard_map<std::unordered_map<Key, T, Hash, KeyEqual, Allocator>> {
  static constexpr std::string_view name = "std_unordered_map";
  static constexpr check::capabilities can() {
    check::capabilities c;
    c.stable_references = true;
    c.nodes = true;
    c.emplaces_pairs = true;
    c.bounds_load_factor = true;
#ifdef __GLIBCXX__
    c.failed_hint_keeps_node = false;      // libstdc++ 12 destroys a node that insert(hint, node) does not insert
    c.failed_merge_loses_nothing = false;  // libstdc++ 12 destroys the node when there is no memory to put it in
#endif
    return c;
  }
#ifdef __GLIBCXX__
  // libstdc++ 12: between maps whose hashes differ, merge keeps those of the source, and operator== looks for elements by the
  // hashes that the other map has of them. (Such maps may be compared since C++20, P0809.)
  static constexpr bool leaves_out(const check::circumstances& now) {
    return now.hashes_differ && (now.code == check::opcode::merge || now.code == check::opcode::equal);
  }
#endif
#ifdef _LIBCPP_VERSION
  // libc++ 19: self-move-assignment sets the size of the buckets' array to zero, and it is given back with that size.
  // Assigning a list that has a key twice makes the second one in a node that is never given back.
  // Copy assignment rehashes as a multimap does, which asks the equality: what throws there, loses elements.
  static constexpr bool leaves_out(const check::circumstances& now) {
    if (now.code == check::opcode::copy_assign && now.fault_armed && now.fault == check::fault_kind::equality)
      return true;
    return now.code == check::opcode::assign_list || now.code == check::opcode::self_move_assign ||
           (now.code == check::opcode::move_assign && now.one_map);
  }
#endif
};

}  // namespace gauntlet::adapters
