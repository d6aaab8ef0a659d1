#include <gauntlet/adapters/concurrent_map.h>
#include <gauntlet/adapters/subjects/register.h>
#include <gauntlet/check/run/concurrent_subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar registered(
    "concurrent_map",
    check::make_concurrent_subject<tiny_concurrent_map, u64_u64, u64_two_words, string_string, tracked_tracked>());

}  // namespace gauntlet::adapters
