#include <gauntlet/adapters/poco_maps.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/minimal_subject_of.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger hash_map(
    "poco_hash_map", check::make_subject<poco_hash_map, u64_u64, string_string, tracked_tracked>());
static const registrar_of_stranger hash_table("poco_hash_table", check::make_minimal_subject<poco_hash_table>());
static const registrar_of_stranger simple_hash_table("poco_simple_hash_table",
                                                     check::make_minimal_subject<poco_simple_hash_table>());

}  // namespace gauntlet::adapters
