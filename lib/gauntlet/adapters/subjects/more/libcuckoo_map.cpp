#include <gauntlet/adapters/libcuckoo_map.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/concurrent_subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger registered("libcuckoo_map",
                                              check::make_concurrent_subject<libcuckoo_map, u64_u64, string_string>());

}  // namespace gauntlet::adapters
