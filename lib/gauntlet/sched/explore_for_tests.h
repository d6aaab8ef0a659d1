// What the tests of the runtime share: run a body under many schedules and look at what was found.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <gauntlet/sched/run.h>
#include <gauntlet/sched/strategies/pct.h>
#include <gauntlet/sched/strategies/pos.h>
#include <gauntlet/sched/strategies/random_walk.h>

namespace gauntlet::sched {

struct explored {
  outcome first;           // the first run with a finding; the last run where there is none
  std::uint64_t runs = 0;  // including that one
};

// Up to `runs` runs, three strategies in turn; stops at the first finding.
inline explored explore(const std::function<void()>& body, std::uint64_t runs, run_options options = {}) {
  random_walk walk;
  pos by_event;
  pct by_thread(3);
  strategy* const turns[] = {&walk, &by_event, &by_thread};
  explored result;
  while (result.runs < runs) {
    options.rng_seed = ++result.runs;
    result.first = run(body, *turns[result.runs % 3], options);
    if (result.first.found != finding::none) break;
  }
  return result;
}

}  // namespace gauntlet::sched
