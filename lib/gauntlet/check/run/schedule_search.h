// What a scheduled target is asked for beyond judging a program along its own decisions.
//
// The engine wants a few other schedules of each input that it made, the reducer wants a schedule found again after each
// step that changed the program, a replay wants the story. They say so here; the target (fuzz/concurrent_schedule.cpp)
// asks.
#pragma once

#include <array>
#include <cstdint>

#include <gauntlet/check/program/program.h>

namespace gauntlet::check {

struct schedule_search {
  std::uint32_t schedules = 0;    // try so many others when the program's own decisions hold
  const program* like = nullptr;  // and before those the interleaving of this one, which fails along its decisions
  std::uint32_t preemptions = 0;  // and before those all with at most so many preemptions
  bool explain = true;            // run a failure again and tell its interleaving
  std::uint32_t fewest_preemptions_within = 0;  // so many runs for a schedule of the same failure with fewer of them
};

// What the engine asks for beside the schedule of an input that it made, and so whoever judges such an input again. A
// program costs as much to make, to run through the engine's books and to throw away as some runs of it. Over the 38
// defects of schedules (three seeds each, medians) the CPU seconds to find all were 60 with no other schedule, 57 with 4,
// 15 with 15, 14 to 19 with 20; over the 14 slowest of them (five seeds) 13.6 with 8, 10.2 with 15, 10.1 with 30 and 18.8
// with 60.
inline constexpr std::uint32_t schedules_of_an_input = 20;

// How many schedules the reducer draws for a candidate: few until nothing gets smaller by that any more, then many. Most
// candidates hold, and of those a try costs all of its schedules. Over the 48 defects of schedules (three programs each)
// this took 166 s, and 400 at once 320 s; what was left were 404 operations in all, and 399.
inline constexpr std::array<std::uint32_t, 2> schedules_of_a_candidate{10, 400};

// Of the process; changed only between runs.
inline schedule_search& schedule_search_of_this_process() noexcept {
  static schedule_search search;
  return search;
}

}  // namespace gauntlet::check
