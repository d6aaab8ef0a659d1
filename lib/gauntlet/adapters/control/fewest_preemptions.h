// A failing schedule that a person can follow: the same failure of the same program with as few preemptions as it takes.
//
// What a random search finds has the preemptions that happened to be there, and leaving decisions out one by one gets
// stuck: without one, the numbers of all later choices mean other moments. But a program that has been reduced is so small
// that its schedules with 0, 1, 2 ... preemptions can all be run, in that order (Musuvathi and Qadeer, "Iterative context
// bounding", PLDI 2007). The first that fails in the same way has as few as there can be.
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
// kind and place and has fewer preemptions, or those of `failed` where none is found within so many runs.
std::vector<check::decision> fewest_preemptions(const check::program& p, const check::concurrent_subject_factory& make,
                                                const check::verdict& failed, const sched::run_options& options,
                                                std::uint32_t runs_max);

}  // namespace gauntlet::adapters
