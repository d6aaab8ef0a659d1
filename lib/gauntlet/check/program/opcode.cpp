// The table behind info(): one row for each opcode, in the order of the enumeration.
//
// A row is a name and the set of operands taken, written as a sum of one-letter sets: t(arget), o(ther), k(ey),
// v(alue), c(ount), a(rgument), b(ody). An opcode that takes `count` is done for that many consecutive keys and values.
#include <gauntlet/check/program/opcode.h>

#include <array>

namespace gauntlet::check {
namespace {

enum : unsigned { t = 1, o = 2, k = 4, v = 8, c = 16, a = 32, b = 64 };

struct row {
  opcode code;
  std::string_view name;
  unsigned takes;
};

constexpr row rows[] = {
    {opcode::nothing, "nothing", 0},
    {opcode::find, "find", t | k},
    {opcode::contains, "contains", t | k},
    {opcode::count, "count", t | k},
    {opcode::at, "at", t | k},
    {opcode::equal_range, "equal_range", t | k},
    {opcode::subscript_read, "subscript_read", t | k},
    {opcode::size, "size", t},
    {opcode::equal, "equal", t | o},
    {opcode::insert_copy, "insert_copy", t | k | v | c},
    {opcode::insert_move, "insert_move", t | k | v | c},
    {opcode::insert_hint, "insert_hint", t | k | v | c},
    {opcode::emplace, "emplace", t | k | v | c},
    {opcode::emplace_hint, "emplace_hint", t | k | v | c},
    {opcode::try_emplace, "try_emplace", t | k | v | c},
    {opcode::try_emplace_move, "try_emplace_move", t | k | v | c},
    {opcode::try_emplace_hint, "try_emplace_hint", t | k | v | c},
    {opcode::insert_or_assign, "insert_or_assign", t | k | v | c},
    {opcode::insert_or_assign_move, "insert_or_assign_move", t | k | v | c},
    {opcode::insert_or_assign_hint, "insert_or_assign_hint", t | k | v | c},
    {opcode::subscript_assign, "subscript_assign", t | k | v | c},
    {opcode::update, "update", t | k | v | c},
    {opcode::insert_range, "insert_range", t | k | v | c},
    {opcode::insert_list, "insert_list", t | k | v | c},
    {opcode::assign_list, "assign_list", t | k | v | c},
    {opcode::erase_key, "erase_key", t | k},
    {opcode::erase_iterator, "erase_iterator", t | k},
    {opcode::erase_range, "erase_range", t | v | c},
    {opcode::erase_if, "erase_if", t | v | a},
    {opcode::clear, "clear", t},
    {opcode::reserve, "reserve", t | v | a},
    {opcode::rehash, "rehash", t | v | a},
    {opcode::max_load_factor, "max_load_factor", t | v},
    {opcode::shrink_to_fit, "shrink_to_fit", t},
    {opcode::default_construct, "default_construct", t},
    {opcode::construct_range, "construct_range", t | k | v | c},
    {opcode::copy_construct, "copy_construct", t | o},
    {opcode::move_construct, "move_construct", t | o},
    {opcode::copy_assign, "copy_assign", t | o},
    {opcode::move_assign, "move_assign", t | o},
    {opcode::self_copy_assign, "self_copy_assign", t},
    {opcode::self_move_assign, "self_move_assign", t},
    {opcode::swap, "swap", t | o},
    {opcode::self_swap, "self_swap", t},
    {opcode::merge, "merge", t | o},
    {opcode::self_merge, "self_merge", t},
    {opcode::extract_key, "extract_key", t | k},
    {opcode::extract_iterator, "extract_iterator", t | k},
    {opcode::insert_node, "insert_node", t},
    {opcode::insert_node_hint, "insert_node_hint", t},
    {opcode::drop_node, "drop_node", 0},
    {opcode::walk, "walk", t | b},
    {opcode::iterate, "iterate", t | b},
    {opcode::stop, "stop", 0},
    {opcode::fault, "fault", v | a},
    {opcode::misuse, "misuse", t | k | a},
    {opcode::compare_exchange, "compare_exchange", t | k | v},
    {opcode::fetch_update, "fetch_update", t | k | v},
    {opcode::snapshot, "snapshot", t},
    {opcode::look_by_view, "look_by_view", t | k | a},
    {opcode::change_by_view, "change_by_view", t | k | v | a},
    {opcode::find_many, "find_many", t | k | c},
    {opcode::change_node_key, "change_node_key", k},
    {opcode::fill_reserved, "fill_reserved", t | k | v | c | a},
    {opcode::upsert, "upsert", t | k | v},
    {opcode::compare_erase, "compare_erase", t | k | v},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    if (static_cast<std::size_t>(rows[i].code) != i) return false;
  }
  return std::size(rows) == opcode_count;
}
static_assert(in_order(), "one row for each opcode, in the order of the enumeration");

constexpr std::array<opcode_info, opcode_count> make_table() {
  std::array<opcode_info, opcode_count> table{};
  for (std::size_t i = 0; i < opcode_count; ++i) {
    const unsigned takes = rows[i].takes;
    table[i].name = rows[i].name;
    table[i].takes = operands{(takes & t) != 0, (takes & o) != 0, (takes & k) != 0, (takes & v) != 0,
                              (takes & c) != 0, (takes & a) != 0, (takes & b) != 0};
  }
  return table;
}
constexpr std::array<opcode_info, opcode_count> table = make_table();

}  // namespace

const opcode_info& info(opcode code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  return table[index < opcode_count ? index : 0];
}

}  // namespace gauntlet::check
