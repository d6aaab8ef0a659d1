// What judging costs: the operations a second of the full judge, and those of the bare map that is asked the very same
// in the same binary, with the same instrumentation.
#pragma once

#include <string>
#include <vector>

namespace gauntlet::driver {

// Judges and plays all inputs of `paths` in `rounds` rounds, in turn, and prints one line of JSON with the figures of each
// round. Exit status: 0 measured, 1 an input fails, 2 no input, or a target that does not judge
// one map alone.
int measure_throughput(const std::vector<std::string>& paths, unsigned rounds, bool raw);

}  // namespace gauntlet::driver
