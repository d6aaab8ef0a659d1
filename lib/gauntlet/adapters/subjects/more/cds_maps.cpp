#include <gauntlet/adapters/cds_maps.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/concurrent_subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger striped("cds_striped_map",
                                           check::make_concurrent_subject<cds_striped_map, u64_u64>());
static const registrar_of_stranger cuckoo("cds_cuckoo_map", check::make_concurrent_subject<cds_cuckoo_map, u64_u64>());

}  // namespace gauntlet::adapters
