// __gnu_pbds::gp_hash_table (open addressing) and __gnu_pbds::cc_hash_table (chains) of libstdc++ 12 before the judge, with
// the policies that they come with. They keep their allocator in a static object: it is not the caller's, and memory is
// not judged.
//
// Of gp_hash_table copies that throw are not asked: it marks a place as taken before it makes the copy there, and then
// destroys what never was (corpus/hash_map_types/regression/copy_that_throws.ops). Of cc_hash_table it is not asked that
// a hash throws: its resizing leaves the new mask with the old array then
// (corpus/maps_agree/regression/growth_whose_hash_throws.ops).
#pragma once

#include <cstddef>
#include <string_view>

#include <ext/pb_ds/assoc_container.hpp>

#include <gauntlet/check/run/subject.h>

namespace gauntlet::adapters {

// They take a hash and an equality, no room and no allocator, and what is moved is copied.
template <class Map, class Hash, class KeyEqual, class Allocator>
struct pb_ds_map {
  using map_type = Map;
  static map_type make(const Hash& hash, const KeyEqual& equal, const Allocator&, std::size_t) {
    return map_type(hash, equal);
  }
  static constexpr check::capabilities can() { return {.moved_from_is_empty = false}; }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct pb_ds_gp_hash_table : pb_ds_map<__gnu_pbds::gp_hash_table<Key, T, Hash, KeyEqual>, Hash, KeyEqual, Allocator> {
  static constexpr std::string_view name = "pb_ds_gp_hash_table";
  static constexpr bool leaves_out(const check::circumstances& now) {
    using check::opcode;
    const bool copies = now.code == opcode::copy_construct || now.code == opcode::copy_assign ||
                        now.code == opcode::move_construct || now.code == opcode::move_assign;
    return copies && now.fault_armed;
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct pb_ds_cc_hash_table : pb_ds_map<__gnu_pbds::cc_hash_table<Key, T, Hash, KeyEqual>, Hash, KeyEqual, Allocator> {
  static constexpr std::string_view name = "pb_ds_cc_hash_table";
  static constexpr check::capabilities can() {
    check::capabilities c =
        pb_ds_map<__gnu_pbds::cc_hash_table<Key, T, Hash, KeyEqual>, Hash, KeyEqual, Allocator>::can();
    c.throwing_hash_is_safe = false;
    return c;
  }
};

}  // namespace gauntlet::adapters
