#include <gauntlet/adapters/kj_maps.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger hash_map(
    "kj_hash_map", check::make_subject<kj_hash_map, u64_u64, string_string, tracked_tracked, u64_move_only>());
static const registrar_of_stranger tree_map(
    "kj_tree_map", check::make_subject<kj_tree_map, u64_u64, string_string, tracked_tracked, u64_move_only>());

}  // namespace gauntlet::adapters
