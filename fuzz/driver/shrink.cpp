// The limit of a try adapts: a candidate that takes twenty times as long as the input did hangs.
//
// Of an input that hangs, a try costs all of its limit. Right inputs answer in milliseconds: a candidate that gives no answer
// within a fifth of a second is taken for one that hangs, and only the result is judged with the whole limit. If it does
// answer then, it was slow, and everything is done again with more time: a second, and at last the whole limit.
//
// What threads do to a map shows in some runs only, and in many ways: an answer that no order explains here, a crash
// there. So for a concurrent target every failure counts as the same, except that a hang stays a hang; and how often a
// candidate is judged adapts: a failure that shows in a part p of the judgements is looked for in 3/p of them, which
// misses it once in twenty times. p is measured on the input and then followed from candidate to candidate.
//
// A target with a schedule does the same thing every time. There a failure is the same when kind and place are. After a
// step that changed the program its decisions mean something else: other schedules are searched, first few and then many,
// and the decisions of the run that fails are taken over. When nothing gets smaller by that any more, the interleaving in
// which the program failed before the step is tried on what is left of it. At last the failure is looked for with as few
// preemptions as it takes.
#include "shrink.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string_view>

#include <gauntlet/check/program/text.h>
#include <gauntlet/check/reduce/reduce.h>
#include <gauntlet/check/report/crash.h>
#include <gauntlet/check/run/schedule_search.h>

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

// What threads do is the machine's choice.
bool races() { return check::this_target().concurrent && !check::this_target().scheduled; }

// How often an input fails: judged until ten failures are counted, or often enough to give up.
struct failure_rate {
  try_result first;  // that failed
  std::uint64_t judgements = 0, failures = 0;
  double judgements_for_a_failure() const {
    return static_cast<double>(judgements) / static_cast<double>(std::max<std::uint64_t>(failures, 1));
  }
};

template <class OutOfTime>
failure_rate measure(const input& in, std::chrono::milliseconds try_limit, OutOfTime out_of_time) {
  const bool concurrent = races();
  constexpr std::uint64_t judgements_max = 20000, times = 2000;
  failure_rate rate;
  for (unsigned runs = 0; !out_of_time(); ++runs) {
    const try_result result = try_in_child(in, try_limit, concurrent ? times : 1);
    if (interrupted != 0) break;
    rate.judgements += result.judgements;
    if (!result.signature.held() && ++rate.failures == 1) rate.first = result;
    if (concurrent ? rate.failures >= 10 || rate.judgements >= judgements_max : rate.failures > 0 || runs >= 2) break;
  }
  return rate;
}

// Judgements that show a failure with a chance of 95 %. Fewer than forty cost no less than the process they run in.
std::uint64_t times_for(double judgements_for_a_failure) {
  return static_cast<std::uint64_t>(std::clamp(3 * judgements_for_a_failure, 40.0, 2000.0));
}

std::chrono::milliseconds limit_for_tries(const try_result& first, std::chrono::milliseconds limit) {
  if (first.signature.place == time_out) return limit;
  return std::clamp(first.took * 20, std::chrono::milliseconds(2000), limit);
}

// While one lives, failures are not explained, and a candidate that holds along its decisions is tried along others: drawn
// by chance, or the interleaving of the program that failed last.
class search_while_reducing {
 public:
  search_while_reducing() { by_chance(check::schedules_of_a_candidate.front()); }
  search_while_reducing(const search_while_reducing&) = delete;
  search_while_reducing& operator=(const search_while_reducing&) = delete;
  ~search_while_reducing() { stop(); }

  void by_chance(std::uint32_t schedules) const {
    check::schedule_search_of_this_process() = {.schedules = schedules, .explain = false};
  }
  void as_before() const { check::schedule_search_of_this_process() = {.like = &failed_last_, .explain = false}; }
  void stop() const { check::schedule_search_of_this_process() = {}; }

  void failed(const check::program& p) { failed_last_ = p; }

 private:
  check::program failed_last_;
};

