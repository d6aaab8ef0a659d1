#include <gauntlet/adapters/ck_ht.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/concurrent_subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
static const registrar_of_stranger direct("ck_ht_direct", check::make_concurrent_subject<ck_ht_direct, u64_u64>());
static const registrar_of_stranger bytestring("ck_ht_bytestring",
                                              check::make_concurrent_subject<ck_ht_bytestring, u64_u64>());

}  // namespace gauntlet::adapters
