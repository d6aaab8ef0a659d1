#include <gauntlet/adapters/bucket_map.h>
#include <gauntlet/adapters/subjects/register.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

static const registrar registered(
    "bucket_map_own_hash",
    with_counted_seeds(check::make_subject<own_hash_bucket_map, check::element_types::u64_u64>()));

}  // namespace gauntlet::adapters
