// The checker: does a history keep the contracts that the maps declare?
//
// Words. A history is *explained* by an order of its operations in which each takes effect between its call and its
// return and every answer is the one a sequential map gives. Verdicts: *right* (an explanation exists), *wrong* (none
// exists; the *witness* shows why), *undecided* (the budget of configurations ran out, or what was asked cannot be
// judged). Only well-formed histories are judged; others are undecided and say so.
//
// The idea: operations on one key concern that key alone, so a history is explained if each key's part is (Herlihy and
// Wing, locality). Each key is searched on its own (search.h, cell.h), and operations on the whole map take part in
// every key's search as one step:
//
//   contract       walk snapshot copy   clear erase_if       size empty            equal swap copy_assign merge
//   weak           a read of each key   an erase of each     between the certain   as quiescent
//                  and no key twice     key, count bounded   and the possible
//   linearizable   the same, for all keys at one moment: searched over whole-map states while no more than
//                  `whole_map_events_max` events overlap others; beyond that each key for itself, which is necessary
//                  but not sufficient (`method::projection`)
//   quiescent      linearizable when nothing overlaps; otherwise an answer that is not judged. An operation that
//   changes
//                  the map and may not be judged leaves the history undecided.
//
// The certain and the possible: a key was certainly (possibly) there for an operation if the key's part of the history,
// with one more read in the operation's place, can only (also) be explained when that read finds it.
//
// The ladder: brute_force.h tries every order, and judges this checker over all histories of small worlds and many
// random ones; corpus/histories holds histories whose verdicts were found by hand.
#pragma once

#include <cstdint>
#include <string>

#include <gauntlet/check/history/history.h>
#include <gauntlet/check/history/text.h>

namespace gauntlet::check {

struct check_options {
  contract_table contracts;
  std::uint64_t budget = 2'000'000;       // configurations, over the whole history
  std::size_t whole_map_events_max = 40;  // events that overlap another one
  // With happens_before, and a history that knows it (history::aware), answers may be older than the order of time allows:
  // each key is explained by an order that keeps what happens before what (happens_before.h). Counts are not judged then.
  precedence order = precedence::real_time;
  // False: a wrong verdict comes without the witness, which in small histories takes longer than the search.
  bool explain = true;
};

enum class method : std::uint8_t {
  per_key,            // each key for itself
  whole_map,          // whole-map states, because a linearizable operation on the whole map overlaps others
  projection,         // each key for itself although such an operation is there: a `right` is necessary, not sufficient
  by_happens_before,  // each key for itself, where the order of time explains nothing; necessary, too
};
std::string_view to_string(method m) noexcept;

struct history_verdict {
  judgement says = judgement::right;
  method used = method::per_key;
  bool well_formed = true;
  bool exact =
      true;  // false: a `right` that is necessary, not sufficient (a projection, or a count of a weak operation)
  std::uint64_t configurations = 0;  // made on the way
  // wrong: the event that could not be placed, the contract it broke, and the witness as text: the longest prefix that
  // can be explained, the configurations there, the event (empty without `explain`). undecided: `text` says why.
  std::size_t event = 0;
  contract broken = contract::linearizable;
  std::string text;
};

// Complexity: linear in events and keys (but for sorting the keys, and the marks where stamps leave wide gaps) for
// histories whose operations on one key seldom overlap; exponential in the number that overlap on one key, up to the
// budget. Deterministic. Any thread; each keeps the memory of its last history, up to 2^20 events, for the next one.
history_verdict check_history(const history& h, const check_options& options = {});

}  // namespace gauntlet::check
