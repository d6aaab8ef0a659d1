#include <gauntlet/adapters/qhash.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/minimal_subject_of.h>

namespace gauntlet::adapters {

static const registrar_of_stranger registered("qhash", check::make_minimal_subject<qhash>());

}  // namespace gauntlet::adapters