// While one lives, a failure comes back with as few preemptions as it takes.
class fewest_preemptions_at_last {
 public:
  fewest_preemptions_at_last() {
    before_ = check::schedule_search_of_this_process();
    check::schedule_search_of_this_process() = {.explain = false, .fewest_preemptions_within = runs_max};
  }
  fewest_preemptions_at_last(const fewest_preemptions_at_last&) = delete;
  fewest_preemptions_at_last& operator=(const fewest_preemptions_at_last&) = delete;
  ~fewest_preemptions_at_last() { check::schedule_search_of_this_process() = before_; }

 private:
  static constexpr std::uint32_t runs_max = 100'000;
  check::schedule_search before_;
};

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
  if (check::this_target().scheduled) check::schedule_search_of_this_process().schedules = check::schedules_of_an_input;
  unsigned failed = 0, done = 0;
  progress_line line;
  while (done < times && interrupted == 0) {
    const try_result result =
        try_in_child(in, try_limit, 1, failed == 0 ? hang_answer::where_it_is : hang_answer::none);
    ++done;
    if (!result.signature.held() && ++failed == 1) {
      std::fputs(report_of(along_what_failed(in, result.verdict), result.verdict, file).c_str(), stdout);
    }
    line.show(std::to_string(failed) + " of " + std::to_string(done) + " runs failed");
  }
  const check::interval range = check::wilson(failed, done);
  std::printf("%u/%u runs failed: %.1f %%, 95 %% interval %.1f %% to %.1f %%%s\n", failed, done,
              done == 0 ? 0.0 : 100.0 * failed / done, 100 * range.low, 100 * range.high,
              done < times ? " (stopped early)" : "");
  return failed == 0 ? 0 : 1;
}

namespace {

// nullopt: what gave no answer within `limit_of_a_hang` is no hang.
std::optional<int> shrink_by(std::chrono::milliseconds limit_of_a_hang, const input& in,
                             const shrink_options& options) {
  const stop_on_signal guard;
  const auto begin = clock::now();
  const auto out_of_time = [&] { return interrupted != 0 || clock::now() - begin >= options.time; };

  if (check::this_target().scheduled) check::schedule_search_of_this_process().schedules = check::schedules_of_an_input;
  const failure_rate measured = measure(in, options.try_limit, out_of_time);
  const try_result& first = measured.first;
  if (measured.failures == 0) {
    std::fprintf(stderr, "%s does not fail in %llu runs: nothing to reduce\n", options.file.c_str(),
                 static_cast<unsigned long long>(measured.judgements));
    return 1;
  }
  std::fprintf(stderr, "fails with %s (%s); %llu failures in %llu runs\n", first.signature.kind.c_str(),
               first.signature.place.c_str(), static_cast<unsigned long long>(measured.failures),
               static_cast<unsigned long long>(measured.judgements));

  check::reduction_limits limits;
  limits.tries_max = ~std::uint64_t{0};
  limits.out_of_time = out_of_time;
  progress_line line;
  std::uint64_t tries = 0;
  limits.progress = [&](std::uint64_t tries_now, std::size_t length) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(clock::now() - begin).count();
    line.show("reducing: " + std::to_string(length) + (in.is_bytes ? " bytes, " : " operations, ") +
              std::to_string(tries + tries_now) + " tries, " + std::to_string(seconds) + " of " +
              std::to_string(options.time.count()) + " s");
  };
  const bool hangs = first.signature.place == time_out;
  const bool quick = hangs && limit_of_a_hang < options.try_limit;
  const std::chrono::milliseconds try_limit = quick ? limit_of_a_hang : limit_for_tries(first, options.try_limit);
  const auto fails_alike = [&](const try_result& result) {
    if (!races()) return result.signature == first.signature;
    return !result.signature.held() && (result.signature.place == time_out) == hangs;
  };
  double judgements_for_a_failure = measured.judgements_for_a_failure();
  const auto times = [&] { return races() ? times_for(judgements_for_a_failure) : 1; };
  // The story is told at the end.
  search_while_reducing searching;
  const auto signature_of = [&](input& candidate) {
    try_result result = try_in_child(candidate, try_limit, times());
    if (interrupted != 0 || !fails_alike(result)) return check::failure_signature{};
    judgements_for_a_failure += (static_cast<double>(result.judgements) - judgements_for_a_failure) / 4;
    if (check::this_target().scheduled) {
      candidate.program.decisions = std::move(result.verdict.decisions);
      searching.failed(candidate.program);
    }
    return first.signature;
  };

