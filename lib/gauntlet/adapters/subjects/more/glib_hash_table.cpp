#include <gauntlet/adapters/glib_hash_table.h>
#include <gauntlet/adapters/subjects/more/register.h>
#include <gauntlet/check/run/minimal_subject_of.h>

namespace gauntlet::adapters {

static const registrar_of_stranger of_words("glib_hash_table", check::make_minimal_subject<glib_hash_table<false>>());
static const registrar_of_stranger of_owned_keys("glib_hash_table_of_int64",
                                                 check::make_minimal_subject<glib_hash_table<true>>());

}  // namespace gauntlet::adapters
