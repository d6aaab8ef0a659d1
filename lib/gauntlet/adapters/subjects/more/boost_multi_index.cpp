#include <gauntlet/adapters/boost_multi_index.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger registered(
    "boost_multi_index", check::make_subject<boost_multi_index, u64_u64, string_string, tracked_tracked>());

}  // namespace gauntlet::adapters
