// What one hunt has done so far: executions and operations, in a file that outlives the hunt however it ends.
//
// Every way of hunting ends differently (an engine's abort, a sanitizer's exit, a signal, children of a fork server), so
// none is asked for its own count: the target itself counts, into memory that is the file. Inputs are judged one after
// another, by one process at a time.
#pragma once

#include <cstdint>

#include <gauntlet/check/program/program.h>
#include <gauntlet/check/run/verdict.h>

namespace gauntlet::bench {

struct tally {
  std::uint64_t executions = 0;  // begun
  std::uint64_t operations = 0;  // of those that ended
};

// Mapped from the file that GAUNTLET_BENCH_TALLY names, at its first use in each process; without it, nobody reads it.
// Whoever uses it dies with its parent: a fork server's child is stopped between inputs and would stay so for ever.
tally& this_tally();

// Prints the failure and ends the process the way that engines take for a crash.
[[noreturn]] void stop_with(const check::program& p, const check::verdict& v);

}  // namespace gauntlet::bench
