// absl::btree_map (20220623) before the judge: an ordered map, which has no hash, of nodes with many elements. Inserting and
// erasing move the elements beside the place, as it documents. Nothing is said of exceptions, and none is thrown.
//
// What it was found to do wrong, and what is therefore not asked of it: erase_if destroys elements of a node as it goes and
// counts them when the node is done. When the predicate throws, the map shows elements that have been destroyed, and destroys
// them again.
#pragma once

#include <cstddef>
#include <string_view>

#include <absl/container/btree_map.h>

#include <gauntlet/adapters/ordered_by_number.h>
#include <gauntlet/adapters/predicate_asked_beforehand.h>
#include <gauntlet/check/run/subject.h>

namespace gauntlet::adapters {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct absl_btree_map {
  using map_type = predicate_asked_beforehand<absl::btree_map<Key, T, ordered_by_number, Allocator>>;
  static constexpr std::string_view name = "absl_btree_map";
  static map_type make(const Hash&, const KeyEqual&, const Allocator& allocator, std::size_t) {
    return map_type(allocator);
  }
  static constexpr check::capabilities can() {
    return {.exception_safe = false,
            .iterates = check::iteration_order::by_key,
            .erase_keeps_iterators = false,
            .emplaces_pairs = true,
            .nodes = true,
            .moved_from_is_empty = false,  // where allocators differ the elements stay behind
            .arguments_may_refer_inside = false};
  }
};

}  // namespace gauntlet::adapters
