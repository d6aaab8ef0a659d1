// Traps: what the processor refuses to do for a controlled thread (a read through a null pointer, a division by zero) ends
// the run as a finding, like a failed check. Outside of runs the handler that was there before has its say.
#pragma once

namespace gauntlet::sched::runtime {

// Once.
void start_traps();

}  // namespace gauntlet::sched::runtime
