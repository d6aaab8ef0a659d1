#include <gauntlet/adapters/hash_map.h>
#include <gauntlet/adapters/subjects/hash_map.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::adapters {

using enum check::element_types;
check::subject_factory tiny_hash_map_of_mixed() {
  return check::make_subject<tiny_hash_map, tracked_throwing, tracked_throwing_move_only>();
}

}  // namespace gauntlet::adapters
