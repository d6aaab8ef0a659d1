// absl::node_hash_map (20220623) before the judge: the table of absl::flat_hash_map over nodes that stay where they are.
//
// Not asked of it: anything that throws, for the reasons told in absl_flat_hash_map.h.
#pragma once

#include <string_view>

#include <absl/container/node_hash_map.h>

#include <gauntlet/adapters/absl_flat_hash_map.h>

namespace gauntlet::adapters {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct absl_node_hash_map
    : standard_map<
          surviving_every_request<absl::node_hash_map<Key, T, Hash, KeyEqual, allocator_with_default<Allocator>>>> {
  static constexpr std::string_view name = "absl_node_hash_map";
  static constexpr check::capabilities can() {
    return {.exception_safe = false,
            .stable_references = true,
            .inserts_by_view = true,
            .emplaces_pairs = true,
            .nodes = true,
            .moved_from_is_empty = false};  // where allocators differ the elements stay behind
  }
};

}  // namespace gauntlet::adapters
