// What one key holds, and what each operation does to it: the sequential specification of the checker.
//
// Words. A *cell* is one key's place in both maps: its value or its absence, twice. A *step* is what one event asks of
// one cell, with as much of the answer as concerns that cell. Operations on one key are one step on one cell.
// Operations on a whole map are one step on every cell: clear is an erase that tells nothing, a walk is a read for each
// key (shown, or absent), swap exchanges the two halves of the cell.
#pragma once

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

struct step {
  opcode code = opcode::find;
  unsigned map = 0;
  unsigned other = 1;
  std::uint64_t key = 0;
  std::uint64_t value = 0;  // operand
  unsigned argument = 0;
  // The answer. Where it is not known (the event is pending, or its answer does not tell about this key) the step
  // fits every cell.
  bool flag_known = false;
  bool flag = false;  // found, inserted, erased, exchanged, equal
  bool seen_known = false;
  std::uint64_t seen = 0;
};

// Takes the step: true and the cell changed, or false when the answer cannot have been given at this cell.
bool take(const step& s, cell& c) noexcept;

// Changes no cell that it fits: it can be placed at the first moment at which it fits without losing a possibility.
bool changes_nothing(const step& s) noexcept;

// The step of an event on one key.
step step_of(const event& e);

// Does erase_if's predicate `argument` with this parameter choose the element? (Predicate 5, which throws, chooses
// none.)
bool predicate_chooses(unsigned argument, std::uint64_t parameter, std::uint64_t key, std::uint64_t value) noexcept;

}  // namespace gauntlet::check
