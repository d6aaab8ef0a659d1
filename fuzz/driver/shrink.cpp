// The limit of a try adapts: a candidate that takes twenty times as long as the input did hangs. How often a candidate
// is run adapts as well: a failure that shows in a part p of the runs is looked for 3/p times, which misses it in one
// of twenty.
#include "shrink.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include <gauntlet/check/program/text.h>
#include <gauntlet/check/reduce/reduce.h>
#include <gauntlet/check/report/crash.h>

#include "child.h"

namespace gauntlet::driver {
namespace {

using clock = std::chrono::steady_clock;

volatile sig_atomic_t interrupted = 0;
void interrupt(int) { interrupted = 1; }

// While one lives, Ctrl-C and a polite kill only ask to stop.
class stop_on_signal {
 public:
  stop_on_signal() {
    struct sigaction action{};
    action.sa_handler = interrupt;
    ::sigaction(SIGINT, &action, &old_interrupt_);
    ::sigaction(SIGTERM, &action, &old_terminate_);
  }
  stop_on_signal(const stop_on_signal&) = delete;
  stop_on_signal& operator=(const stop_on_signal&) = delete;
  ~stop_on_signal() {
    ::sigaction(SIGINT, &old_interrupt_, nullptr);
    ::sigaction(SIGTERM, &old_terminate_, nullptr);
  }

 private:
  struct sigaction old_interrupt_{};
  struct sigaction old_terminate_{};
};

std::chrono::milliseconds limit_for_tries(const try_result& first, std::chrono::milliseconds limit) {
  if (first.verdict.place == "time-out") return limit;
  return std::clamp(first.took * 20, std::chrono::milliseconds(2000), limit);
}

// A line that replaces itself on a terminal and appears every two seconds elsewhere.
class progress_line {
 public:
  void show(const std::string& text, bool last = false) {
    const auto now = clock::now();
    if (!last && now - shown_ < std::chrono::milliseconds(terminal_ ? 100 : 2000)) return;
    shown_ = now;
    std::fprintf(stderr, terminal_ ? "\r%s\x1b[K%s" : "%s%s", text.c_str(), terminal_ && !last ? "" : "\n");
    std::fflush(stderr);
  }

 private:
  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  clock::time_point shown_ = clock::now();
};

}  // namespace

int repeat(const input& in, const std::string& file, unsigned times, std::chrono::milliseconds try_limit) {
  const stop_on_signal guard;
  unsigned failed = 0, done = 0;
  progress_line line;
  while (done < times && interrupted == 0) {
    const try_result result = try_in_child(in, try_limit);
    ++done;
    if (!result.signature.held() && ++failed == 1) std::fputs(report_of(in, result.verdict, file).c_str(), stdout);
    line.show(std::to_string(failed) + " of " + std::to_string(done) + " runs failed");
  }
  const check::interval range = check::wilson(failed, done);
  std::printf("%u/%u runs failed: %.1f %%, 95 %% interval %.1f %% to %.1f %%%s\n", failed, done,
              done == 0 ? 0.0 : 100.0 * failed / done, 100 * range.low, 100 * range.high,
              done < times ? " (stopped early)" : "");
  return failed == 0 ? 0 : 1;
}

int shrink(const input& in, const shrink_options& options) {
  const stop_on_signal guard;
  const auto begin = clock::now();
  const auto out_of_time = [&] { return interrupted != 0 || clock::now() - begin >= options.time; };

  // A racy failure may need several runs to show.
  const unsigned runs_max = check::this_target().concurrent ? 100 : 3;
  try_result first;
  unsigned runs = 0, failures = 0;
  while (runs < runs_max && !out_of_time() && !(failures >= 3 && failures == runs) && failures < 10) {
    const try_result result = try_in_child(in, options.try_limit);
    ++runs;
    if (interrupted != 0 || result.signature.held()) continue;
    if (++failures == 1) first = result;
    if (!check::this_target().concurrent) break;
  }
  if (failures == 0) {
    std::fprintf(stderr, "%s does not fail in %u runs: nothing to reduce\n", options.file.c_str(), runs);
    return 1;
  }
  std::fprintf(stderr, "fails with %s (%s) in %u of %u runs\n", first.signature.kind.c_str(),
               first.signature.place.c_str(), failures, runs);

  check::reduction_limits limits;
  limits.tries_max = ~std::uint64_t{0};
  limits.times = failures == runs ? 1 : std::min(60u, (3 * runs + failures - 1) / failures);
  limits.out_of_time = out_of_time;
  progress_line line;
  limits.progress = [&](std::uint64_t tries, std::size_t length) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(clock::now() - begin).count();
    line.show("reducing: " + std::to_string(length) + (in.is_bytes ? " bytes, " : " operations, ") +
              std::to_string(tries) + " tries, " + std::to_string(seconds) + " of " +
              std::to_string(options.time.count()) + " s");
  };
  const std::chrono::milliseconds try_limit = limit_for_tries(first, options.try_limit);
  const auto signature_of = [&](const input& candidate) {
    const try_result result = try_in_child(candidate, try_limit);
    return interrupted != 0 ? check::failure_signature{} : result.signature;
  };

  input smallest = in;
  std::uint64_t tries = 0;
  bool finished = false;
  std::string problem;
  std::size_t before = 0, after = 0;
  if (in.is_bytes) {
    auto r = check::reduce_bytes(
        in.bytes, first.signature,
        [&](std::span<const std::uint8_t> bytes) {
          input candidate;
          candidate.is_bytes = true;
          candidate.bytes.assign(bytes.begin(), bytes.end());
          return signature_of(candidate);
        },
        limits);
    before = in.bytes.size();
    after = r.smallest.size();
    tries = r.tries;
    finished = r.finished;
    smallest.bytes = std::move(r.smallest);
    problem = check::write_file(options.out, std::span<const std::uint8_t>(smallest.bytes));
  } else {
    auto r = check::reduce(
        in.program, first.signature,
        [&](const check::program& p) {
          input candidate;
          candidate.program = p;
          return signature_of(candidate);
        },
        limits);
    before = in.program.operations.size();
    after = r.smallest.operations.size();
    tries = r.tries;
    finished = r.finished;
    smallest.program = std::move(r.smallest);
    std::string text = "# Fails with " + first.signature.kind + " (" + first.signature.place + ")";
    if (!subject_name().empty()) text += " on the map " + subject_name();
    std::replace(text.begin(), text.end(), '\n', ' ');
    problem = check::write_file(options.out, text + "\n" + check::print(smallest.program));
  }
  if (!problem.empty()) {
    std::fprintf(stderr, "%s\n", problem.c_str());
    return 2;
  }
  line.show("reduced " + std::to_string(before) + " to " + std::to_string(after) +
                (in.is_bytes ? " bytes in " : " operations in ") + std::to_string(tries) + " tries" +
                (finished           ? ""
                 : interrupted != 0 ? ", stopped by a signal"
                                    : ", out of time: reducing the result goes on"),
            true);
  if (interrupted == 0) {
    for (unsigned run = 0; run < limits.times; ++run) {
      const try_result last = try_in_child(smallest, try_limit);
      if (last.signature != first.signature) continue;
      std::fputs(report_of(smallest, last.verdict, options.out).c_str(), stdout);
      break;
    }
  }
  return 0;
}

}  // namespace gauntlet::driver
