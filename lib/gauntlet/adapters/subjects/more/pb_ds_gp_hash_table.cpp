#include <gauntlet/adapters/pb_ds.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger registered(
    "pb_ds_gp_hash_table", check::make_subject<pb_ds_gp_hash_table, u64_u64, string_string, tracked_tracked>());

}  // namespace gauntlet::adapters
