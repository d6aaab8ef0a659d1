// What one key holds, and what each operation does to it: the sequential specification of the checker.
//
// Words. A *cell* is one key's place in both maps: its value or its absence, twice. A *step* is what one event asks of
// one cell, with as much of the answer as concerns that cell. Operations on one key are one step on one cell.
// Operations on a whole map are one step on every cell: clear is an erase that tells nothing, a walk is a read for each
// key (shown, or absent), swap exchanges the two halves of the cell.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <gauntlet/check/history/history.h>

namespace gauntlet::check {

// A value is zero while absent, so that equal cells compare equal.
struct cell {
  std::uint64_t value[history_map_count] = {};
  bool present[history_map_count] = {};

  void put(unsigned map, std::uint64_t v) noexcept { value[map] = v, present[map] = true; }
  void remove(unsigned map) noexcept { value[map] = 0, present[map] = false; }
  friend bool operator==(const cell&, const cell&) = default;
};
std::uint64_t hash_of(const cell& c) noexcept;
std::string to_string(const cell& c);

// Thirty-two bytes, so that a long history's steps are few cache lines.
struct step {
  std::uint64_t key = 0;
  std::uint64_t value = 0;  // operand
  std::uint64_t seen = 0;
  opcode code = opcode::find;
  std::uint8_t map = 0;
  std::uint8_t other = 1;
  std::uint8_t argument = 0;
  // The answer. Where it is not known (the event is pending, or its answer does not tell about this key) the step
  // fits every cell.
  bool flag_known = false;
  bool flag = false;  // found, inserted, erased, exchanged, equal
  bool seen_known = false;
};

// Takes the step: true and the cell changed, or false when the answer cannot have been given at this cell.
bool take(const step& s, cell& c) noexcept;

// Changes no cell that it fits: it can be placed at the first moment at which it fits without losing a possibility.
bool changes_nothing(const step& s) noexcept;

// The step of an event on one key.
step step_of(const event& e) noexcept;

// A step that fits every cell and changes none.
inline constexpr step asks_nothing{.code = opcode::contains};

// Does erase_if's predicate `argument` with this parameter choose the element? (Predicate 5, which throws, chooses
// none.)
bool predicate_chooses(unsigned argument, std::uint64_t parameter, std::uint64_t key, std::uint64_t value) noexcept;

// ----------------------------------------------------------------------------------------------------- the bodies

inline std::uint64_t hash_of(const cell& c) noexcept {
  std::uint64_t hash = 0;
  for (unsigned map = 0; map < history_map_count; ++map) {
    hash = (hash ^ c.value[map] ^ (c.present[map] ? 0x51ull << 56 : 0)) * 0x9E3779B97F4A7C15ull;
    hash ^= hash >> 29;
  }
  return hash;
}

inline bool predicate_chooses(unsigned argument, std::uint64_t parameter, std::uint64_t key,
                              std::uint64_t value) noexcept {
  switch (argument) {
    case 0:
      return value % 2 == 0;
    case 1:
      return key % 2 == 0;
    case 2:
      return value < parameter;
    case 3:
      return true;
    default:
      return false;
  }
}

// The operations on one key, as a table: which of them comes next is as good as random, so a search that branched on it
// would be waiting for mispredicted branches most of the time.
//
// A *case* is a bit: is the key there (1), and does it hold the operand (2)? Four cases, of which one cannot be.
struct point_rule {
  static constexpr std::uint8_t always = 0b1111, there = 0b1010, absent = 0b0101, holds_operand = 0b1000, no = 0;
  bool on_one_key = false;
  std::uint8_t says_yes = no;  // in these cases the answer is yes
  std::uint8_t writes = no;    // in these the cell is written: erased, or
  bool erases = false;
  bool adds_to_old = false;   // the old value, or zero, and
  bool adds_operand = false;  // the operand, or one
  std::uint8_t shows = no;    // in these a value seen can be told, which is
  bool shows_new = false;     // the new value, or the old one
};
constexpr point_rule rule_of(opcode code) noexcept {
  using r = point_rule;
  switch (code) {
    case opcode::find:
    case opcode::contains:
      return {.on_one_key = true, .says_yes = r::there, .shows = r::there};
    case opcode::insert_copy:
    case opcode::try_emplace:
      return {true, r::absent, r::absent, false, false, true, r::always, true};
    case opcode::insert_or_assign:
      return {true, r::absent, r::always, false, false, true, r::always, true};
    case opcode::erase_key:
    case opcode::extract_key:
      return {true, r::there, r::there, true, false, false, r::there, false};
    case opcode::compare_exchange:
      return {true, r::holds_operand, r::holds_operand, false, true, false, r::no, false};
    case opcode::fetch_update:
      return {true, r::there, r::there, false, true, true, r::there, false};
    case opcode::update:
      return {true, r::there, r::there, false, false, true, r::no, false};
    case opcode::upsert:  // what is absent counts as zero
      return {true, r::absent, r::always, false, true, true, r::always, true};
    case opcode::compare_erase:
      return {true, r::holds_operand, r::holds_operand, true, false, false, r::no, false};
    default:
      return {};
  }
}
inline constexpr auto point_rules = [] {
  std::array<point_rule, opcode_count> rules{};
  for (std::size_t i = 0; i < opcode_count; ++i) rules[i] = rule_of(static_cast<opcode>(i));
  return rules;
}();

bool take_on_whole(const step& s, cell& c) noexcept;

inline bool take(const step& s, cell& c) noexcept {
  const point_rule& rule = point_rules[static_cast<std::size_t>(s.code)];
  if (!rule.on_one_key) return take_on_whole(s, c);

  // Both halves of the cell are read and written, so that a loop can keep it in registers.
  const bool second = s.map != 0;
  const bool there = second ? c.present[1] : c.present[0];
  const std::uint64_t old = second ? c.value[1] : c.value[0];
  const bool holds_operand = (there & (old == s.value)) != 0;
  const unsigned bit = 1u << (unsigned{there} + 2 * unsigned{holds_operand});
  const auto all_if = [](bool condition) { return std::uint64_t{0} - std::uint64_t{condition}; };
  const bool writes = (rule.writes & bit) != 0;
  const std::uint64_t sum = (old & all_if(rule.adds_to_old)) + (rule.adds_operand ? s.value : 1);
  const std::uint64_t written = sum & all_if(!rule.erases);
  const std::uint64_t now = writes ? written : old;
  const bool there_now = writes ? !rule.erases : there;
  c.value[0] = second ? c.value[0] : now;
  c.value[1] = second ? now : c.value[1];
  c.present[0] = second ? c.present[0] : there_now;
  c.present[1] = second ? there_now : c.present[1];

  const bool flag_fits = !s.flag_known | (s.flag == ((rule.says_yes & bit) != 0));
  const bool seen_fits = !s.seen_known | ((rule.shows & bit) == 0) | (s.seen == (rule.shows_new ? now : old));
  return flag_fits & seen_fits;
}

inline bool changes_nothing(const step& s) noexcept {
  switch (s.code) {
    case opcode::find:
    case opcode::contains:
    case opcode::equal:
      return true;
    case opcode::insert_copy:
    case opcode::try_emplace:
    case opcode::erase_key:
    case opcode::extract_key:
    case opcode::compare_exchange:
    case opcode::fetch_update:
    case opcode::update:
    case opcode::compare_erase:
    case opcode::clear:
    case opcode::erase_if:
      return s.flag_known && !s.flag;
    default:
      return false;
  }
}

inline step step_of(const event& e) noexcept {
  step s;
  s.code = e.asked.code;
  s.map = static_cast<std::uint8_t>(e.asked.target);
  s.other = static_cast<std::uint8_t>(e.asked.other);
  s.key = e.asked.key;
  s.value = e.asked.value;
  s.argument = static_cast<std::uint8_t>(std::min(e.asked.argument, 255u));
  s.flag_known = !e.pending();
  s.flag = e.answer.flag;
  s.seen_known = !e.pending() && e.answer.has_value;
  s.seen = e.answer.value;
  return s;
}

}  // namespace gauntlet::check
