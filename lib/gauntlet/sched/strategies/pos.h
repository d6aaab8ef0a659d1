// POS, partial order sampling: a random priority for every event, drawn anew when another event beats it to its location.
//
// Yuan, Yang and Gu, "Partial order aware concurrency sampling" (CAV 2018). The runnable thread whose pending event has
// the greatest priority goes on. Its next event gets a fresh priority, and so does every pending event that conflicts
// with the one that was chosen (event.h). Without the latter, an event that lost a race once would be likely to lose
// the next ones, too: it has a low priority, after all. With it, each conflict is decided by a fresh draw, and orders
// of events that do not conflict, which make no difference, use up no luck.
//
// Guarantee: every partial order of the program's conflicting events is drawn with positive probability, with a lower
// bound that is exponentially better than the random walk's in the number of events that conflict with few others (the
// paper's theorem). Weak where one order of many conflicting pairs is needed at once.
//
// Parameters: none. O(runnable) per choice.
#pragma once

#include <gauntlet/sched/strategies/choosing.h>

namespace gauntlet::sched {

class pos final : public strategy {
 public:
  std::string name() const override { return "pos"; }
  void begin(const run_start& run) override { random_ = random(run.rng_seed); }
  void created(thread_id thread) override { priority_[thread] = random_(); }

  std::size_t pick(const thread_choice& choice) override {
    const std::size_t best = greatest_of(choice.runnable, priority_);
    const thread_id chosen = choice.runnable[best];
    const event next = pending_of(choice, chosen);
    for (const thread_id other : choice.runnable) {
      if (other != chosen && conflicts(pending_of(choice, other), next)) priority_[other] = random_();
    }
    return best;
  }
  void happened(const event& e) override { priority_[e.thread] = random_(); }
  void yielded(thread_id thread) override { priority_[thread] = 0; }

 private:
  random random_{1};
  std::array<std::uint64_t, threads_max> priority_{};
};

}  // namespace gauntlet::sched
