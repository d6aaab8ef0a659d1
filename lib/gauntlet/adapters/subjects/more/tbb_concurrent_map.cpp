#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/adapters/tbb_concurrent_map.h>
#include <gauntlet/check/run/concurrent_subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger registered(
    "tbb_concurrent_map",
    check::make_concurrent_subject<tbb_concurrent_map, u64_u64, string_string, tracked_tracked>());

}  // namespace gauntlet::adapters
