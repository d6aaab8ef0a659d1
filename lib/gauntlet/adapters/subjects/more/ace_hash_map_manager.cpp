#include <gauntlet/adapters/ace_hash_map_manager.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/concurrent_subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger read_write(
    "ace_hash_map_manager",
    check::make_concurrent_subject<ace_hash_map_manager, u64_u64, string_string, tracked_tracked>());
static const registrar_of_stranger mutex(
    "ace_hash_map_manager_mutex",
    check::make_concurrent_subject<ace_hash_map_manager_mutex, u64_u64, string_string, tracked_tracked>());

}  // namespace gauntlet::adapters
