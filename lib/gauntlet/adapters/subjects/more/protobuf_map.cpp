#include <gauntlet/adapters/protobuf_map.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger registered(
    "protobuf_map", check::make_subject<protobuf_map, u64_u64, string_string, tracked_tracked>());

}  // namespace gauntlet::adapters
