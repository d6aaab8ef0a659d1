// Waiting for another thread that is about to be done.
//
// A lock word that is given back by a plain store cannot tell that somebody sleeps, so there is nobody to wake: who waits
// looks again and again, at first after a few pauses of the processor, then after giving it away, then after sleeping. A
// holder that lost its processor gets it back, and a waiter costs little however long it takes.
#pragma once

#include <chrono>
#include <thread>

#include <gauntlet/map/detail/spin_park_lock.h>

namespace gauntlet::detail {

template <unsigned Spins, unsigned Yields>
class backoff {
 public:
  static constexpr unsigned pauses_max = 8;
  static constexpr std::chrono::microseconds nap{50};

  unsigned tries() const noexcept { return tries_; }

  void pause() noexcept {
    ++tries_;
    if (tries_ <= Spins) {
      for (unsigned i = 0; i < tries_ && i < pauses_max; ++i) spin_pause();
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
