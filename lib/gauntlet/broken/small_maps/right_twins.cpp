// The small maps as they should be. A defective map that is one of them with a detail replaced names it as its right
// twin: whoever notices the one must let the other pass. They are no maps of the product, and judged only by name.
#include <gauntlet/broken/concurrent_defect.h>
#include <gauntlet/broken/small_maps/doubling_map.h>
#include <gauntlet/broken/small_maps/gated_map.h>
#include <gauntlet/broken/small_maps/handover_map.h>
#include <gauntlet/broken/small_maps/merging_map.h>
#include <gauntlet/broken/small_maps/open_slots_map.h>
#include <gauntlet/broken/small_maps/pooled_map.h>
#include <gauntlet/broken/small_maps/read_mostly_map.h>
#include <gauntlet/broken/small_maps/remembering_map.h>
#include <gauntlet/broken/small_maps/upgrading_map.h>
#include <gauntlet/broken/small_maps/versioned_map.h>

namespace gauntlet::broken {
namespace {

#define GAUNTLET_RIGHT_TWIN(map, ...)                                                              \
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>                       \
  struct map##_adapter : adapters::concurrent_map<map<__VA_ARGS__>> {                              \
    static constexpr std::string_view name = #map;                                                 \
  };                                                                                               \
  const bool map##_registered = [] {                                                               \
    check::registration r;                                                                         \
    r.name = #map;                                                                                 \
    r.concurrent = check::make_concurrent_subject<map##_adapter, check::element_types::u64_u64>(); \
    r.right_twin = true;                                                                           \
    check::register_subject(std::move(r));                                                         \
    return true;                                                                                   \
  }()

GAUNTLET_RIGHT_TWIN(doubling_map, Key, T, Hash, KeyEqual);
GAUNTLET_RIGHT_TWIN(gated_map, Key, T, Hash, KeyEqual);
GAUNTLET_RIGHT_TWIN(handover_map, Key, T, KeyEqual);
GAUNTLET_RIGHT_TWIN(merging_map, Key, T, KeyEqual);
GAUNTLET_RIGHT_TWIN(open_slots_map, Key, T);
GAUNTLET_RIGHT_TWIN(pooled_map, Key, T, KeyEqual);
GAUNTLET_RIGHT_TWIN(read_mostly_map, Key, T, KeyEqual);
GAUNTLET_RIGHT_TWIN(remembering_map, Key, T, KeyEqual);
GAUNTLET_RIGHT_TWIN(upgrading_map, Key, T, KeyEqual);
GAUNTLET_RIGHT_TWIN(versioned_map, Key, T, Hash, KeyEqual);

}  // namespace
}  // namespace gauntlet::broken
