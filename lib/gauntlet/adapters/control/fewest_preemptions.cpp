#include <gauntlet/adapters/control/fewest_preemptions.h>

#include <tuple>
#include <utility>

#include <gauntlet/adapters/control/along_decisions.h>
#include <gauntlet/adapters/control/controlled_executor.h>
#include <gauntlet/adapters/control/turns.h>
#include <gauntlet/check/run/concurrent_runner.h>
#include <gauntlet/sched/strategies/exhaustive.h>

namespace gauntlet::adapters {
namespace {

// A run and its decisions.
struct noted_run {
  turns_of_run how;
  std::vector<check::decision> decisions;

  auto size() const { return std::tuple(how.preemptions, how.deviations(), how.turns.size()); }
};

// One program, run again and again to see whether it still fails.
class failing_program {
 public:
  failing_program(const check::program& p, const check::concurrent_subject_factory& make,
                  const sched::run_options& options, std::uint32_t runs_max)
      : program_(p), make_(make), options_(options), runs_left_(runs_max) {}

  bool may_run() const noexcept { return runs_left_ != 0; }

  check::verdict run(sched::strategy& decides, noted_run& noted) {
    if (runs_left_ != 0) --runs_left_;
    notes_turns notes(decides);
    controlled_executor executor(notes, options_);
    const check::verdict v = check::run_concurrent(program_, make_, once_with(executor));
    noted.how = notes.noted();
    if (!v) noted.decisions = decisions_of(executor.outcome().schedule);
    return v;
  }

  bool fails_like(const check::verdict& failed, sched::strategy& decides, noted_run& noted) {
    const check::verdict v = run(decides, noted);
    return v.kind == failed.kind && v.place == failed.place;
  }

 private:
  const check::program& program_;
  const check::concurrent_subject_factory& make_;
  const sched::run_options& options_;
  std::uint32_t runs_left_;
};

// Makes the turns of a failing run fewer for as long as that helps.
class joins_turns {
 public:
  joins_turns(failing_program& program, const check::verdict& failed, noted_run start)
      : program_(program), failed_(failed), best_(std::move(start)) {}

  noted_run until_nothing_helps() && {
    while (program_.may_run() && pass()) {
    }
    for (std::uint32_t in_vain = 0; in_vain < in_vain_max && program_.may_run() && !is_simplest(); ++in_vain) {
      if (changed_at_random()) in_vain = 0;
    }
    return std::move(best_);
  }

 private:
  static constexpr std::uint32_t in_vain_max = 5000;

  bool is_simplest() const { return best_.how.preemptions == 0 && best_.how.deviations() == 0; }

  // Every turn joined with the next one of its thread, every alternative left out.
  bool pass() {
    bool helped = false;
    for (std::size_t i = 0; i < best_.how.turns.size(); ++i) {
      for (const bool early : {true, false}) {
        turns_of_run candidate = best_.how;
        const std::size_t next = next_of_thread(candidate.turns, i);
        if (next >= candidate.turns.size()) break;  // what is as good may have fewer turns
        move_events(candidate.turns, i, next, early, candidate.turns[early ? next : i].events);
        helped |= is_better(candidate);
      }
      if (i < best_.how.turns.size() && best_.how.turns[i].preempted) {
        turns_of_run candidate = best_.how;
        candidate.turns[i].preempted = false;
        helped |= is_better(candidate);
      }
    }
    for (std::size_t thread = 0; thread < best_.how.alternatives.size(); ++thread) {
      for (std::size_t i = 0; i < best_.how.alternatives[thread].size(); ++i) {
        if (best_.how.alternatives[thread][i] == 0) continue;
        turns_of_run candidate = best_.how;
        candidate.alternatives[thread][i] = 0;
        helped |= is_better(candidate);
      }
    }
    return helped;
  }

  // A few events go from one turn to the next one of its thread or back, or turns change places, a few times.
  bool changed_at_random() {
    turns_of_run candidate = best_.how;
    std::vector<turn>& turns = candidate.turns;
    for (std::uint32_t changes = 1 + random_.below(3); changes != 0; --changes) {
      const std::size_t i = random_.below(static_cast<std::uint32_t>(turns.size()));
      const std::size_t next = next_of_thread(turns, i);
      if (random_.below(4) == 0) {
        if (i + 1 < turns.size()) std::swap(turns[i], turns[i + 1]);
      } else if (next != turns.size()) {
        const bool early = random_.below(2) == 0;
        const std::uint32_t there_are = turns[early ? next : i].events;
        move_events(turns, i, next, early, random_.below(2) == 0 ? there_are : random_.below(there_are + 1));
      }
    }
    return is_better(candidate);
  }

  // From the turn to the next one of its thread, or back.
  static void move_events(std::vector<turn>& turns, std::size_t i, std::size_t next, bool early, std::uint32_t events) {
    turn& from = turns[early ? next : i];
    turn& to = turns[early ? i : next];
    from.events -= events;
    to.events += events;
    turns[i].preempted = turns[next].events == 0 ? turns[next].preempted : true;
  }

  static std::size_t next_of_thread(const std::vector<turn>& turns, std::size_t i) {
    std::size_t next = i + 1;
    while (next < turns.size() && turns[next].thread != turns[i].thread) ++next;
    return next;
  }

  // What is as good is taken as well: from there, other changes lead on.
  bool is_better(const turns_of_run& candidate) {
    if (!program_.may_run()) return false;
    along_turns along(candidate);
    noted_run run;
    if (!program_.fails_like(failed_, along, run) || run.size() > best_.size()) return false;
    const bool better = run.size() < best_.size();
    best_ = std::move(run);
    return better;
  }

  failing_program& program_;
  const check::verdict& failed_;
  noted_run best_;
  sched::random random_{1};
};

}  // namespace

std::uint32_t preemptions_of(const check::program& p, const check::concurrent_subject_factory& make,
                             const sched::run_options& options) {
  along_decisions own(p.decisions);
  noted_run noted;
  failing_program(p, make, options, 1).run(own, noted);
  return noted.how.preemptions;
}

std::vector<check::decision> fewest_preemptions(const check::program& p, const check::concurrent_subject_factory& make,
                                                const check::verdict& failed, const sched::run_options& options,
                                                std::uint32_t runs_max) {
  failing_program program(p, make, options, runs_max);
  along_decisions own(p.decisions);
  noted_run noted;
  if (!program.fails_like(failed, own, noted)) return failed.decisions;
  const noted_run joined = joins_turns(program, failed, std::move(noted)).until_nothing_helps();
  for (std::uint32_t bound = 0; bound < joined.how.preemptions; ++bound) {
    sched::exhaustive every({.preemptions_max = bound, .sleep_sets = false});
    while (!every.done() && program.may_run()) {
      if (program.fails_like(failed, every, noted)) return noted.decisions;
    }
  }
  return joined.decisions;
}

}  // namespace gauntlet::adapters
