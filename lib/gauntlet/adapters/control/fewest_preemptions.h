// A failing schedule that a person can follow: the same failure of the same program with as few preemptions as it takes.
//
// What a random search finds has the preemptions that happened to be there. They become fewer in two steps:
//
// 1. Turns are joined (Jalbert and Sen, "A trace simplification technique for effective debugging of concurrent programs",
//    FSE 2010): of two turns of one thread the later one is put behind the earlier one, or the earlier one before the
//    later one; what the threads between them did comes after it, or before. Where the failure is still the same, two turns
//    are one. The same is tried of every old store that is seen and every failure for no reason: it is left out. A few
//    runs for each turn. Then events are moved between turns and turns change places, a few at a time and at random (by a
//    fixed seed), as long as some thousand tries make the schedule simpler: two changes may help where neither does alone.
// 2. A program that has been reduced is so small that its schedules with 0, 1, 2 ... preemptions can often all be run, in
//    that order (Musuvathi and Qadeer, "Iterative context bounding", PLDI 2007). The first that fails in the same way has
//    as few as there can be; where there are too many schedules, the first step has the last word.
#pragma once

#include <cstdint>

#include <gauntlet/check/program/program.h>
#include <gauntlet/check/run/concurrent_subject.h>
#include <gauntlet/check/run/verdict.h>
#include <gauntlet/sched/run.h>

namespace gauntlet::adapters {

// How many preemptions the program's own decisions make.
std::uint32_t preemptions_of(const check::program& p, const check::concurrent_subject_factory& make,
                             const sched::run_options& options);

// `failed` is the verdict of the program along its own decisions. Gives the decisions of a run that fails with the same
// kind and place and has no more preemptions, as few as are found within so many runs.
std::vector<check::decision> fewest_preemptions(const check::program& p, const check::concurrent_subject_factory& make,
                                                const check::verdict& failed, const sched::run_options& options,
                                                std::uint32_t runs_max);

}  // namespace gauntlet::adapters
