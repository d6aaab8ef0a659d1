// The right twin of the defects in this order.
#include <gauntlet/broken/small_maps/insertion_order_map.h>
#include <gauntlet/check/run/registry.h>

namespace gauntlet::broken {

static const bool insertion_order_map_registered = [] {
  check::registration r;
  r.name = "insertion_order_map";
  r.single = check::make_minimal_subject<insertion_order_map_adapter<insertion_order_map<>>>();
  r.right_twin = true;
  check::register_subject(std::move(r));
  return true;
}();

}  // namespace gauntlet::broken
