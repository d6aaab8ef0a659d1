// Judging files, and programs from a generator, one after another in this process.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gauntlet/check/program/program.h>

namespace gauntlet::driver {

// Each path is a file or a folder (its files, in order of name, hidden ones left out). `problem` tells of a folder that
// cannot be read or is empty.
std::vector<std::string> files_of(const std::vector<std::string>& paths, std::string& problem);

// What is searched of each program that holds along its own schedule, where the target has schedules.
struct search {
  std::uint32_t schedules = 0;    // so many other interleavings
  std::uint32_t preemptions = 0;  // and before those all with at most so many preemptions
  bool asked_for() const noexcept { return schedules != 0 || preemptions != 0; }
};

// A failure prints its report; at the end one line sums up. `picture` names where the last failure is written as an HTML
// page, if its target draws one, and `out` where the first input that failed is written, with the schedule along which it did;
// "": nowhere. Where no search is asked for, that of an engine is made (check/run/schedule_search.h) for files named by
// themselves, and none for those in folders.
// A single judgement that crashes or takes longer than `limit` along one schedule ends the process (last_words.h).
// Exit status: 0 all held, 1 some failed, 2 some file is no input.
int replay(const std::vector<std::string>& paths, bool raw, const std::string& picture, const std::string& out,
           const search& other, std::chrono::milliseconds limit);

// The program with a schedule that makes it fail, where its target has schedules and one of those that a file named by
// itself is judged along does; otherwise the program as it is.
check::program along_a_failing_schedule(const check::program& p);

// A stale read or a preemption in the right place is rarer than the program that needs it: each is tried more than once.
inline constexpr std::uint32_t schedules_of_a_random_program = 4;

struct generation {
  std::uint64_t programs = 0;  // at most so many
  std::uint64_t rng_seed = 1;
  std::chrono::seconds time{0};  // 0: no limit
  // A single program that takes longer along one schedule hangs, and ends the process; 0: no limit.
  std::chrono::milliseconds time_of_one{0};
  std::size_t operations_max = 100;
  std::string out;  // where to write the first program that fails, crashes or hangs; "": nowhere
  search other;
  std::string memory;  // "sequential" or "weak" instead of what each program draws; "": that
  // What the judge notices does not count: for measuring what a sanitizer or a map's own alarm notices without it.
  bool only_crashes = false;
};

// Random programs without a fuzzing engine; the same seed gives the same programs. Exit status as above.
int generate_and_judge(const generation& options);

}  // namespace gauntlet::driver
