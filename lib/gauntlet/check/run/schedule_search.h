// What a scheduled target is asked for beyond judging a program along its own decisions.
//
// The engine wants one run for each input, the reducer wants a schedule found again after each step that changed the
// program, a replay wants the story. They say so here; the target (fuzz/concurrent_schedule.cpp) asks.
#pragma once

#include <cstdint>

namespace gauntlet::check {

struct schedule_search {
  std::uint32_t schedules = 0;                  // try so many others when the program's own decisions hold
  bool explain = true;                          // run a failure again and tell its interleaving
  std::uint32_t fewest_preemptions_within = 0;  // so many runs for a schedule of the same failure with fewer of them
};

// Of the process; changed only between runs.
inline schedule_search& schedule_search_of_this_process() noexcept {
  static schedule_search search;
  return search;
}

}  // namespace gauntlet::check
