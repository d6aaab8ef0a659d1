#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/adapters/uthash_map.h>
#include <gauntlet/check/run/minimal_subject_of.h>

namespace gauntlet::adapters {

static const registrar_of_stranger registered("uthash_map", check::make_minimal_subject<uthash_map>());

}  // namespace gauntlet::adapters
