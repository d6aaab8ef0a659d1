// boost::unordered_map (1.81) before the judge: nodes in buckets, stable references.
//
// Not asked of it: copy assignment from a map whose allocator differs and propagates. It gives the old buckets away and
// keeps the limit that belonged to them; where the source is empty the next insertion writes to a bucket at address zero.
#pragma once

#include <string_view>

#include <boost/unordered/unordered_map.hpp>

#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct boost_unordered_map : standard_map<boost::unordered_map<Key, T, Hash, KeyEqual, Allocator>> {
  static constexpr std::string_view name = "boost_unordered_map";
  static constexpr check::capabilities can() {
    check::capabilities c;
    c.stable_references = true;
    c.nodes = true;
    c.emplaces_pairs = true;
    c.bounds_load_factor = true;
    c.throwing_hash_keeps_elements = false;  // a rehash that it breaks off destroys what had been moved already
    c.moved_from_is_empty = false;           // where allocators differ the elements stay behind
    return c;
  }
  static constexpr bool leaves_out(const check::circumstances& now) {
    return now.code == check::opcode::copy_assign && now.allocators_differ && now.allocators_propagate;
  }
};

}  // namespace gauntlet::adapters
