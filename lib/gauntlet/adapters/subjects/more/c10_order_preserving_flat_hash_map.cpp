#include <utility>

#include <gauntlet/adapters/c10_order_preserving_flat_hash_map.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
// Where keys collide it grows until there is no memory.
static check::subject_factory with_a_hash_that_spreads(check::subject_factory any) {
  return [any = std::move(any)](const check::program_header& wanted) {
    check::program_header header = wanted;
    header.hash = check::hash_quality::good;
    return any(header);
  };
}
static const registrar_of_stranger registered(
    "c10_order_preserving_flat_hash_map",
    with_a_hash_that_spreads(
        check::make_subject<c10_order_preserving_flat_hash_map, u64_u64, string_string, tracked_tracked>()));

}  // namespace gauntlet::adapters
