// What the judge says of one run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gauntlet/check/program/decision.h>

namespace gauntlet::check {

// Which oracle spoke. The names appear in reports, reductions keep them.
enum class failure_kind : std::uint8_t {
  none,
  wrong_result,         // an operation gave something else than the model
  wrong_contents,       // an element missing, surplus or with another value
  broken_promise,       // an iteration promise, by number, or the promised order
  self_check,           // the map's own recount disagrees
  lifetime,             // an object leaked, was destroyed twice, used after move
  allocator,            // bytes or state do not balance
  work_budget,          // more probes, moves or memory than the operation may cost
  exception_guarantee,  // an exception left another state than promised
  unexpected_exception,
  undiagnosed_misuse,
  not_linearizable,
  weak_contract,   // a whole-map operation broke its declared contract
  unsynchronized,  // who saw an element has not seen what was done before it was written
  data_race,       // two accesses without an order, one of them a write
  memory_misuse,   // used after free, freed twice, never freed
  deadlock,        // nothing can go on
  no_progress,     // threads run and nothing changes, or one that must finish alone does not
  aborted,         // an assertion, abort, terminate, an exception that escaped a thread, a lock that was misused
  uncontrollable,  // what was done can't be controlled, or did not come out the same twice: about the test, not the map
  crash,           // signal, sanitizer report, time-out: judged from outside the process
};
std::string_view to_string(failure_kind k) noexcept;

struct verdict {
  failure_kind kind = failure_kind::none;
  std::size_t step = 0;    // index of the operation at which it showed
  std::string place;       // what a reduction must keep besides the kind: opcode name, promise number, ...
  std::string message;     // what was asked, what happened, what the model says
  bool undecided = false;  // the concurrent checker ran out of budget, or a run was too long: neither right nor wrong
  std::uint64_t operations_run = 0;
  std::uint64_t schedules_run = 0;  // controlled runs, each along a schedule of its own; of another judge 0
  std::string searched;             // which of all schedules that were, where it can be said
  // Of a controlled run that failed: the decisions that lead there again, and, if asked for, what happened step by step, as
  // text and as an HTML page.
  std::vector<decision> decisions;
  std::string interleaving;
  std::string picture;
  explicit operator bool() const noexcept { return kind == failure_kind::none; }  // true: the map held
};

}  // namespace gauntlet::check
