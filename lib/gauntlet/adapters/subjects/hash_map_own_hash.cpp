#include <gauntlet/adapters/hash_map.h>
#include <gauntlet/adapters/subjects/register.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar registered("hash_map_own_hash",
                                  with_counted_seeds(check::make_subject<own_hash_hash_map, u64_u64, string_string>()));

}  // namespace gauntlet::adapters
