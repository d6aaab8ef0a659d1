#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/adapters/tsl_ordered_map.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger registered(
    "tsl_ordered_map", check::make_subject<tsl_ordered_map, u64_u64, string_string, tracked_tracked>());

}  // namespace gauntlet::adapters
