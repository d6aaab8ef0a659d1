// Disturbance: small delays at places where threads meet, so that a few operations interleave in many ways.
//
// A short operation on an idle machine is over before another thread looks. So the judge's own code that runs inside a
// map's operation (hash, equality, allocation, visitors, predicates) and between operations passes a *point*, where the
// thread sometimes spins for a moment and sometimes gives its processor away. Which points do so is decided by a
// generator that the runner seeds from the program and the repetition: no clock, no device.
//
// State is thread-local and creates no order between threads, so nothing is hidden from ThreadSanitizer.
#pragma once

#include <cstdint>

#include <sched.h>

namespace gauntlet::check::disturbance {

inline thread_local constinit std::uint64_t state = 0;  // 0: points do nothing

inline void arm(std::uint64_t rng_seed) noexcept { state = rng_seed | 1; }
inline void disarm() noexcept { state = 0; }

inline void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

inline void point() noexcept {
  if (state == 0) return;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  const std::uint64_t choice = state >> 40;
  if (choice % 16 == 0) {
    sched_yield();
  } else if (choice % 16 < 4) {
    for (std::uint64_t i = choice >> 4 & 127; i > 0; --i) relax();
  }
}

}  // namespace gauntlet::check::disturbance
