// bucket_map under its name: every element type with the tiny policy, numbers and text also with the product's.
#include <gauntlet/adapters/bucket_map.h>
#include <gauntlet/adapters/subjects/bucket_map.h>
#include <gauntlet/adapters/subjects/register.h>

namespace gauntlet::adapters {

static check::subject_factory bucket_map_subject() {
  using enum check::element_types;
  return [tiny = tiny_bucket_map_of_numbers_and_text(), full_size = full_size_bucket_map_of_numbers_and_text(),
          tracked = tiny_bucket_map_of_tracked(), mixed = tiny_bucket_map_of_mixed(),
          special = tiny_bucket_map_of_special()](const check::program_header& h) {
    switch (h.types) {
      case tracked_tracked:
      case throwing_throwing:
        return tracked(h);
      case tracked_throwing:
      case tracked_throwing_move_only:
        return mixed(h);
      case u64_move_only:
      case u64_over_aligned:
      case string_u64:
        return special(h);
      default:
        return h.capacity >= bucket_full_size_from_capacity ? full_size(h) : tiny(h);
    }
  };
}

static const registrar registered("bucket_map", bucket_map_subject());

}  // namespace gauntlet::adapters
