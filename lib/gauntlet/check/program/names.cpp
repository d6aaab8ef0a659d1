// The lists behind names.h.
#include <gauntlet/check/program/names.h>

namespace gauntlet::check {
namespace {

constexpr std::string_view hash_qualities[] = {"good", "constant", "truncated", "identity", "adversarial", "top_only"};
static_assert(std::size(hash_qualities) == hash_quality_count);

constexpr std::string_view element_type_list[] = {"u64_u64",         "string_string",     "u64_move_only",
                                                  "tracked_tracked", "throwing_throwing", "u64_over_aligned",
                                                  "string_u64",      "tracked_throwing",  "tracked_throwing_move_only",
                                                  "u64_two_words"};
static_assert(std::size(element_type_list) == element_types_count);

constexpr std::string_view allocator_modes[] = {"equal", "unequal", "propagating"};
static_assert(std::size(allocator_modes) == allocator_mode_count);

constexpr std::string_view heap_reuses[] = {"at_once", "quarantine"};
static_assert(std::size(heap_reuses) == heap_reuse_count);

constexpr std::string_view memory_order_modes[] = {"sequential", "weak"};
static_assert(std::size(memory_order_modes) == memory_order_mode_count);

constexpr std::string_view spin_modes[] = {"brief", "lasting"};
static_assert(std::size(spin_modes) == spin_mode_count);

constexpr std::string_view key_classes[] = {"hot",     "colliding", "wide",    "special",
                                            "present", "current",   "earlier", "later"};
static_assert(std::size(key_classes) == key_class_count);

constexpr std::string_view faults[] = {"hash",     "equality",        "copy", "move", "allocation",
                                       "function", "every_allocation"};
static_assert(std::size(faults) == fault_kind_count);

constexpr std::string_view misuse_acts[] = {"stale_iterator",    "erased_iterator", "cursor_of_moved_map",
                                            "dereference_end",   "write_in_hash",   "write_in_equality",
                                            "write_in_predicate"};
static_assert(std::size(misuse_acts) == misuse_act_count);

constexpr std::string_view scales[] = {"plain", "times_16", "of_size", "absurd"};
static_assert(std::size(scales) == reserve_scale_count);

constexpr std::string_view predicates[] = {"value_even", "key_even",   "value_below",
                                           "everything", "no_element", "throws"};
static_assert(std::size(predicates) == predicate_count);

constexpr std::string_view looks_by_view[] = {"find", "contains", "count", "equal_range", "at"};
static_assert(std::size(looks_by_view) == look_by_view_count);

constexpr std::string_view changes_by_view[] = {"erase", "extract", "try_emplace", "insert_or_assign",
                                                "subscript_assign"};
static_assert(std::size(changes_by_view) == change_by_view_count);

constexpr std::string_view fill_scales[] = {"few", "many"};
static_assert(std::size(fill_scales) == fill_scale_count);

}  // namespace

std::span<const std::string_view> hash_quality_names() noexcept { return hash_qualities; }
std::span<const std::string_view> element_types_names() noexcept { return element_type_list; }
std::span<const std::string_view> allocator_mode_names() noexcept { return allocator_modes; }
std::span<const std::string_view> key_class_names() noexcept { return key_classes; }
std::span<const std::string_view> heap_reuse_names() noexcept { return heap_reuses; }
std::span<const std::string_view> memory_order_mode_names() noexcept { return memory_order_modes; }
std::span<const std::string_view> spin_mode_names() noexcept { return spin_modes; }

std::span<const std::string_view> argument_names(opcode code) noexcept {
  switch (code) {
    case opcode::fault:
      return faults;
    case opcode::misuse:
      return misuse_acts;
    case opcode::reserve:
    case opcode::rehash:
      return scales;
    case opcode::erase_if:
      return predicates;
    case opcode::look_by_view:
      return looks_by_view;
    case opcode::change_by_view:
      return changes_by_view;
    case opcode::fill_reserved:
      return fill_scales;
    default:
      return {};
  }
}

std::size_t position_of(std::string_view word, std::span<const std::string_view> names) noexcept {
  std::size_t i = 0;
  while (i < names.size() && names[i] != word) ++i;
  return i;
}

}  // namespace gauntlet::check
