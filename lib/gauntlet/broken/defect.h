// What defective maps have in common: the right map they differ from, and how one makes itself known.
//
// A defective map is a class derived from the right one that replaces one detail. It goes through the same adapter as
// the right map and claims the same capabilities, so whoever notices it has noticed the detail.
//
//   GAUNTLET_DEFECT(stale_size, "size() is the number of elements", "hash_map_operations", element types...);
//
// registers it under its name, with the promise that it breaks and the fuzz target that must notice.
#pragma once

#include <gauntlet/adapters/hash_map.h>
#include <gauntlet/check/run/registry.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::broken {

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
using right_map = hash_map<Key, T, Hash, KeyEqual, Allocator, adapters::tiny_observed_policy>;

struct registrar {
  registrar(std::string_view name, check::subject_factory single, check::defect_info defect) {
    check::registration r;
    r.name = name;
    r.single = std::move(single);
    r.defective = true;
    r.defect = defect;
    check::register_subject(std::move(r));
  }
};

}  // namespace gauntlet::broken

#define GAUNTLET_DEFECT(map, promise_text, target_name, ...)                                      \
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>                      \
  struct map##_adapter : adapters::hash_map_hooks<map<Key, T, Hash, KeyEqual, Allocator>> {       \
    static constexpr std::string_view name = #map;                                                \
  };                                                                                              \
  static const registrar map##_registrar(#map, check::make_subject<map##_adapter, __VA_ARGS__>(), \
                                         {.promise = promise_text, .target = target_name})
