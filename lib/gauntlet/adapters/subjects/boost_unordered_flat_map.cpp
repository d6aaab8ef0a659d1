#include <gauntlet/adapters/boost_unordered_flat_map.h>
#include <gauntlet/adapters/subjects/register.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar registered(
    "boost_unordered_flat_map",
    check::make_subject<boost_unordered_flat_map, u64_u64, string_string, tracked_tracked, tracked_throwing>());

}  // namespace gauntlet::adapters
