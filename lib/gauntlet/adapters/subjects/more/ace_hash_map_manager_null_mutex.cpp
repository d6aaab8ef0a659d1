#include <gauntlet/adapters/ace_hash_map_manager.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/minimal_subject_of.h>

namespace gauntlet::adapters {

static const registrar_of_stranger registered("ace_hash_map_manager_null_mutex",
                                              check::make_minimal_subject<ace_hash_map_manager_null_mutex>());

}  // namespace gauntlet::adapters
