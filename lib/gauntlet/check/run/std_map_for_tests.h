// std::unordered_map behind an adapter: the map that the tests of the judge itself run, because it is known to be
// right. (But for four things: libstdc++ 12 destroys a node that insert(hint, node) could not insert, against the
// standard's table of node operations, and one that merge has taken out when there is no memory to put it in; where the two
// maps hash differently, merge keeps the source's hashes, and operator== looks for an element by the other map's.)
#pragma once

#include <string_view>
#include <unordered_map>

#include <gauntlet/check/run/subject.h>

namespace gauntlet::check {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct std_map_for_tests {
  using map_type = std::unordered_map<Key, T, Hash, KeyEqual, Allocator>;
  static constexpr std::string_view name = "std::unordered_map";
  static constexpr capabilities can() {
    return {.stable_references = true,
            .bounds_load_factor = true,
            .nodes = true,
            .failed_hint_keeps_node = false,
            .failed_merge_loses_nothing = false};
  }
  static constexpr bool leaves_out(const circumstances& now) {
    return now.hashes_differ && (now.code == opcode::merge || now.code == opcode::equal);
  }
};

}  // namespace gauntlet::check
