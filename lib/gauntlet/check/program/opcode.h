// The vocabulary of a program: every operation a map can be asked to do, one number each.
//
// The numbers are part of the file format: append, never renumber, never reuse. Each opcode says which operands it
// takes; an operand that an opcode does not take is always zero in a decoded program, so that two programs that mean
// the same have the same bytes and the text form needs to print only what counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gauntlet::check {

enum class opcode : std::uint8_t {
  nothing,  // one visit of a walk without an action
  // looking
  find,  // iterator's value, or absent
  contains,
  count,
  at,  // throws std::out_of_range when absent
  equal_range,
  subscript_read,  // m[k]: inserts a value-initialised T when absent
  size,            // size() and empty()
  equal,           // target == other, both directions, and !=
  // inserting and updating, one element (or `count` elements with consecutive keys)
  insert_copy,  // insert(const value_type&)
  insert_move,  // insert(value_type&&)
  insert_hint,  // insert(hint, value_type&&)
  emplace,
  emplace_hint,
  try_emplace,       // try_emplace(const Key&, ...)
  try_emplace_move,  // try_emplace(Key&&, ...): the key must be untouched when nothing is inserted
  try_emplace_hint,
  insert_or_assign,
  insert_or_assign_move,
  insert_or_assign_hint,
  subscript_assign,  // m[k] = v
  update,            // find(k), then it->second = v
  // inserting many at once
  insert_range,  // insert(first, last) over `count` consecutive keys
  insert_list,   // insert(initializer_list)
  assign_list,   // m = initializer_list
  // erasing
  erase_key,
  erase_iterator,  // erase(find(k)); the returned iterator is used
  erase_range,     // erase(first, last) over `count` elements, value says how far from begin(): see range_begin
  erase_if,        // argument picks the predicate, value its parameter
  clear,
  // capacity
  reserve,  // argument scales value: see reserve_amount. Among threads: value % 64
  rehash,
  max_load_factor,
  shrink_to_fit,
  // whole maps: `target` is replaced or changed, `other` is the second map
  default_construct,  // target becomes a fresh, never-filled map
  construct_range,    // target becomes map(first, last, capacity hint)
  copy_construct,     // target becomes a copy of other
  move_construct,     // target becomes map(std::move(other)); other goes on being used, moved-from
  copy_assign,
  move_assign,
  self_copy_assign,
  self_move_assign,  // valid but unspecified in general: the maps of this project promise "unchanged"
  swap,
  self_swap,
  merge,  // target.merge(other)
  self_merge,
  // nodes: one node handle is held between operations
  extract_key,
  extract_iterator,  // extract(find(k))
  insert_node,
  insert_node_hint,
  drop_node,
  // walking
  walk,     // cursor that survives everything; `body` operations follow, one is done at each visit, in turn
  iterate,  // iterators, by the standard container's rules; a body that would break them is left out
  stop,     // in a body: break off this walk
  // testing the tests
  fault,   // the next operation (of its lane) throws at the value-th event of kind `argument` (see fault_kind)
  misuse,  // argument picks a misuse (see misuse_act) that the map must diagnose
  // operations of concurrent maps beyond the above
  compare_exchange,  // value -> value + 1 when the mapped value equals `value`
  fetch_update,      // read, add `value`, write, in one step; gives the old value
  snapshot,          // contents as of one moment (or weakly, by contract)
  // one thread again
  look_by_view,     // a lookup with a key of another type (types/key_view.h), which one says the argument: see by_key
  change_by_view,   // likewise: erase, extract, try_emplace, insert_or_assign, m[view] = v
  find_many,        // find_many(first, last, visit) over `count` consecutive keys
  change_node_key,  // node.key() = k
  fill_reserved,    // reserve(size() + count), then `count` insertions, which must not rehash; argument scales count
  // concurrent maps again
  upsert,         // inserts `value`, or adds it to what is there, in one step; gives the new value
  compare_erase,  // erases when the mapped value equals `value`
};

inline constexpr std::size_t opcode_count = static_cast<std::size_t>(opcode::compare_erase) + 1;

// A header's mask of banned operations has 64 bits, one for each opcode. Those that came when all were taken share the
// bit of what they are most like.
inline constexpr unsigned bans = 64;
constexpr unsigned ban_of(opcode code) noexcept {
  if (code == opcode::upsert) return static_cast<unsigned>(opcode::fetch_update);
  if (code == opcode::compare_erase) return static_cast<unsigned>(opcode::compare_exchange);
  return static_cast<unsigned>(code);
}
constexpr bool is_banned(std::uint64_t banned, opcode code) noexcept { return (banned >> ban_of(code) & 1) != 0; }
static_assert(opcode_count == bans + 2, "every opcode has a bit in the mask of banned operations");

// Which operands an opcode takes.
struct operands {
  bool target = true;  // which of the four maps
  bool other = false;  // the second map
  bool key = false;
  bool value = false;
  bool count = false;     // number of consecutive keys or elements, 1..256
  bool argument = false;  // small selector
  bool body = false;      // number of operations that follow and form the body of a walk
};

struct opcode_info {
  std::string_view name;  // as in the text form
  operands takes;
};

// The table behind names, decoding and generation. Complexity: constant.
const opcode_info& info(opcode code) noexcept;

}  // namespace gauntlet::check
