// Random walk: at every choice, any runnable thread, all equally likely.
//
// The measure of all other strategies, and on small programs hard to beat (Thomson, Donaldson and Betts, "Concurrency
// testing using controlled schedulers: an empirical study", ACM TOPC 2016). It needs to know nothing about the program.
//
// Guarantee: a given interleaving with c choices between at most n threads is drawn with probability at least n^-c.
// That is its weakness: where one thread must stay behind while another makes many steps, every one of those steps
// halves the chance. A switch at every other event also means that nothing ever gets full.
//
// Parameters: none. O(1) per choice.
#pragma once

#include <gauntlet/sched/strategies/choosing.h>

namespace gauntlet::sched {

class random_walk final : public strategy {
 public:
  std::string name() const override { return "random_walk"; }
  void begin(const run_start& run) override { random_ = random(run.rng_seed); }
  std::size_t pick(const thread_choice& choice) override {
    return random_.below(static_cast<std::uint32_t>(choice.runnable.size()));
  }

 private:
  random random_{1};
};

}  // namespace gauntlet::sched
