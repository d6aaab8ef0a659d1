// The body of every litmus test: code under control, which does what the parsed text says.
#pragma once

#include <gauntlet/sched/litmus/litmus.h>

namespace gauntlet::sched {

// What the operations of a run saw: a character for each load and fetch_add, in order of the text; and the final values.
struct litmus_result {
  static constexpr std::size_t registers_max = 16;
  char seen[registers_max] = {};
  char finals[litmus_variables] = {};
};

// To be run as the body of a controlled run.
void litmus_body(const litmus_threads& threads, litmus_result& result);

}  // namespace gauntlet::sched
