// A strategy that follows the decisions of a program (check/program/decision.h).
//
// The hard case is a list of decisions that was not recorded from a run of this very program: a mutation, or what is
// left after a reduction. A decision is meant for the choice with its number, but the choice with that number may be of
// another kind, or the thread it names may not be able to run there. So a decision waits: it is taken at the first
// choice of its kind from its number on that offers its alternative, and decisions of one kind are taken in order. A
// list that was recorded fits exactly: each decision is taken at the choice with its number.
//
// What a recorded decision says of its choice is compared; the first that does not fit is remembered.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <gauntlet/adapters/control/reads_from_counters.h>
#include <gauntlet/check/program/decision.h>
#include <gauntlet/sched/strategy.h>

namespace gauntlet::adapters {

class along_decisions final : public sched::strategy {
 public:
  // `decisions` must outlive the runs.
  explicit along_decisions(std::span<const check::decision> decisions) : decisions_(decisions) {}

  std::string name() const override { return "decisions"; }
  void begin(const sched::run_start& start) override;
  std::size_t pick(const sched::thread_choice& choice) override;
  std::size_t pick_alternative(sched::choice_kind kind, std::size_t alternatives) override;
  void happened(const sched::event& e) override { counters_.happened(e); }

  // The number of the first choice that does not look as the decision for it says; 0: none, or nothing is said.
  std::uint32_t diverged_at() const noexcept { return diverged_at_; }
  std::string divergence() const;

 private:
  // The next decision of this kind whose time has come; nullptr: the default.
  const check::decision* due(check::decision_kind kind) const noexcept;
  void taken(check::decision_kind kind) noexcept;
  void compare(const check::decision& d, std::size_t alternatives, std::uint8_t before) noexcept;

  std::span<const check::decision> decisions_;
  reads_from_counters& counters_ = reads_from_counters::of_this_process();
  std::array<std::size_t, check::decision_kind_count> next_{};  // of each kind: where to look for the next one
  std::uint32_t choice_ = 0;
  std::uint32_t diverged_at_ = 0;
  check::decision expected_;
  std::size_t seen_alternatives_ = 0;
  std::uint8_t seen_before_ = 0;
};

}  // namespace gauntlet::adapters
