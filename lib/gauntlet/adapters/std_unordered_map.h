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
    c.bounds_load_factor = true;
    c.failed_hint_keeps_node = false;      // libstdc++ 12 destroys a node that insert(hint, node) does not insert
    c.failed_merge_loses_nothing = false;  // libstdc++ 12 destroys the node when there is no memory to put it in
    return c;
  }
};

}  // namespace gauntlet::adapters
