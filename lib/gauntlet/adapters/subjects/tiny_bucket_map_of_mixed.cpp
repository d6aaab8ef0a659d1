#include <gauntlet/adapters/bucket_map.h>
#include <gauntlet/adapters/subjects/bucket_map.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
check::subject_factory tiny_bucket_map_of_mixed() {
  return check::make_subject<tiny_bucket_map, tracked_throwing, tracked_throwing_move_only>();
}

}  // namespace gauntlet::adapters
