// What the controlled scheduler costs and finds: speed, time to each bug by each strategy, the litmus suite.
//
// Words. A *search* is a strategy's attempt on one program: schedules until the bug shows, with everything learned
// forgotten before; at most 10,000 of them. A *cell* is one strategy on one program, some searches from different seeds.
// Speeds are by CPU time of this process; a search is often too short for that clock, its time is by the wall clock.
//
// A cell of a hopeless pair would take minutes and say no more than its first seconds: each cell of a single strategy has
// a budget of seconds, and searches that it cuts off or that end at 10,000 schedules count as not found. The portfolio
// has no such budget, its bar is 10,000 schedules in every search.
//
// Usage: gauntlet_bench_schedules [--quick] [--part=speed|bugs|litmus|all|counts]
// `counts` is no part of all: how many schedules threads with some operations on a map have.
// Prints JSON. Exit: 0 measured, 1 something correct was reported or something forbidden was seen, 2 wrong use.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <gauntlet/sched/litmus/litmus.h>
#include <gauntlet/sched/programs/programs.h>
#include <gauntlet/sched/strategies/exhaustive.h>
#include <gauntlet/sched/strategies/portfolio.h>

#include "json.h"
#include "schedules_bodies.h"

namespace gauntlet::bench {
namespace {

using namespace gauntlet::sched;

struct settings {
  unsigned searches = 20;
  double cell_seconds = 10;
  double speed_seconds = 1;
  std::uint64_t litmus_runs = 1000000;
  std::uint64_t correct_runs = 100000;
  std::uint64_t counted_runs_max = 500000;
};

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Fine enough for a search of a few schedules, which the clock of CPU time is not everywhere.
double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool fine = true;  // nothing was reported that must not be

// --------------------------------------------------------------------------------------------------------------- speed

run_options options_for(const program& p, std::uint64_t rng_seed) {
  run_options o;
  o.rng_seed = rng_seed;
  if (p.weak) o.memory = memory_model::weak;
  return o;
}

// Always another thread than the one that ran, or always the same: what switching costs is their difference.
class turn_by_turn final : public strategy {
 public:
  explicit turn_by_turn(bool switches) : switches_(switches) {}
  std::string name() const override { return switches_ ? "in turns" : "one after another"; }
  std::size_t pick(const thread_choice& choice) override {
    const std::size_t usual = default_of(choice);
    return switches_ ? (usual + 1) % choice.runnable.size() : usual;
  }

