// The judge and the bare map take turns, input by input in one order and round by round, so that a busy machine disturbs
// both alike. What counts is CPU time of this thread, user and kernel. The first round, which grows the judge's vectors
// and fills caches, is not counted.
//
// The bare map is the subject of the judge's own run (run/recording.h): the map behind its adapter, with the counting hash,
// equality and allocator that it is judged with, and no model, no comparison, no self-check and no look beside it.
#include "throughput.h"

#include <time.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include <gauntlet/check/run/recording.h>

#include "input.h"
#include "replay.h"

namespace gauntlet::driver {
namespace {

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class Work>
double seconds_of(const Work& work) {
  const double before = cpu_seconds();
  work();
  return cpu_seconds() - before;
}

struct measured {
  input in;
  check::recording asked;
};

}  // namespace

int measure_throughput(const std::vector<std::string>& paths, unsigned rounds, bool raw) {
  std::vector<measured> inputs;
  std::uint64_t operations = 0;
  const auto refuse = [](const std::string& message, int status) {
    std::fprintf(stderr, "%s\n", message.c_str());
    return status;
  };
  std::string problem;
  for (const std::string& file : files_of(paths, problem)) {
    auto read = read_input_file(file, raw);
    if (const auto* wrong = std::get_if<check::file_error>(&read)) return refuse(wrong->message, 2);
    measured m{std::get<input>(std::move(read)), {}};
    const check::recording_of_runs recorded(m.asked);
    const check::verdict v = judge(m.in);
    if (!v) return refuse(file + ": fails; replay it without --throughput", 1);
    operations += v.operations_run;
    if (m.asked.runs != 1) {
      return refuse(std::string(check::this_target().name) + " runs " + std::to_string(m.asked.runs) +
                        " maps for an input, and this compares the judge with one; try naming it with GAUNTLET_SUBJECT",
                    2);
    }
    inputs.push_back(std::move(m));
  }
  if (!problem.empty()) return refuse(problem, 2);
  std::string judged_rounds, bare_rounds;
  for (unsigned round = 0; round <= rounds; ++round) {
    const double judged = seconds_of([&] {
      for (const measured& m : inputs) judge(m.in);
    });
    const double bare = seconds_of([&] {
      for (const measured& m : inputs) check::play(m.asked);
    });
    if (round == 0) continue;
    const char* const comma = round == 1 ? "" : ", ";
    judged_rounds += comma + std::to_string(judged);
    bare_rounds += comma + std::to_string(bare);
  }
  std::printf(
      "{\"target\": \"%s\", \"subject\": \"%s\", \"inputs\": %zu, \"operations\": %llu, \"judged_seconds\": [%s], "
      "\"bare_seconds\": [%s]}\n",
      std::string(check::this_target().name).c_str(), subject_name().c_str(), inputs.size(),
      static_cast<unsigned long long>(operations), judged_rounds.c_str(), bare_rounds.c_str());
  return 0;
}

}  // namespace gauntlet::driver
