#include <gauntlet/adapters/nlohmann_ordered_map.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger registered(
    "nlohmann_ordered_map",
    check::make_subject<nlohmann_ordered_map, u64_u64, string_string, tracked_tracked, u64_move_only>());

}  // namespace gauntlet::adapters
