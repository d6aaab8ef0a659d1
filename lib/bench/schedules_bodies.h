// Code under control for schedules_benchmark.cpp; compiled with gauntlet_sched_instrument.
#pragma once

namespace gauntlet::bench {

inline constexpr int switching_loads = 1000;

// Two threads that make `switching_loads` atomic loads each, so that a run is nothing but choices.
void load_in_two_threads();

// Threads with some operations each on a map that they share: all on one key, or each thread on one of its own.
enum class shared_map : unsigned char { sharded, concurrent };
void work_on_a_map(shared_map which, unsigned threads, unsigned operations_each, bool on_one_key);

}  // namespace gauntlet::bench
