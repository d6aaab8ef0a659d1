#include "schedules_bodies.h"

#include <atomic>
#include <thread>

namespace gauntlet::bench {

void load_in_two_threads() {
  // Each its own, and one that changes: a thread that sees the same again and again would be taken to spin.
  std::atomic<int> mine[2] = {};
  const auto run = [&](int me) {
    for (int i = 0; i < switching_loads; ++i) mine[me].fetch_add(1, std::memory_order_relaxed);
  };
  std::thread a(run, 0), b(run, 1);
  a.join();
  b.join();
}

}  // namespace gauntlet::bench