 private:
  bool switches_;
};

// By the fastest of many runs of each kind: they do the same, and what is slower was disturbed.
void measure_switches(json& out, const settings& s) {
  double seconds[2] = {1, 1}, switches[2] = {}, events[2] = {};
  for (int round = 0; round < 2000 * s.speed_seconds; ++round) {
    for (const bool each : {false, true}) {
      turn_by_turn decides(each);
      const double before = wall_seconds();
      const outcome o = run(load_in_two_threads, decides);
      seconds[each] = std::min(seconds[each], wall_seconds() - before);
      switches[each] = static_cast<double>(o.switches);
      events[each] = static_cast<double>(o.events);
    }
  }
  out.number("event_ns", 1e9 * seconds[0] / events[0]);
  out.number("switch_ns", 1e9 * (seconds[1] - seconds[0]) / (switches[1] - switches[0]));
}

void measure_speed(json& out, const settings& s) {
  measure_switches(out, s);
  out.open("speed", '[');
  for (const program& p : programs()) {
    // A bug cuts runs short, so the correct twin is what is measured where there is one.
    void (*const body)() = p.twin != nullptr ? p.twin : p.body;
    out.open("", '{');
    out.text("program", p.name);
    out.text("body", p.twin != nullptr ? "twin" : "itself");
    for (const memory_model memory : {memory_model::sequential, memory_model::weak}) {
      pos decides;
      run_options o;
      o.memory = memory;
      double runs = 0, events = 0, switches = 0;
      const double start = cpu_seconds();
      double seconds = 0;
      while (seconds < s.speed_seconds / 2) {
        for (int i = 0; i < 16; ++i) {
          o.rng_seed = static_cast<std::uint64_t>(++runs);
          const outcome r = run(body, decides, o);
          events += static_cast<double>(r.events);
          switches += static_cast<double>(r.switches);
        }
        seconds = cpu_seconds() - start;
      }
      const bool weak = memory == memory_model::weak;
      out.number(weak ? "weak_schedules_per_second" : "schedules_per_second", runs / seconds);
      if (weak) continue;
      out.number("events", events / runs);
      out.number("switches", switches / runs);
    }
    out.close('}');
  }
  out.close(']');
}

// ---------------------------------------------------------------------------------------------------------------- bugs

using maker = std::function<std::unique_ptr<strategy>(std::uint64_t)>;
struct contestant {
  const char* name;
  maker make;
  bool has_budget;
};
const contestant contestants[] = {
    {"random_walk", [](std::uint64_t) { return std::make_unique<random_walk>(); }, true},
    {"pct 2", [](std::uint64_t) { return std::make_unique<pct>(2); }, true},
    {"pct 3", [](std::uint64_t) { return std::make_unique<pct>(3); }, true},
    {"pos", [](std::uint64_t) { return std::make_unique<pos>(); }, true},
    {"surw", [](std::uint64_t) { return std::make_unique<surw>(); }, true},
    {"reads_from", [](std::uint64_t) { return std::make_unique<reads_from>(); }, true},
    {"portfolio", [](std::uint64_t seed) { return standard_portfolio(seed); }, false},
};
constexpr unsigned schedules_max = 10000;

// Runs until the bug shows; how many runs that took, 0: it did not, within schedules_max or before `is_over`.
template <class Over>
unsigned search_once(const program& p, strategy& decides, std::uint64_t search, const Over& is_over) {
  for (unsigned i = 1; i <= schedules_max; ++i) {
    if (i % 64 == 0 && is_over()) return 0;
    const outcome o = run(p.body, decides, options_for(p, search * 1000003 + i));
    if (o.found == finding::none) continue;
    if (o.found != p.expected && o.found != p.or_else) {
      std::fprintf(stderr, "%s: not what is wrong with it: %s\n", p.name.data(), o.message.c_str());
      fine = false;
    }
    return i;
  }
  return 0;
}

void measure_cell(json& out, const program& p, const contestant& c, const settings& s) {
  unsigned found = 0, searches = 0, most = 0;
  double schedules = 0, seconds = 0;
  const double start = wall_seconds();
  const auto is_over = [&] { return c.has_budget && wall_seconds() - start > s.cell_seconds; };
  for (unsigned search = 0; search < s.searches && !is_over(); ++search) {
    ++searches;
    const auto decides = c.make(search + 1);
    const double before = wall_seconds();
    const unsigned runs = search_once(p, *decides, search, is_over);
    if (runs == 0) continue;
    ++found;
    schedules += runs;
    most = std::max(most, runs);
    seconds += wall_seconds() - before;
  }
  out.open(c.name, '{');
  out.number("found", found);
  out.number("searches", searches);
  if (found != 0) {
    out.number("mean_schedules", schedules / found);
    out.number("most_schedules", most);
    out.number("mean_ms", 1e3 * seconds / found);
  }
  out.close('}');
}

void measure_bugs(json& out, const settings& s) {
  out.open("bugs", '[');
  for (const program& p : programs()) {
    if (p.expected == finding::none) continue;
    out.open("", '{');
    out.text("program", p.name);
    out.number("classic", p.classic);
    // The first report of a program reads its symbols, which is not the strategy's work.
    search_once(p, *standard_portfolio(99), 99, [] { return false; });
    for (const contestant& c : contestants) measure_cell(out, p, c, s);
    out.close('}');
    if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r%-40s\r", p.name.data());
  }
  out.close(']');

  out.open("correct", '[');
  for (const program& p : programs()) {
    void (*const body)() = p.expected == finding::none ? p.body : p.twin;
    if (body == nullptr) continue;
    const auto all = standard_portfolio(1);
    const std::uint64_t runs = p.expected == finding::none ? s.correct_runs : s.correct_runs / 20;
    std::uint64_t reports = 0;
    for (std::uint64_t i = 0; i < runs; ++i) {
      run_options o;
      o.rng_seed = i + 1;
      o.memory = i % 2 == 0 ? memory_model::sequential : memory_model::weak;
      o.allocator = i % 4 < 2 ? reuse::at_once : reuse::quarantine;
      o.spurious = i % 8 < 4;
      const outcome r = run(body, *all, o);
      if (r.found == finding::none) continue;
      if (reports++ == 0) std::fprintf(stderr, "%s: false alarm: %s\n", p.name.data(), r.message.c_str());
      fine = false;
    }
    out.open("", '{');
    out.text("program", p.name);
    out.text("body", p.expected == finding::none ? "itself" : "twin");
    out.number("runs", static_cast<double>(runs));
    out.number("reports", static_cast<double>(reports));
    out.close('}');
  }
  out.close(']');
}

// -------------------------------------------------------------------------------------------------------------- litmus

void measure_litmus(json& out, const settings& s) {
  const auto list = [&](std::string_view name, const std::vector<std::string>& outcomes) {
    out.open(name, '[');
    for (const std::string& o : outcomes) out.text("", o);
    out.close(']');
  };
  out.open("litmus", '[');
  for (const litmus_test& t : litmus_tests()) {
    const litmus_report r = run_litmus(t, s.litmus_runs);
    fine = fine && r.wrong.empty() && r.finding.empty();
    out.open("", '{');
    out.text("test", t.name);
    out.text("text", t.text);
    out.text("why", t.why);
    out.text("forbidden", t.forbidden);
    out.text("not_modelled", t.not_modelled);
    out.number("runs", static_cast<double>(r.runs));
    out.text("report", r.finding);
    out.open("seen", '{');
    for (const auto& [text, times] : r.seen) out.number(text, static_cast<double>(times));
    out.close('}');
    list("wrong", r.wrong);
    list("allowed_unseen", r.allowed_unseen);
    out.close('}');
  }
  out.close(']');
}

// -------------------------------------------------------------------------------------------------------------- counts

// Every schedule of a program is run: without those that sleep sets show to repeat another, or with at most two preemptions.
void count_schedules(json& out, const settings& s, shared_map which, unsigned threads, unsigned each, bool on_one_key) {
  const auto body = [=] { work_on_a_map(which, threads, each, on_one_key); };
  out.open("", '{');
  out.text("map", which == shared_map::sharded ? "sharded_map" : "concurrent_map");
  out.number("threads", threads);
  out.number("operations_each", each);
  out.text("keys", on_one_key ? "one" : "each its own");
  for (const bool bounded : {false, true}) {
    exhaustive every(bounded ? exhaustive_options{.preemptions_max = 2} : exhaustive_options{});
    const double began = wall_seconds();
    std::uint64_t runs = 0;
    std::uint64_t events = 0;
    for (; !every.done() && runs < s.counted_runs_max; ++runs) {
      const outcome o = run(body, every);
      events = std::max<std::uint64_t>(events, o.events);
      if (o.found == finding::none) continue;
      std::fprintf(stderr, "counts: false alarm: %s\n", o.message.c_str());
      fine = false;
    }
    out.open(bounded ? "two_preemptions" : "all", '{');
    out.number("schedules", static_cast<double>(runs));
    out.number("complete", every.done());
    out.number("events", static_cast<double>(events));
    out.number("seconds", wall_seconds() - began);
    out.close('}');
  }
  out.close('}');
}

void count_all_schedules(json& out, const settings& s) {
  out.open("counts", '[');
  for (const shared_map which : {shared_map::sharded, shared_map::concurrent}) {
    for (const bool on_one_key : {true, false}) {
      for (const auto& [threads, each] :
           {std::pair{1U, 1U}, {2U, 1U}, {2U, 2U}, {2U, 3U}, {3U, 1U}, {3U, 2U}, {4U, 1U}}) {
        count_schedules(out, s, which, threads, each, on_one_key);
      }
    }
  }
  out.close(']');
}

int measure(std::string_view part, const settings& s) {
  json out;
  out.open("", '{');
  out.text("carrier", carrier());
  out.text("compiler", __VERSION__);
  out.number("searches", s.searches);
  if (part == "speed" || part == "all") measure_speed(out, s);
  if (part == "bugs" || part == "all") measure_bugs(out, s);
  if (part == "litmus" || part == "all") measure_litmus(out, s);
  if (part == "counts") count_all_schedules(out, s);
  out.close('}');
  std::printf("\n");
  return fine ? 0 : 1;
}

}  // namespace
}  // namespace gauntlet::bench

int main(int count, char** arguments) {
  gauntlet::bench::settings s;
  std::string_view part = "all";
  for (int i = 1; i < count; ++i) {
    const std::string_view a = arguments[i];
    if (a == "--quick") {
      s = {5, 0.5, 0.05, 10000, 4000, 100000};
    } else if (a == "--part=speed" || a == "--part=bugs" || a == "--part=litmus" || a == "--part=all" ||
               a == "--part=counts") {
      part = a.substr(7);
    } else {
      std::fprintf(stderr, "gauntlet_bench_schedules: unknown option '%s'\n", arguments[i]);
      return 2;
    }
  }
  return gauntlet::bench::measure(part, s);
}
