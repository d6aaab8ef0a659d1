// A concurrent program under the controlled scheduler: one program, one interleaving, judged and replayed exactly.
//
// The program's decisions are the schedule. All that the runner (check/run/concurrent_runner.h) judges is judged here, too,
// history and self-checks and memory; beside it what the scheduler sees in the same run: data races, use after free,
// deadlock, lack of progress. Thread 0 of a run is the lane before and after, threads 1, 2 ... are the lanes that run at
// once, in order.
//
// Where the given decisions lead to no failure, other schedules of the same program can be searched. A failure comes with
// the exact decisions that lead to it, and with the story of its interleaving.
#pragma once

#include <cstdint>
#include <optional>

#include <gauntlet/check/program/program.h>
#include <gauntlet/check/report/interleaving.h>
#include <gauntlet/check/run/concurrent_subject.h>
#include <gauntlet/check/run/verdict.h>
#include <gauntlet/sched/run.h>
#include <gauntlet/sched/strategy.h>

namespace gauntlet::adapters {

struct controlled_options {
  std::uint32_t schedules = 0;  // so many more are searched when the program's own holds
  std::uint64_t rng_seed = 1;   // of that search
  // Before those, all that have at most so many preemptions, the fewest first, until so many events have happened. A choice
  // of another kind that is not given its default counts as one.
  std::uint32_t preemptions = 0;
  std::uint64_t preemptions_within = 20'000'000;
  // A program that fails along its decisions: what is left of its interleaving (course.h) is tried first.
  const check::program* like = nullptr;
  // Of one run. More is lack of progress if an operation has been under way for most of it; otherwise the program is only
  // long, and not judged (verdict::undecided).
  std::uint32_t events_max = 100'000;
  bool explain = true;  // run a failure once more and tell its interleaving
  // Waits on condition variables may end for no reason. Each may, each time: where every interleaving is explored, that
  // makes hundreds of times as many.
  bool spurious = true;
  // A failure is looked for again, with as few preemptions as it takes, in so many runs (fewest_preemptions.h).
  std::uint32_t fewest_preemptions_within = 0;
  // Probe for progress: once so many events have happened, only this thread goes on. It must end, within so many events
  // of its own, and wait for nobody; otherwise: no_progress. 0: no probe.
  std::uint64_t alone_after = 0;
  unsigned alone_thread = 1;
  std::uint32_t alone_events_max = 1000;
};

// What the scheduler is told: the program's header and the options together.
sched::run_options options_for(const check::program& p, const controlled_options& options = {});

// Only in a binary whose maps are compiled for control (gauntlet_controlled_subjects). One caller at a time. Deterministic:
// the same program gives the same verdict, in this process and in another. A failure that does not come out the same when
// it is run again is of kind `uncontrollable`.
check::verdict run_controlled(const check::program& p, const check::concurrent_subject_factory& make,
                              const controlled_options& options = {});

// One run of the program in which `decides` makes the decisions; the program's own don't matter, and nothing is searched.
// A failure carries the decisions of that run. The strategy is asked again for each call, with options.rng_seed: what it
// learns, and what is left of it to explore, stays with it.
check::verdict run_under(sched::strategy& decides, const check::program& p,
                         const check::concurrent_subject_factory& make, const controlled_options& options = {});

// The interleaving of the program's own decisions, whatever its verdict, for pictures. Empty when the schedule does not
// fit the program any more, and `divergence` says where.
std::optional<check::interleaving> interleaving_of(const check::program& p,
                                                   const check::concurrent_subject_factory& make,
                                                   std::string& divergence);

}  // namespace gauntlet::adapters