  input smallest = along_what_failed(in, first.verdict);
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
    tries += r.tries;
    finished = r.finished;
    smallest.bytes = std::move(r.smallest);
    problem = check::write_file(options.out, std::span<const std::uint8_t>(smallest.bytes));
  } else {
    const auto reduce = [&](const check::program& failing) {
      auto r = check::reduce(
          failing, first.signature,
          [&](check::program& p) {
            input candidate;
            candidate.program = std::move(p);
            check::failure_signature signature = signature_of(candidate);
            p = std::move(candidate.program);
            return signature;
          },
          limits);
      tries += r.tries;
      finished = r.finished;
      return std::move(r.smallest);
    };
    const auto reduce_by_chance = [&](check::program p) {
      if (!check::this_target().scheduled) return reduce(p);
      for (const std::uint32_t schedules : check::schedules_of_a_candidate) {
        searching.by_chance(schedules);
        p = reduce(p);
      }
      return p;
    };
    before = in.program.operations.size();
    smallest.program = reduce_by_chance(std::move(smallest.program));
    // What chance seldom leads to: the interleaving as it was. Not before, because it leads to programs that fail in no other.
    for (bool helped = check::this_target().scheduled; helped && finished;) {
      searching.failed(smallest.program);
      searching.as_before();
      check::program like_before = reduce(smallest.program);
      helped = like_before.operations.size() < smallest.program.operations.size();
      smallest.program = helped ? reduce_by_chance(std::move(like_before)) : std::move(like_before);
    }
    after = smallest.program.operations.size();
    if (check::this_target().scheduled) {
      const fewest_preemptions_at_last fewest;
      try_result last = try_in_child(smallest, options.try_limit, 1);
      if (interrupted == 0 && fails_alike(last)) smallest.program.decisions = std::move(last.verdict.decisions);
    }
    std::string text = "# Fails with " + first.signature.kind + " (" + first.signature.place + ")";
    if (!subject_name().empty()) text += " on the map " + subject_name();
    std::replace(text.begin(), text.end(), '\n', ' ');
    problem = check::write_file(options.out, text + "\n" + check::print(smallest.program));
  }
  if (!problem.empty()) {
    std::fprintf(stderr, "%s\n", problem.c_str());
    return 2;
  }
  std::optional<try_result> hung;
  if (quick && interrupted == 0) {
    hung = try_in_child(smallest, options.try_limit, times(), hang_answer::where_it_is);
    if (!fails_alike(*hung)) return std::nullopt;
  }
  line.show("reduced " + std::to_string(before) + " to " + std::to_string(after) +
                (in.is_bytes ? " bytes in " : " operations in ") + std::to_string(tries) + " tries" +
                (finished           ? ""
                 : interrupted != 0 ? ", stopped by a signal"
                                    : ", out of time: reducing the result goes on"),
            true);
  searching.stop();
  if (hung) {
    std::fputs(report_of(smallest, hung->verdict, options.out).c_str(), stdout);
  } else if (interrupted == 0) {
    for (unsigned run = 0; run < 3; ++run) {
      const try_result last = try_in_child(smallest, try_limit, times(), hang_answer::where_it_is);
      if (!fails_alike(last)) continue;
      std::fputs(report_of(smallest, last.verdict, options.out).c_str(), stdout);
      break;
    }
  }
  return 0;
}

}  // namespace

int shrink(const input& in, const shrink_options& options) {
  if (!check::this_target().concurrent) {
    for (const unsigned quick : {200u, 1000u}) {
      if (const auto status = shrink_by(std::chrono::milliseconds(quick), in, options)) return *status;
    }
  }
  return *shrink_by(options.try_limit, in, options);
}

}  // namespace gauntlet::driver
