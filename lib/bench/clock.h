// Time as the benchmarks read it.
//
// Words. *CPU time* is what the calling thread spent running, user and kernel together: page faults count, being
// preempted by a stranger does not. A *stopwatch* adds up the pieces of CPU time between start() and stop(), so that a
// round can build and destroy its map outside the sum.
//
// The hard case is a piece of a few microseconds (a thousand inserts): reading the clock costs a fraction of that, so
// the stopwatch knows what one start-stop pair costs and takes it off every piece.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>

namespace gauntlet::bench {

// CPU time of the calling thread in nanoseconds.
inline std::int64_t thread_cpu_nanoseconds() noexcept {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// The least that two readings in a row differ by: what an empty piece measures.
inline std::int64_t clock_cost_nanoseconds() noexcept {
  static const std::int64_t cost = [] {
    std::int64_t least = 1'000'000;
    for (int attempt = 0; attempt < 2000; ++attempt) {
      const std::int64_t before = thread_cpu_nanoseconds();
      least = std::min(least, thread_cpu_nanoseconds() - before);
    }
    return least;
  }();
  return cost;
}

class stopwatch {
 public:
  void start() noexcept { started_ = thread_cpu_nanoseconds(); }
  void stop() noexcept {
    const std::int64_t piece = thread_cpu_nanoseconds() - started_ - cost_;
    total_ += std::max<std::int64_t>(piece, 0);
  }
  double nanoseconds() const noexcept { return static_cast<double>(total_); }

 private:
  std::int64_t cost_ = clock_cost_nanoseconds();
  std::int64_t started_ = 0;
  std::int64_t total_ = 0;
};

}  // namespace gauntlet::bench
