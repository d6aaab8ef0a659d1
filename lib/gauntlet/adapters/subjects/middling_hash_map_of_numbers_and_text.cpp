#include <gauntlet/adapters/hash_map.h>
#include <gauntlet/adapters/subjects/hash_map.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
check::subject_factory middling_hash_map_of_numbers_and_text() {
  return check::make_subject<middling_hash_map, u64_u64, string_string>();
}

}  // namespace gauntlet::adapters
