#include <gauntlet/adapters/bucket_map.h>
#include <gauntlet/adapters/subjects/bucket_map.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
check::subject_factory tiny_bucket_map_of_special() {
  return check::make_subject<tiny_bucket_map, u64_move_only, u64_over_aligned, string_u64>();
}

}  // namespace gauntlet::adapters
