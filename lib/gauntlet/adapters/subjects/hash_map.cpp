// hash_map under its name: every element type with tiny tables, numbers and text also with middling ones and those
// of the product's size.
#include <gauntlet/adapters/hash_map.h>
#include <gauntlet/adapters/subjects/hash_map.h>
#include <gauntlet/adapters/subjects/register.h>

namespace gauntlet::adapters {

static check::subject_factory hash_map_subject() {
  using enum check::element_types;
  return [tiny = tiny_hash_map_of_numbers_and_text(), middling = middling_hash_map_of_numbers_and_text(),
          full_size = full_size_hash_map_of_numbers_and_text(), tracked = tiny_hash_map_of_tracked(),
          mixed = tiny_hash_map_of_mixed(), special = tiny_hash_map_of_special()](const check::program_header& h) {
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
        return h.capacity >= full_size_from_capacity  ? full_size(h)
               : h.capacity >= middling_from_capacity ? middling(h)
                                                      : tiny(h);
    }
  };
}

static const registrar registered("hash_map", hash_map_subject());

}  // namespace gauntlet::adapters
