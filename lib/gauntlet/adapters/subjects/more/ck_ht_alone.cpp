#include <gauntlet/adapters/ck_ht.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/minimal_subject_of.h>

namespace gauntlet::adapters {

static const registrar_of_stranger direct("ck_ht_direct_alone", check::make_minimal_subject<ck_ht_alone<false>>());
static const registrar_of_stranger bytestring("ck_ht_bytestring_alone",
                                              check::make_minimal_subject<ck_ht_alone<true>>());

}  // namespace gauntlet::adapters
