#include <gauntlet/adapters/std_unordered_map.h>
#include <gauntlet/adapters/subjects/register.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar registered(
    "std_unordered_map",
    check::make_subject<std_unordered_map, u64_u64, string_string, tracked_tracked, tracked_throwing>());

}  // namespace gauntlet::adapters
