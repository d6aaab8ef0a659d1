// The names of all fuzz targets. The position of a name is its number in the header of a program: append, never
// reorder.
#include <gauntlet/check/fuzzing/target.h>

namespace gauntlet::check {

std::span<const std::string_view> target_names() {
  static constexpr std::string_view names[] = {
      "",
      "hash_map_operations",
      "hash_map_iteration",
      "hash_map_types",
      "maps_agree",
      "concurrent_stress",
      "codec",
      "checker",
      "canary",
      "concurrent_schedule",
  };
  return names;
}

}  // namespace gauntlet::check
