#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/adapters/xenium_vyukov_hash_map.h>
#include <gauntlet/check/run/concurrent_subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger of_numbers("xenium_vyukov_hash_map",
                                              check::make_concurrent_subject<xenium_vyukov_hash_map, u64_u64>());
static const registrar_of_stranger of_strings("xenium_vyukov_hash_map_of_strings",
                                              check::make_concurrent_subject<xenium_vyukov_hash_map, string_string>());

}  // namespace gauntlet::adapters
