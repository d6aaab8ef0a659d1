#include <gauntlet/adapters/subjects/register.h>
#include <gauntlet/adapters/tsl_robin_map.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar registered("tsl_robin_map",
                                  check::make_subject<tsl_robin_map, u64_u64, string_string, tracked_tracked>());

}  // namespace gauntlet::adapters
