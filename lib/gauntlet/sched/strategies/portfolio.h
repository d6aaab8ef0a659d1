// Portfolio: several strategies, one per run, and more runs for those that still see new things.
//
// No single strategy wins (each has a program here that it practically never gets through, and another one does in
// some ten schedules), and which one is good for a program is not known beforehand. So every other run goes to the
// strategies in turn, and the runs between to one drawn by what it was worth lately: a run earns for each new
// reads-from pair and for a new combination of them (novelty.h), and earlier earnings count 15/16 of those after them.
//
// Guarantee: with n strategies each makes at least one run of 2 n, so a bug that one of them finds in k runs on average
// is found within 2 n k, whatever the earnings say.
//
// Parameters: the strategies, and the rng_seed by which runs are drawn. Same seed, same program, same rng_seeds of runs:
// same runs. What the strategies learn stays with them. `name` is that of the strategy that made the last run, so a
// schedule says who found it. One virtual call more than the strategy's own per event.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <gauntlet/sched/strategies/novelty.h>
#include <gauntlet/sched/strategies/pct.h>
#include <gauntlet/sched/strategies/pos.h>
#include <gauntlet/sched/strategies/random_walk.h>
#include <gauntlet/sched/strategies/reads_from.h>
#include <gauntlet/sched/strategies/surw.h>

namespace gauntlet::sched {

class portfolio final : public strategy {
 public:
  // At least one strategy.
  portfolio(std::vector<std::unique_ptr<strategy>> strategies, std::uint64_t rng_seed)
      : random_(rng_seed),
        earned_(strategies.size()),
        runs_of_(strategies.size()),
        strategies_(std::move(strategies)) {}

  std::string name() const override { return strategies_[now_]->name(); }

  void begin(const run_start& run) override {
    const auto n = static_cast<std::uint32_t>(strategies_.size());
    now_ = runs_ % 2 == 0 ? static_cast<std::size_t>(runs_ / 2 % n) : draw();
    ++runs_;
    ++runs_of_[now_];
    novelty_.begin();
    strategies_[now_]->begin_alternatives(run.rng_seed);
    strategies_[now_]->begin(run);
  }
  void created(thread_id thread) override { strategies_[now_]->created(thread); }
  std::size_t pick(const thread_choice& choice) override { return strategies_[now_]->pick(choice); }
  std::size_t pick_alternative(choice_kind kind, std::size_t alternatives) override {
    return strategies_[now_]->pick_alternative(kind, alternatives);
  }
  void happened(const event& e) override {
    novelty_.happened(e);
    strategies_[now_]->happened(e);
  }
  void yielded(thread_id thread) override { strategies_[now_]->yielded(thread); }
  void end(std::uint64_t events, bool found_bug) override {
    strategies_[now_]->end(events, found_bug);
    const std::uint32_t pairs = std::min(novelty_.new_pairs(), pairs_paid_max);
    const std::uint32_t pay = pairs * pay_of_pair + (novelty_.end() ? pay_of_run : 0);
    earned_[now_] = earned_[now_] - earned_[now_] / 16 + pay;
  }

  std::size_t size() const noexcept { return strategies_.size(); }
  // How many runs strategy i made, and what it is called.
  std::uint64_t runs_of(std::size_t i) const noexcept { return runs_of_[i]; }
  std::string name_of(std::size_t i) const { return strategies_[i]->name(); }

 private:
  static constexpr std::uint32_t pairs_paid_max = 4, pay_of_pair = 256, pay_of_run = 64;

  // With a chance proportional to what it earned; one more for each, so that none is out.
  std::size_t draw() noexcept {
    std::uint32_t sum = 0;
    std::size_t drawn = 0;
    for (std::size_t i = 0; i < earned_.size(); ++i) {
      sum += earned_[i] + 1;
      if (random_.below(sum) <= earned_[i]) drawn = i;
    }
    return drawn;
  }

  random random_;
  novelty novelty_;
  std::uint64_t runs_ = 0;
  std::size_t now_ = 0;
  std::vector<std::uint32_t> earned_;
  std::vector<std::uint64_t> runs_of_;
  std::vector<std::unique_ptr<strategy>> strategies_;
};

// The strategies that are worth having, measured on sched/programs/ (lib/bench, ci/bench schedules).
inline std::unique_ptr<portfolio> standard_portfolio(std::uint64_t rng_seed) {
  std::vector<std::unique_ptr<strategy>> all;
  all.push_back(std::make_unique<random_walk>());
  all.push_back(std::make_unique<pct>(2));
  all.push_back(std::make_unique<pct>(3));
  all.push_back(std::make_unique<pct>(4));
  all.push_back(std::make_unique<pos>());
  all.push_back(std::make_unique<surw>());
  all.push_back(std::make_unique<reads_from>());
  return std::make_unique<portfolio>(std::move(all), rng_seed);
}

}  // namespace gauntlet::sched
