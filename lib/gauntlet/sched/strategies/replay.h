// Replay: the same run again, from its schedule.
//
// The strategy counts choices of every kind, as the recording run did, takes the default at each (schedule.h) and the
// recorded alternative where the schedule has a deviation. Nothing is drawn, nothing is learned.
//
// It also compares. A deviation remembers how many alternatives its choice had, which kind it was of, and what the
// running thread was about to do. The first choice that looks different, or whose alternative does not exist, is kept
// as `diverged_at`; from there on the run is still deterministic, but it is another one. Where the alternative does not
// exist any more, the default is taken. Deviations that were never reached count as a divergence, too: see end().
//
// Guarantee: unchanged code and the same options give the same run, event by event. O(1) per choice.
#pragma once

#include <cstdint>
#include <string>

#include <gauntlet/sched/strategies/choosing.h>

namespace gauntlet::sched {

class replay_strategy final : public strategy {
 public:
  // Refers to `along`, which must outlive it.
  explicit replay_strategy(const schedule& along) noexcept : along_(&along) {}

  std::string name() const override { return along_->strategy.empty() ? "replay" : along_->strategy; }

  void begin(const run_start&) override {
    at_ = diverged_at_ = 0;
    next_ = 0;
    difference_ = difference::nothing;
  }

  std::size_t pick(const thread_choice& choice) override {
    const std::size_t usual = default_of(choice);
    const deviation* d = due();
    if (d == nullptr) return usual;
    const event_kind before = pending_of(choice, choice.running).kind;
    compare(*d, choice_kind::thread, choice.runnable.size(), before);
    const std::size_t position = position_of(choice.runnable, d->alternative);
    if (d->kind != choice_kind::thread) return usual;
    if (position == choice.runnable.size()) {
      differs(difference::alternative, *d, d->alternative, 0);
      return usual;
    }
    return position;
  }

  std::size_t pick_alternative(choice_kind kind, std::size_t alternatives) override {
    const deviation* d = due();
    if (d == nullptr) return 0;
    compare(*d, kind, alternatives, d->before);
    if (d->kind != kind) return 0;
    if (d->alternative >= alternatives) {
      differs(difference::alternative, *d, d->alternative, alternatives);
      return 0;
    }
    return d->alternative;
  }

  void end(std::uint64_t, bool) override {
    if (next_ < along_->deviations.size()) {
      const deviation& d = along_->deviations[next_];
      differs(difference::unreached, d, d.at, at_);
    }
  }

  // Number of the first choice that looked different, 0: none (so far).
  std::uint64_t diverged_at() const noexcept { return diverged_at_; }

  // How it looked different; empty where it did not. Not to be called inside a run: it allocates.
  std::string divergence() const {
    if (difference_ == difference::nothing) return {};
    const std::string recorded = std::to_string(recorded_), found = std::to_string(found_);
    std::string text = "choice " + std::to_string(diverged_at_) + ": ";
    switch (difference_) {
      case difference::nothing:
        break;
      case difference::kind:
        return text + "recorded as another kind of choice";
      case difference::alternatives:
        return text + "had " + recorded + " alternatives when recorded, has " + found;
      case difference::before:
        return text + "was before a " + std::string(to_string(static_cast<event_kind>(recorded_))) +
               " when recorded, is before a " + std::string(to_string(static_cast<event_kind>(found_)));
      case difference::alternative:
        return text + "the recorded alternative " + recorded + " is not to be had";
      case difference::unreached:
        return text + "never made, the run ended after choice " + found;
    }
    return text;
  }

 private:
  enum class difference : std::uint8_t { nothing, kind, alternatives, before, alternative, unreached };

  // Counts a choice; its deviation, if it has one.
  const deviation* due() noexcept {
    ++at_;
    if (next_ >= along_->deviations.size() || along_->deviations[next_].at != at_) return nullptr;
    return &along_->deviations[next_++];
  }
  void compare(const deviation& d, choice_kind kind, std::size_t alternatives, event_kind before) noexcept {
    if (d.kind != kind) {
      differs(difference::kind, d, static_cast<std::uint64_t>(d.kind), static_cast<std::uint64_t>(kind));
    } else if (d.alternatives != 0 && d.alternatives != alternatives) {
      differs(difference::alternatives, d, d.alternatives, alternatives);
    } else if (d.before != event_kind::none && d.before != before) {
      differs(difference::before, d, static_cast<std::uint64_t>(d.before), static_cast<std::uint64_t>(before));
    }
  }
  // Only the first difference is kept: what follows it is its consequence.
  void differs(difference how, const deviation& d, std::uint64_t recorded, std::uint64_t found) noexcept {
    if (difference_ != difference::nothing) return;
    difference_ = how;
    diverged_at_ = d.at;
    recorded_ = recorded;
    found_ = found;
  }

  const schedule* along_;
  std::uint64_t at_ = 0, diverged_at_ = 0, recorded_ = 0, found_ = 0;
  std::size_t next_ = 0;
  difference difference_ = difference::nothing;
};

}  // namespace gauntlet::sched
