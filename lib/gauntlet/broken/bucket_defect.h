// What defective bucket_maps have in common: the right map with its works or its cursor replaced by the policy.
//
//   GAUNTLET_BUCKET_DEFECT(name, "the promise", "hash_map_operations");
//
// registers `name`, which must be a template like bucket_map without the policy; `bucket_map` is the right one beside it.
#pragma once

#include <gauntlet/adapters/bucket_map.h>
#include <gauntlet/broken/defect.h>

#define GAUNTLET_BUCKET_DEFECT(map, promise_text, target_name)                                                      \
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>                                        \
  struct map##_adapter : adapters::bucket_map_hooks<map<Key, T, Hash, KeyEqual, Allocator>> {                       \
    static constexpr std::string_view name = #map;                                                                  \
  };                                                                                                                \
  static const registrar map##_registrar(#map, check::make_subject<map##_adapter, check::element_types::u64_u64>(), \
                                         {.promise = promise_text, .target = target_name, .right_twin = "bucket_map"})
