#include <gauntlet/adapters/absl_flat_hash_map.h>
#include <gauntlet/adapters/subjects/register.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar registered("absl_flat_hash_map",
                                  check::make_subject<absl_flat_hash_map, u64_u64, string_string, tracked_tracked>());

}  // namespace gauntlet::adapters
