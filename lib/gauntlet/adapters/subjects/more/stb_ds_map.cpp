#define STB_DS_IMPLEMENTATION  // here and nowhere else
#include <gauntlet/adapters/stb_ds_map.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/minimal_subject_of.h>

namespace gauntlet::adapters {

static const registrar_of_stranger numbers("stb_ds_hm", check::make_minimal_subject<stb_ds_hm>());
static const registrar_of_stranger strings("stb_ds_sh", check::make_minimal_subject<stb_ds_sh>());

}  // namespace gauntlet::adapters
