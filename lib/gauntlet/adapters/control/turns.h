// Turns: a run as the list of who was let on, and for how many events, one after the other.
//
// Decisions name choices by their number, so without one of them all later numbers mean other moments. Turns mean the
// same wherever they stand: "thread 2, three events". They can be put elsewhere in the list, and what comes of it is
// still a run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gauntlet/adapters/control/observing.h>
#include <gauntlet/sched/strategy.h>

namespace gauntlet::adapters {

struct turn {
  sched::thread_id thread = 0;
  std::uint32_t events = 0;
  bool preempted = false;  // it could have gone on; otherwise it went on until it could not
  friend bool operator==(const turn&, const turn&) = default;
};

// What happened in one run.
struct turns_of_run {
  std::vector<turn> turns;
  // By thread, what it was given at its choices that are not about threads (schedule.h), in order; 0 is the default.
  std::array<std::vector<std::uint8_t>, sched::threads_max> alternatives;
  // How often another thread went on although the running one could have.
  std::uint32_t preemptions = 0;

  // How many alternatives are not the default.
  std::size_t deviations() const noexcept;
};

// Notes the turns of the runs that another strategy decides.
class notes_turns final : public observing {
 public:
  using observing::observing;

  void begin(const sched::run_start& start) override;
  std::size_t pick(const sched::thread_choice& choice) override;
  std::size_t pick_alternative(sched::choice_kind kind, std::size_t alternatives) override;
  void happened(const sched::event& e) override;

  // Of the last run; of a run with thousands of turns, the first ones.
  const turns_of_run& noted() const noexcept { return noted_; }

 private:
  turns_of_run noted_;
};

// Follows a list of turns that need not be of this very program, nor of any run. Whoever runs goes on to the end of the
// turn, and further, at the cost of its later turns, where the turn was not preempted. Then comes the first turn in the
// list that has events left and whose thread can run. Threads that have had all their turns come last.
class along_turns final : public sched::strategy {
 public:
  // `wanted` must outlive the runs.
  explicit along_turns(const turns_of_run& wanted) : wanted_(wanted), left_(wanted.turns) {}

  std::string name() const override { return "turns"; }
  void begin(const sched::run_start&) override;
  std::size_t pick(const sched::thread_choice& choice) override;
  std::size_t pick_alternative(sched::choice_kind kind, std::size_t alternatives) override;
  void happened(const sched::event& e) override;

 private:
  const turns_of_run& wanted_;
  std::vector<turn> left_;
  std::size_t first_left_ = 0;  // the turns before it are over
  std::size_t last_ = 0;        // whose event happened last
  std::array<std::size_t, sched::threads_max> alternatives_taken_{};
};

}  // namespace gauntlet::adapters
