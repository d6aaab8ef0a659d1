// PCT, probabilistic concurrency testing: priorities, and a few points where the thread in front falls behind.
//
// Burckhardt, Kothari, Musuvathi and Nagarakatte, "A randomized scheduler with probabilistic guarantees of finding bugs"
// (ASPLOS 2010). Each thread gets a random priority; the runnable thread with the greatest one always runs. At d - 1
// steps, drawn beforehand, the thread that is about to make that step gets a priority below all initial ones. So a
// schedule has few switches, and they are where they matter: a bug of depth d needs d ordered pairs of events to show.
//
// Steps here are events of synchronisation (atomics, locks, threads). Plain accesses that the runtime offers as events,
// too, are not counted: they would draw the change points away from where threads meet. Nor are those before there is a
// second thread and after the last one has ended, which in a program that fills a map first are nearly all. How many steps
// a run has, k, is the greatest number seen so far; the first run has its change points among the first 64 steps.
//
// A thread that yields or spins gets the lowest priority of all: it waits for the others, and in a schedule by strict
// priorities they would never come.
//
// Guarantee: with n threads and k steps, a bug of depth d is found by one run with probability at least 1/(n k^(d-1)).
// It holds once k has settled, and for programs that do not yield.
//
// Parameters: d, the depth, 1 or more. O(runnable) per choice.
#pragma once

#include <algorithm>
#include <vector>

#include <gauntlet/sched/strategies/choosing.h>

namespace gauntlet::sched {

class pct final : public strategy {
 public:
  explicit pct(unsigned depth) : depth_(std::max(depth, 1U)), change_points_(depth_ - 1) {}

  std::string name() const override { return "pct " + std::to_string(depth_); }

  void begin(const run_start& run) override {
    random_ = random(run.rng_seed);
    const std::uint32_t k = steps_max_ != 0 ? steps_max_ : steps_guessed;
    for (auto& point : change_points_) point = 1 + random_.below(k);
    steps_ = 0;
    others_ = 0;
    below_all_ = 0;
  }
  void created(thread_id thread) override {
    if (thread != 0) ++others_;
    priority_[thread] = initial_least + static_cast<std::int64_t>(random_() >> 3);
  }

  std::size_t pick(const thread_choice& choice) override {
    std::size_t best = greatest_of(choice.runnable, priority_);
    // Each turn of the loop uses up a change point of the coming step.
    while (counts(pending_of(choice, choice.runnable[best])) && fall_behind(choice.runnable[best], steps_ + 1)) {
      best = greatest_of(choice.runnable, priority_);
    }
    return best;
  }
  void happened(const event& e) override {
    if (others_ == 0 || !counts(e)) return;
    ++steps_;
    fall_behind(e.thread, steps_);  // where there was no choice before this step
    if (e.kind == event_kind::end && e.thread != 0) --others_;
  }
  void yielded(thread_id thread) override { priority_[thread] = --below_all_; }
  void end(std::uint64_t, bool) override { steps_max_ = std::max(steps_max_, steps_); }

 private:
  static constexpr std::int64_t initial_least = std::int64_t{1} << 32;
  static constexpr std::uint32_t used = 0, steps_guessed = 64;

  static bool counts(const event& e) noexcept {
    return e.kind != event_kind::plain_read && e.kind != event_kind::plain_write;
  }
  // Gives the thread the priority of a change point at this step that was not used yet; false where there is none.
  bool fall_behind(thread_id thread, std::uint32_t step) noexcept {
    for (std::size_t i = 0; i < change_points_.size(); ++i) {
      if (change_points_[i] != step) continue;
      change_points_[i] = used;
      priority_[thread] = static_cast<std::int64_t>(i) + 1;
      return true;
    }
    return false;
  }

  unsigned depth_;
  random random_{1};
  std::vector<std::uint32_t> change_points_;  // steps, from 1; used: 0
  std::uint32_t steps_ = 0, steps_max_ = 0;
  std::uint32_t others_ = 0;  // threads besides the first that have not ended
  std::int64_t below_all_ = 0;
  std::array<std::int64_t, threads_max> priority_{};
};

}  // namespace gauntlet::sched
