// std::map before the judge: an ordered map, which has no hash.
//
// What it was found to do wrong, and what is therefore not asked of it: in libstdc++ 12 merge goes on in a function that is
// noexcept, so that a comparison that throws there ends the process.
#pragma once

#include <cstddef>
#include <map>
#include <string_view>

#include <gauntlet/adapters/ordered_by_number.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct std_map : standard_map<std::map<Key, T, ordered_by_number, Allocator>> {
  using map_type = std::map<Key, T, ordered_by_number, Allocator>;
  static constexpr std::string_view name = "std_map";
  static map_type make(const Hash&, const KeyEqual&, const Allocator& allocator, std::size_t) {
    return map_type(allocator);
  }
  static constexpr check::capabilities can() {
    return {.iterates = check::iteration_order::by_key,
            .stable_references = true,
            .nodes = true,
            .moved_from_is_empty = false};  // where allocators differ, elements are moved one by one and stay behind
  }
  static constexpr bool leaves_out(const check::circumstances& now) {
#ifdef _LIBCPP_VERSION
    // libc++ 19: self-move-assignment destroys the elements and then takes over what it has destroyed.
    if (now.code == check::opcode::self_move_assign || (now.code == check::opcode::move_assign && now.one_map))
      return true;
#endif
    const bool merges = now.code == check::opcode::merge || now.code == check::opcode::self_merge;
    return merges && now.fault_armed && now.fault == check::fault_kind::equality;
  }
};

}  // namespace gauntlet::adapters
