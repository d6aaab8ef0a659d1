// A history: what several threads asked of the maps, what they were told, and what was over before what.
//
// Words. An *event* is one request and its answer in one *lane* (a thread, or the sequential part before or after). Its
// two *stamps* say when it was called and when it returned; stamps come from one counter, so no two are equal and their
// order is the order of time. An event that never returned (its thread was abandoned) is *pending*: it may or may not
// have taken effect. A *contract table* says what the maps promise about each operation.
//
// Shape: a plain value. Events may stand in any order; what counts is lanes and stamps. There are two maps, number 0
// that everybody hammers and number 1 for swap, copy and comparison; both start with the elements in `initial`.
//
// Only a *well-formed* history is judged: one lane does one thing at a time, stamps are used once, answers are
// complete.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gauntlet/check/run/concurrent_subject.h>

namespace gauntlet::check {

using stamp = std::uint64_t;
inline constexpr stamp never = std::numeric_limits<stamp>::max();
inline constexpr unsigned history_map_count = 2;

struct event {
  unsigned where = 0;          // the lane's number, see enum lane
  request asked;               // code, target, other, key, value, argument
  result answer;               // meaningless while pending
  std::vector<element> shown;  // of walk, snapshot and copy_construct
  stamp called = 0;
  stamp returned = never;
  std::size_t source = 0;  // index of the operation in the program that asked

  bool pending() const noexcept { return returned == never; }
};

// What an event's thread had seen of the threads of the run when it was called and when it returned: a vector clock, one
// moment for each thread, its own among them. What thread t does at moment m happens before everything that is done where
// at[t] >= m.
inline constexpr unsigned awareness_width = 8;
using moments = std::array<std::uint32_t, awareness_width>;
struct awareness {
  unsigned thread = 0;
  moments called{}, returned{};
  std::uint64_t steps = 0;  // of the run between call and return; none: nobody saw what the map did
};

struct history {
  std::array<std::vector<element>, history_map_count> initial;
  std::vector<event> events;
  std::vector<awareness> aware;  // by event; empty: nobody knows more than the order of time
};

// Whether event a returns, or is called, before event b in a way that C++ calls so ("happens before"). Both are false for
// a later event, and for histories that know no more than the order of time.
bool happens_before(const history& h, std::size_t a, std::size_t b) noexcept;       // a's return before b's call
bool call_happens_before(const history& h, std::size_t a, std::size_t b) noexcept;  // a's call before b's return

// What the maps promise: linearizable wherever nothing else is said.
struct contract_table {
  std::array<contract, opcode_count> of = all_linearizable();

  contract operator[](opcode code) const noexcept { return of[static_cast<std::size_t>(code)]; }
  contract& operator[](opcode code) noexcept { return of[static_cast<std::size_t>(code)]; }

 private:
  static constexpr std::array<contract, opcode_count> all_linearizable() {
    std::array<contract, opcode_count> table{};
    table.fill(contract::linearizable);
    return table;
  }
};
contract_table contracts_of(const concurrent_subject& map);

// How a concurrent history sees an opcode.
enum class reach : std::uint8_t {
  foreign,   // no operation of a history
  one_key,   // find, contains, insert_copy, try_emplace, insert_or_assign, erase_key, extract_key, compare_exchange,
             // fetch_update, update, upsert, compare_erase
  one_map,   // size, clear, erase_if
  elements,  // walk, snapshot, copy_construct: answer with the elements shown
  two_maps,  // equal, swap, copy_assign, merge
};
constexpr reach reach_of(opcode code) noexcept;

// Changes nothing, whatever the answer.
constexpr bool only_reads(opcode code) noexcept;

// reserve, shrink_to_fit: asked among threads, and no operation of a history, because they change no element and tell nothing.
constexpr bool makes_room(opcode code) noexcept;

// Empty when `h` is well formed, otherwise what is wrong with it. O(n log n).
std::string ill_formed(const history& h);

std::string_view to_string(contract c) noexcept;

// ----------------------------------------------------------------------------------------------------- the bodies

constexpr reach reach_of(opcode code) noexcept {
  switch (code) {
    case opcode::find:
    case opcode::contains:
    case opcode::insert_copy:
    case opcode::try_emplace:
    case opcode::insert_or_assign:
    case opcode::erase_key:
    case opcode::extract_key:
    case opcode::compare_exchange:
    case opcode::fetch_update:
    case opcode::update:
    case opcode::upsert:
    case opcode::compare_erase:
      return reach::one_key;
    case opcode::size:
    case opcode::clear:
    case opcode::erase_if:
      return reach::one_map;
    case opcode::walk:
    case opcode::snapshot:
    case opcode::copy_construct:
      return reach::elements;
    case opcode::equal:
    case opcode::swap:
    case opcode::copy_assign:
    case opcode::merge:
      return reach::two_maps;
    default:
      return reach::foreign;
  }
}

constexpr bool makes_room(opcode code) noexcept { return code == opcode::reserve || code == opcode::shrink_to_fit; }

constexpr bool only_reads(opcode code) noexcept {
  return code == opcode::find || code == opcode::contains || code == opcode::size || code == opcode::equal ||
         reach_of(code) == reach::elements;
}

}  // namespace gauntlet::check
