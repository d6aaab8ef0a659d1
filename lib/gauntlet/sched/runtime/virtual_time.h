// Virtual time: what clocks show inside a run.
//
// Time is a number of nanoseconds that starts the same in each run. An event takes none. A sleep or a timed wait moves
// it to its deadline when nothing else can happen. Looking at a clock moves it, too, a little at first and further the
// longer a thread does nothing but look: a loop until a deadline ends soon, and one look costs next to nothing.
// All clocks (steady, system) show the same number.
#pragma once

#include <ctime>

#include <gauntlet/sched/runtime/state.h>

namespace gauntlet::sched::runtime {

inline constexpr std::uint64_t time_at_start = 1'000'000'000'000;
inline constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;

inline std::uint64_t look_at_clock() noexcept {
  thread& t = the_run.running();
  const std::uint32_t looks = t.clock_looks < 24 ? t.clock_looks++ : 24;
  return the_run.time += std::uint64_t{100} << looks;
}

inline std::uint64_t nanoseconds(const timespec& t) noexcept {
  if (t.tv_sec < 0) return 0;
  return static_cast<std::uint64_t>(t.tv_sec) * nanoseconds_per_second + static_cast<std::uint64_t>(t.tv_nsec);
}

}  // namespace gauntlet::sched::runtime
