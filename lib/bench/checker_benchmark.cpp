// The checker of histories against its bars.
//
// A row is a shape of histories (random_history.h) judged by check_history: the test for well-formedness is in the time,
// making the histories is not. Rows of one long history say nanoseconds an operation, rows of short ones also
// microseconds a history. Every verdict is looked at: a row of right histories that is not all right, or of wrong ones
// without a wrong one, ends the program with status 2.
//
// How: CPU time of one thread (clock.h); each row is measured `repetitions` times, the rows taking turns; the median and
// the spread ((largest - smallest) / median) are printed. Where a history is judged once (`fresh`), a thread of its own
// does it, so that no memory is left from the history before.
//
//   gauntlet_bench_checker [--quick] [--filter TEXT] [--json FILE]     TEXT: part of a row's name
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gauntlet/check/linear/checker.h>
#include <gauntlet/check/linear/random_history.h>

#include "clock.h"

namespace {

using namespace gauntlet::check;

enum class arrangement : std::uint8_t { by_return, by_lane };
enum class memory : std::uint8_t { kept, fresh };
enum class stamps : std::uint8_t { dense, with_gaps };

struct row {
  std::string name;
  history_shape shape;
  std::size_t histories = 1;
  bool half_wrong = false;
  arrangement order = arrangement::by_lane;
  memory scratch = memory::kept;
  stamps time = stamps::dense;
  // The bar, where there is one: at least so many million operations a second, at most so many microseconds a history.
  double operations_bar = 0, operations_aim = 0;
  double history_bar = 0;
  std::vector<history> what = {};
  std::vector<double> nanoseconds = {};
  std::size_t right = 0, wrong = 0;
};

std::vector<row> rows() {
  const history_shape small{.lanes = 3, .keys = 4, .events = 18};
  const history_shape wide{.lanes = 4, .keys = 1000, .events = 1'000'000};
  history_shape wide_finds = wide;
  wide_finds.mix = point_mix::finds;
  history_shape small_contents = small;
  small_contents.with_contents = true;
  history_shape small_whole = small;
  small_whole.reach = whole_maps::one;
  return {
      {.name = "18 operations, 3 threads, 4 keys", .shape = small, .histories = 20000, .history_bar = 2},
      {.name = "the same, half wrong", .shape = small, .histories = 20000, .half_wrong = true},
      {.name = "the same, gaps of about 50 between stamps",
       .shape = small,
       .histories = 20000,
       .time = stamps::with_gaps},
      {.name = "the same, and the contents at the end", .shape = small_contents, .histories = 20000},
      {.name = "the same, a quarter on the whole map", .shape = small_whole, .histories = 2000},
      {.name = "10^6, 4 threads, 1000 keys", .shape = wide, .operations_bar = 10, .operations_aim = 20},
      {.name = "the same, fresh memory", .shape = wide, .scratch = memory::fresh},
      {.name = "the same, in order of return", .shape = wide, .order = arrangement::by_return},
      {.name = "the same, 80 % finds", .shape = wide_finds, .operations_bar = 10, .operations_aim = 20},
      {.name = "10^5, 8 threads, 16 keys", .shape = {.lanes = 8, .keys = 16, .events = 100'000}},
      {.name = "20000, 8 threads, 1 key, 50 % finds",
       .shape = {.lanes = 8, .keys = 1, .events = 20'000, .mix = point_mix::half}},
      {.name = "20000, 8 threads, 1 key, updates only",
       .shape = {.lanes = 8, .keys = 1, .events = 20'000, .mix = point_mix::updates}},
      {.name = "2000, 16 threads, 1 key", .shape = {.lanes = 16, .keys = 1, .events = 2'000}},
  };
}

void make(row& r) {
  random_source random(7);
  for (std::size_t i = 0; i < r.histories; ++i) {
    history h = random_history(random, r.shape);
    if (r.half_wrong && i % 2 == 1) {
      do corrupt(h, random);
      while (check_history(h).says != judgement::wrong);
    }
    if (r.time == stamps::with_gaps) {
      for (event& e : h.events) {
        e.called = e.called * 50 + random.below(50);
        if (!e.pending()) e.returned = e.returned * 50 + random.below(50);
      }
    }
    if (r.order == arrangement::by_lane) {
      std::stable_sort(h.events.begin(), h.events.end(),
                       [](const event& a, const event& b) { return a.where < b.where; });
    }
    r.what.push_back(std::move(h));
  }
}

void measure(row& r) {
  check_options options;
  options.budget = 1'000'000'000;
  r.right = r.wrong = 0;
  const auto work = [&] {
    const std::int64_t before = gauntlet::bench::thread_cpu_nanoseconds();
    for (const history& h : r.what) {
      const judgement says = check_history(h, options).says;
      r.right += says == judgement::right;
      r.wrong += says == judgement::wrong;
    }
    r.nanoseconds.push_back(static_cast<double>(gauntlet::bench::thread_cpu_nanoseconds() - before));
  };
  if (r.scratch == memory::fresh) {
    std::thread(work).join();
  } else {
    work();
  }
}

double median_of(std::vector<double> figures) {
  std::sort(figures.begin(), figures.end());
  return figures[figures.size() / 2];
}

double spread_of(const std::vector<double>& figures) {
  const auto [least, most] = std::minmax_element(figures.begin(), figures.end());
  return (*most - *least) / median_of(figures);
}

bool verdicts_fit(const row& r) {
  const std::size_t wrong = r.half_wrong ? r.histories / 2 : 0;
  return r.wrong == wrong && r.right == r.histories - wrong;
}

std::string bar_of(const row& r, double million_operations, double history_microseconds) {
  char text[80] = "";
  if (r.operations_bar > 0) {
    std::snprintf(text, sizeof text, "%s: aim %.0f, bar %.0f M/s",
                  million_operations >= r.operations_aim   ? "aim met"
                  : million_operations >= r.operations_bar ? "bar met"
                                                           : "MISSED",
                  r.operations_aim, r.operations_bar);
  } else if (r.history_bar > 0) {
    std::snprintf(text, sizeof text, "%s: bar %.0f us", history_microseconds < r.history_bar ? "met" : "MISSED",
                  r.history_bar);
  }
  return text;
}

}  // namespace

int main(int argument_count, char** arguments) {
  unsigned repetitions = 9;
  const char* json = nullptr;
  const char* only = "";
  for (int i = 1; i < argument_count; ++i) {
    if (std::strcmp(arguments[i], "--quick") == 0) {
      repetitions = 3;
    } else if (std::strcmp(arguments[i], "--json") == 0 && i + 1 < argument_count) {
      json = arguments[++i];
    } else if (std::strcmp(arguments[i], "--filter") == 0 && i + 1 < argument_count) {
      only = arguments[++i];
    } else {
      std::fprintf(stderr, "usage: gauntlet_bench_checker [--quick] [--filter TEXT] [--json FILE]\n");
      return 2;
    }
  }

  std::vector<row> all = rows();
  std::erase_if(all, [only](const row& r) { return r.name.find(only) == std::string::npos; });
  for (row& r : all) make(r);
  for (unsigned i = 0; i <= repetitions; ++i) {
    for (row& r : all) {
      measure(r);
      if (i == 0) r.nanoseconds.clear();  // the first round warms up
    }
  }

  bool fit = true;
  std::string entries;
  std::printf("%-42s %12s %14s %12s %7s  %s\n", "history", "us/history", "ns/operation", "M operations/s", "spread",
              "bar");
  for (const row& r : all) {
    const double total = median_of(r.nanoseconds);
    const double history_microseconds = total / static_cast<double>(r.histories) / 1e3;
    const double operation = total / static_cast<double>(r.histories * r.shape.events);
    std::printf("%-42s %12.2f %14.1f %12.2f %6.0f %%  %s\n", r.name.c_str(), history_microseconds, operation,
                1e3 / operation, 100 * spread_of(r.nanoseconds),
                bar_of(r, 1e3 / operation, history_microseconds).c_str());
    if (!verdicts_fit(r)) {
      std::printf("  of %zu histories %zu right and %zu wrong: not the verdicts that these must get\n", r.histories,
                  r.right, r.wrong);
      fit = false;
    }
    for (std::size_t i = 0; i < r.nanoseconds.size(); ++i) {
      char entry[256];
      std::snprintf(entry, sizeof entry,
                    "%s\n    {\"name\": \"checker/%s\", \"repetition_index\": %zu, \"real_time\": %.3f, "
                    "\"time_unit\": \"ns\", \"us_per_history\": %.3f}",
                    entries.empty() ? "" : ",", r.name.c_str(), i,
                    r.nanoseconds[i] / static_cast<double>(r.histories * r.shape.events),
                    r.nanoseconds[i] / static_cast<double>(r.histories) / 1e3);
      entries += entry;
    }
  }
  if (json != nullptr) {
    std::ofstream file(json);
    file << "{\n  \"context\": {\"compiler\": \"" << __VERSION__ << "\"},\n  \"benchmarks\": [" << entries
         << "\n  ]\n}\n";
    if (!file.flush()) {
      std::fprintf(stderr, "cannot write %s\n", json);
      return 2;
    }
  }
  return fit ? 0 : 2;
}
