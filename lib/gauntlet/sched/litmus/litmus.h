// Litmus tests: what a few atomic operations may show, and what they must not. The suite by which the weak memory model
// of the runtime is judged.
//
// A test is a handful of operations for two to four threads, written down as text:
//
//   x=1 rlx; y=1 rel | y acq; x rlx
//
//   x=1 rlx     store            x rlx       load           x+1 rlx     fetch_add
//   fence rel   fence            |           next thread    rlx acq rel acq_rel sc: the memory order
//
// Variables are x, y, z and start at 0; values are single digits. An *outcome* is what the loads and fetch_adds saw, in
// order of the text, and behind a slash the final values of the variables named in `finals`: "10", "21/2".
//
// Each test divides all outcomes that one could write down into three: *allowed* by C++20, and to be seen; *forbidden*;
// and *not modelled*: allowed by C++20, but never shown by this runtime, which executes stores in the order in which they
// are to be seen by everybody. That is
//   - load buffering: a load sees a store that is executed later (LB, and what contains it);
//   - a modification order that is not the order of execution (2+2W, S, and what contains them);
//   - an order of the seq_cst operations that is not the order of execution (Z6.U).
// A bug that shows only so is not found. The division is judged by axioms.h, which derives it from the text.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gauntlet/sched/schedule.h>

namespace gauntlet::sched {

struct litmus_test {
  std::string_view name, text, finals;
  std::string_view allowed, forbidden, not_modelled;  // outcomes, separated by spaces
  std::string_view why;                               // the reason for the interesting part
};

// The suite.
std::span<const litmus_test> litmus_tests();

enum class litmus_order : std::uint8_t { relaxed, acquire, release, acq_rel, seq_cst };
enum class litmus_action : std::uint8_t { load, store, add, fence };

struct litmus_operation {
  litmus_action what = litmus_action::load;
  litmus_order order = litmus_order::relaxed;
  std::uint8_t variable = 0;  // 0 to 2
  std::uint8_t value = 0;     // stored or added
};
using litmus_threads = std::vector<std::vector<litmus_operation>>;
inline constexpr unsigned litmus_variables = 3;

// Reads the text of a test; what is no such text ends the program with a message: tests are part of it.
litmus_threads parse_litmus(std::string_view text);

// Whether an outcome is in one of the lists of a test.
bool is_listed(std::string_view list, std::string_view outcome);

// ------------------------------------------------------------------------------------------------------ running them

struct litmus_report {
  std::map<std::string, std::uint64_t> seen;  // outcome -> runs
  std::uint64_t runs = 0;
  bool complete = false;           // every interleaving and every choice of a store was run
  std::string finding;             // a report of the runtime; empty: none
  std::vector<std::string> wrong;  // outcomes seen that are forbidden or not modelled
  std::vector<std::string> allowed_unseen;
};

// Runs one test so many times under the weak memory model, each time with another seed from rng_seed on.
litmus_report run_litmus(const litmus_test& test, std::uint64_t runs, std::uint64_t rng_seed = 1);

// Runs everything that the runtime can do with the test, by the exhaustive strategy, in at most so many runs.
litmus_report explore_litmus(const litmus_test& test, std::uint64_t runs_max, memory_model memory = memory_model::weak);

}  // namespace gauntlet::sched
