#include <gauntlet/adapters/qhash6.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger registered("qhash6",
                                              check::make_subject<qhash6, u64_u64, string_string, tracked_tracked>());

}  // namespace gauntlet::adapters
