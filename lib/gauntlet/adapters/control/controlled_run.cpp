#include <gauntlet/adapters/control/controlled_run.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gauntlet/adapters/control/along_decisions.h>
#include <gauntlet/adapters/control/controlled_executor.h>
#include <gauntlet/adapters/control/course.h>
#include <gauntlet/adapters/control/fewest_preemptions.h>
#include <gauntlet/adapters/control/story.h>
#include <gauntlet/check/run/concurrent_runner.h>
#include <gauntlet/sched/strategies/exhaustive.h>
#include <gauntlet/sched/strategies/portfolio.h>

namespace gauntlet::adapters {
namespace {

// The program with the decisions of a run in place of its own.
check::program with_decisions_of(const check::program& p, const sched::schedule& s) {
  check::program exact = p;
  exact.decisions = decisions_of(s);
  return exact;
}

check::verdict uncontrollable(const std::string& what, const check::verdict& first) {
  check::verdict v = first;
  v.kind = check::failure_kind::uncontrollable;
  v.place = "not the same twice";
  v.message = what + "; what came out first:\n" + first.message;
  return v;
}

// The failure once more along its exact decisions, telling everything.
check::verdict explained(const check::program& p, const check::concurrent_subject_factory& make,
                         const check::verdict& first, const sched::outcome& run, sched::run_options options) {
  const check::program exact = with_decisions_of(p, run.schedule);
  if (exact.decisions.size() > check::decisions_max) {
    return uncontrollable(
        "the failing run has " + std::to_string(exact.decisions.size()) + " decisions, more than a program can hold",
        first);
  }
  along_decisions strategy(exact.decisions);
  options.record_trace = true;
  controlled_executor executor(strategy, options);
  check::verdict v = run_concurrent(exact, make, once_with(executor));
  // The state of the maps is asked for besides, when all is done: that adds events and no choices.
  if (v.kind != first.kind || v.place != first.place ||
      executor.outcome().schedule.deviations != run.schedule.deviations) {
    return uncontrollable("replayed, the run went otherwise: " +
                              (v ? std::string("it held") : std::string(to_string(v.kind)) + ", " + v.message),
                          first);
  }
  v.operations_run = first.operations_run;
  v.decisions = exact.decisions;
  check::interleaving story = story_of(exact, v, executor);
  v.picture = to_html(story);
  story.happened.clear();  // the report says it above
  v.interleaving = print(story);
  return v;
}

check::verdict judged(controlled_executor& executor, const check::program& p,
                      const check::concurrent_subject_factory& make, const sched::run_options& run,
                      const controlled_options& options) {
  check::verdict v = run_concurrent(p, make, once_with(executor));
  if (v) return v;
  check::program exact = p;
  exact.decisions = v.decisions = decisions_of(executor.outcome().schedule);
  if (options.fewest_preemptions_within != 0) {
    exact.decisions = fewest_preemptions(exact, make, v, run, options.fewest_preemptions_within);
    along_decisions fewest(exact.decisions);
    controlled_executor again(fewest, run);
    const std::uint64_t operations = v.operations_run;
    v = run_concurrent(exact, make, once_with(again));
    v.operations_run = operations;
    v.decisions = exact.decisions;
    return options.explain ? explained(exact, make, v, again.outcome(), run) : v;
  }
  return options.explain ? explained(p, make, v, executor.outcome(), run) : v;
}

check::verdict judged(sched::strategy& decides, const check::program& p, const check::concurrent_subject_factory& make,
                      const sched::run_options& run, const controlled_options& options) {
  controlled_executor executor(decides, run);
  return judged(executor, p, make, run, options);
}

// What the interleaving of another program, along its own decisions, leads to here.
check::verdict judged_like(const check::program& other, const check::program& p,
                           const check::concurrent_subject_factory& make, const sched::run_options& run,
                           const controlled_options& options) {
  along_decisions own(other.decisions);
  places at_there(other);
  notes_course notes(own, at_there);
  sched::run_options again = run;
  again.say_where = false;
  controlled_executor there(notes, again, at_there);
  run_concurrent(other, make, once_with(there));
  const course wanted = translated(notes.noted(), other, p);
  places at_here(p);
  along_course along(wanted, at_here);
  controlled_executor here(along, run, at_here);
  return judged(here, p, make, run, options);
}

// All schedules with one preemption, then all with two, and so on. A run with fewer is among those with more; few of them
// are.
check::verdict judged_with_few_preemptions(const check::program& p, const check::concurrent_subject_factory& make,
                                           const sched::run_options& run, const controlled_options& options) {
  check::verdict v;
  std::uint64_t operations = 0, events = 0;
  for (std::uint32_t bound = 1; bound <= options.preemptions && v; ++bound) {
    sched::exhaustive every({.preemptions_max = bound, .alternatives_count = true});
    while (!every.done() && v && events + every.events() < options.preemptions_within) {
      const std::uint64_t runs = v.schedules_run + 1;
      const bool undecided = v.undecided;
      v = judged(every, p, make, run, options);
      operations += v.operations_run;
      v.schedules_run = runs;
      v.undecided = v && (v.undecided || undecided);
    }
    events += every.events();
    if (v) v.searched = every.summary();
  }
  v.operations_run = operations;
  return v;
}

}  // namespace

sched::run_options options_for(const check::program& p, const controlled_options& options) {
  sched::run_options run;
  const check::program_header& h = p.header;
  run.allocator = h.heap == check::heap_reuse::quarantine ? sched::reuse::quarantine : sched::reuse::at_once;
  run.memory = h.memory == check::memory_order_mode::weak ? sched::memory_model::weak : sched::memory_model::sequential;
  run.lasting_spins = h.spins == check::spin_mode::lasting;
  run.spurious = options.spurious;
  run.rng_seed = options.rng_seed;
  run.events_max = options.events_max;
  run.alone_after = options.alone_after;
  run.alone_thread = static_cast<int>(options.alone_thread);
  run.alone_events_max = options.alone_events_max;
  return run;
}

sched::run_options options_of_run(const check::program& p, const check::concurrent_subject_factory& make,
                                  const controlled_options& options) {
  sched::run_options run = options_for(p, options);
  run.judge_races = make(p.header)->races_are_judged();
  return run;
}

check::verdict run_under(sched::strategy& decides, const check::program& p,
                         const check::concurrent_subject_factory& make, const controlled_options& options) {
  check::verdict v = judged(decides, p, make, options_of_run(p, make, options), options);
  v.schedules_run = 1;
  return v;
}

check::verdict run_controlled(const check::program& p, const check::concurrent_subject_factory& make,
                              const controlled_options& options) {
  sched::run_options run = options_of_run(p, make, options);
  along_decisions own(p.decisions);
  check::verdict v = judged(own, p, make, run, options);
  v.schedules_run = 1;
  if (v && options.like != nullptr) {
    check::verdict like = judged_like(*options.like, p, make, run, options);
    like.operations_run += v.operations_run;
    like.schedules_run = 2;
    if (!like) return like;
  }
  if (v && options.preemptions != 0) {
    const check::verdict before = std::move(v);
    v = judged_with_few_preemptions(p, make, run, options);
    v.operations_run += before.operations_run;
    v.schedules_run += before.schedules_run;
    v.undecided = v && (v.undecided || before.undecided);
  }
  if (!v || options.schedules == 0) return v;
  const std::unique_ptr<sched::strategy> portfolio = sched::standard_portfolio(options.rng_seed);
  for (std::uint32_t i = 1; i <= options.schedules && v; ++i) {
    run.rng_seed = options.rng_seed + i;
    const check::verdict before = std::move(v);
    v = judged(*portfolio, p, make, run, options);
    v.operations_run += before.operations_run;
    v.schedules_run = before.schedules_run + 1;
    v.searched = before.searched;
    v.undecided = v && (v.undecided || before.undecided);
  }
  return v;
}

std::optional<check::interleaving> interleaving_of(const check::program& p,
                                                   const check::concurrent_subject_factory& make,
                                                   std::string& divergence) {
  along_decisions strategy(p.decisions);
  sched::run_options run = options_of_run(p, make, {});
  run.record_trace = true;
  controlled_executor executor(strategy, run);
  const check::verdict v = run_concurrent(p, make, once_with(executor));
  divergence = strategy.divergence();
  return story_of(p, v, executor);
}

}  // namespace gauntlet::adapters
