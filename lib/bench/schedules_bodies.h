// Code under control for schedules_benchmark.cpp; compiled with gauntlet_sched_instrument.
#pragma once

namespace gauntlet::bench {

inline constexpr int switching_loads = 1000;

// Two threads that make `switching_loads` atomic loads each, so that a run is nothing but choices.
void load_in_two_threads();

}  // namespace gauntlet::bench
