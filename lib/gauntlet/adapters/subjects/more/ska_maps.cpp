#include <utility>

#include <gauntlet/adapters/ska_maps.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
// Where keys collide they grow until there is no memory.
static check::subject_factory with_a_hash_that_spreads(check::subject_factory any) {
  return [any = std::move(any)](const check::program_header& wanted) {
    check::program_header header = wanted;
    header.hash = check::hash_quality::good;
    return any(header);
  };
}
static const registrar_of_stranger flat(
    "ska_flat_hash_map",
    with_a_hash_that_spreads(check::make_subject<ska_flat_hash_map, u64_u64, string_string, tracked_tracked>()));
static const registrar_of_stranger bytell(
    "ska_bytell_hash_map",
    with_a_hash_that_spreads(check::make_subject<ska_bytell_hash_map, u64_u64, string_string, tracked_tracked>()));

}  // namespace gauntlet::adapters
