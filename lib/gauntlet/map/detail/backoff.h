// Waiting for another thread that is about to be done.
//
// A lock word that is given back by a plain store cannot tell that somebody sleeps, so there is nobody to wake: who waits
// looks again and again, at first after pauses of the processor that double, so that many waiters leave the word's line
// to the one that works; then after giving the processor away, then after sleeping. A holder that lost its processor gets
// it back, and a waiter costs little however long it takes.
#pragma once

#include <chrono>
#include <thread>

#include <gauntlet/map/detail/spin_park_lock.h>

namespace gauntlet::detail {

// Spins: at most 31.
template <unsigned Spins, unsigned Yields>
class backoff {
  static_assert(Spins < 32, "backoff: the pauses double each time");

 public:
  static constexpr std::chrono::microseconds nap{50};

  unsigned tries() const noexcept { return tries_; }

  void pause() noexcept {
    ++tries_;
    if (tries_ <= Spins) {
      for (unsigned pauses = 0; pauses < 1U << (tries_ - 1); ++pauses) spin_pause();
    } else if (tries_ - Spins <= Yields) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(nap);
    }
  }

 private:
  unsigned tries_ = 0;
};

}  // namespace gauntlet::detail
