// Mutation of a program's schedule (program/decision.h): the part of the mutator that changes who runs when.
#pragma once

#include <gauntlet/check/fuzzing/mutate.h>

namespace gauntlet::check {

// A decision as a new schedule has it: mostly another thread; an old store only where the memory is weak.
decision draw_decision(const program_header& h, random_source& random);

// One small edit: decisions more or fewer, one moved or for another thread. The result is normal only after normalize().
void mutate_decisions(program& p, random_source& random);

}  // namespace gauntlet::check
