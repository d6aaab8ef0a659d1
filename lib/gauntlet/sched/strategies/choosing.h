// Choosing: the few words that all strategies share when they look at a choice between threads.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <gauntlet/sched/strategy.h>

namespace gauntlet::sched {

// Position of a thread among the runnable, or their number.
constexpr std::size_t position_of(std::span<const thread_id> runnable, thread_id thread) noexcept {
  std::size_t i = 0;
  while (i < runnable.size() && runnable[i] != thread) ++i;
  return i;
}

// The choice's default (schedule.h): the running thread goes on; where it can't, the runnable thread with the lowest
// number. (Threads that yield are not among the runnable while others are.)
constexpr std::size_t default_of(const thread_choice& choice) noexcept {
  return choice.running_can_go_on ? position_of(choice.runnable, choice.running) : 0;
}

// What a thread is about to do; an event of kind none where that is not known.
constexpr event pending_of(const thread_choice& choice, thread_id thread) noexcept {
  return thread < choice.pending.size() ? choice.pending[thread] : event{};
}

// Position of the runnable thread whose value is greatest; of equals, the one with the lowest number.
template <class Value>
constexpr std::size_t greatest_of(std::span<const thread_id> runnable, const std::array<Value, threads_max>& value) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < runnable.size(); ++i) {
    if (value[runnable[best]] < value[runnable[i]]) best = i;
  }
  return best;
}

// Patience: how long a run may go on while somebody is held back. A thread that waits in a loop for one that is held
// back goes on for ever, and not even yielding helps where two do so in turns. A run that has become far longer than the
// shortest one seen is taken to be in such a loop, and nobody is held back any more.
class patience {
 public:
  bool lost(std::uint64_t step) const noexcept { return step > limit_; }
  void end(std::uint64_t events) noexcept {
    if (events != 0 && 4 * events + at_least < limit_) limit_ = 4 * events + at_least;
  }

 private:
  static constexpr std::uint64_t at_least = 200;
  std::uint64_t limit_ = 2000;
};

}  // namespace gauntlet::sched
