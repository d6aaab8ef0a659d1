// An erasure that puts the last element into the gap, as maps do that promise no order. This one does.
#include <gauntlet/broken/defect.h>
#include <gauntlet/broken/small_maps/insertion_order_map.h>

#include <iterator>

namespace gauntlet::broken {

struct last_into_the_gap : insertion_order_map_policy {
  template <class List>
  static void erase(List& elements, typename List::iterator at) {
    elements.splice(at, elements, std::prev(elements.end()));
    elements.erase(at);
  }
};

static const registrar last_fills_the_gap_registrar(
    "last_fills_the_gap",
    check::make_minimal_subject<insertion_order_map_adapter<insertion_order_map<last_into_the_gap>>>(),
    {.promise = "erasing an element leaves the others in their order",
     .target = "hash_map_operations",
     .right_twin = "insertion_order_map"});

}  // namespace gauntlet::broken
