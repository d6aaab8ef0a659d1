// Runs a one-thread program on a subject and the model side by side and lets every oracle look.
#pragma once

#include <atomic>
#include <cstdint>

#include <gauntlet/check/program/program.h>
#include <gauntlet/check/run/subject.h>
#include <gauntlet/check/run/verdict.h>

namespace gauntlet::check {

struct run_options {
  unsigned compare_contents_every = 64;  // full comparison, both ways, at least this often and at the end
  bool self_check_every_step = false;    // otherwise at every structural event, every comparison and the end
  bool judge_work = true;
  bool judge_memory = true;
};

// Complexity: O(operations · log size) plus a comparison of everything every `compare_contents_every` steps.
verdict run(const program& p, const subject_factory& make, const run_options& options = {});

// Where the judgements of this process tell the step that they are at, for who has to say from outside where one crashed or
// hung; past the last step when all are done. nullptr: nowhere. A program of threads tells nothing.
void tell_steps_at(std::atomic<std::uint64_t>* place) noexcept;

// Operation × outcome, counted over all runs of this process: an empty cell is a hole in the suite.
struct coverage_table {
  std::uint64_t count[opcode_count][outcome_count] = {};
};
coverage_table& coverage() noexcept;

}  // namespace gauntlet::check
