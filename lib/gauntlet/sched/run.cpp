#include <gauntlet/sched/run.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <stdexcept>

#include <gauntlet/sched/heap/arena.h>
#include <gauntlet/sched/intercept/instrumented.h>
#include <gauntlet/sched/intercept/keys.h>
#include <gauntlet/sched/memory/shared_locations.h>
#include <gauntlet/sched/report/describe.h>
#include <gauntlet/sched/report/symbols.h>
#include <gauntlet/sched/runtime/carrier.h>
#include <gauntlet/sched/runtime/globals.h>
#include <gauntlet/sched/runtime/life.h>
#include <gauntlet/sched/runtime/traps.h>
#include <gauntlet/sched/runtime/virtual_time.h>
#include <gauntlet/sched/runtime/watchdog.h>
#include <gauntlet/sched/strategies/replay.h>

namespace gauntlet::sched {

namespace runtime {

constinit thread_local bool is_controlled = false;
run_state the_run;
list<std::uintptr_t> shared_granules, shared_used;

void start_allocation();
void on_terminate();

namespace {

bool started = false;
bool under_way = false;
std::uint64_t runs = 0;

// What libraries make at their first use and keep for ever must not be made inside a run, where it would be taken from
// the arena and be gone afterwards.
void warm_up() {
  std::ostringstream out;
  out << 1 << ' ' << 1.5 << ' ' << true << ' ' << "text" << static_cast<const void*>(&out);
  std::istringstream in("1 2.5 text");
  int i = 0;
  double d = 0;
  std::string s;
  in >> i >> d >> s;
  try {
    throw std::runtime_error("warm up");
  } catch (const std::exception&) {
  }
}

void start_once() {
  if (started) return;
  started = true;
  link_interceptions();
  layout::map();
  start_shadow();
  start_allocation();
  carrier::start();
  the_run.threads = static_cast<thread*>(layout::own_pages(threads_max * sizeof(thread)));
  shared_granules.reserve(std::size_t{1} << 20);
  shared_used.reserve(std::size_t{1} << 16);
  start_watchdog();
  start_traps();
  warm_up();
}

void* run_body(void*) {
  (*the_run.body)();
  return nullptr;
}

void begin(const std::function<void()>& body, strategy& decides, const run_options& options) {
  the_run.options = options;
  the_run.decides = &decides;
  the_run.body = &body;
  ++the_run.generation;
  the_run.runnable.clear();
  the_run.yielded.clear();
  the_run.thread_count = the_run.live = the_run.timed_count = the_run.unjoined = 0;
  the_run.set_running(0);
  the_run.arrivals = 0;
  the_run.alone = nobody_alone;
  the_run.calls_left = calls_max;
  the_run.events = the_run.choices = the_run.switches = the_run.plain_accesses = the_run.hash = 0;
  the_run.time = time_at_start;
  the_run.chance = options.rng_seed;
  the_run.alone_since = 0;
  shared_used.clear();
  the_run.rounds_without_progress = the_run.rounds_asleep = the_run.choice_before_event = 0;
  the_run.changes = 0;
  the_run.stalled = false;
  the_run.switched_before_event = the_run.blocked_before_event = false;
  the_run.deviations.reserve(std::size_t{4} * options.events_max + 1024);
  the_run.deviations.clear();
  the_run.trace_on = options.record_trace;
  if (options.record_trace) the_run.trace.reserve(options.events_max + std::size_t{16});
  the_run.trace.clear();
  raised.found = finding::none;
  arena::begin();
  begin_shadow();
  begin_life();
  begin_keys();
  reset_globals();
}

void judge_leaks() {
  if (raised.found != finding::none || !the_run.options.judge_leaks || arena::live() == 0) return;
  const arena::leaked leaked = arena::find_leaks();
  if (leaked.count == 0) return;
  raised.found = finding::leak;
  raised.thread = leaked.thread;
  raised.text[0] = 0;
  say_number(leaked.count);
  say(leaked.count == 1 ? " block, " : " blocks, ");
  say_number(leaked.bytes);
  say(leaked.bytes == 1 ? " byte" : " bytes");
  raised.here = {};
  raised.here.thread = leaked.thread;
  raised.here.code = leaked.code;
  raised.here.does = "allocated the first";
  for (const std::uintptr_t call : leaked.calls)
    if (call != 0) raised.here.calls[raised.here.call_count++] = static_cast<std::uint32_t>(call);
  raised.has_here = true;
  raised.has_there = false;
  raised.waiting_count = 0;
}

outcome result_of(strategy& decides) {
  outcome result;
  mix(static_cast<std::uint64_t>(raised.found));
  result.found = raised.found;
  result.events = the_run.events;
  result.choices = the_run.choices;
  result.switches = the_run.switches;
  result.plain_accesses = the_run.plain_accesses;
  result.hash = the_run.hash;
  result.schedule.strategy = decides.name();
  result.schedule.allocator = the_run.options.allocator;
  result.schedule.memory = the_run.options.memory;
  result.schedule.deviations.assign(the_run.deviations.begin(), the_run.deviations.end());
  result.schedule.spurious = the_run.options.spurious;
  result.schedule.plain_points = the_run.options.plain_points;
  result.schedule.plain.assign(shared_used.begin(), shared_used.end());
  result.schedule.events = result.events;
  result.schedule.choices = result.choices;
  result.schedule.hash = result.hash;
  result.trace.assign(the_run.trace.begin(), the_run.trace.end());
  if (raised.found != finding::none) {
    result.thread = raised.thread;
    if (the_run.options.say_where) {
      result.message = report::message_of(raised);
      result.place = report::place_of(raised);
    }
    for (unsigned i = 0; i < raised.waiting_count; ++i) {
      const waiting_fact& w = raised.waiting[i];
      result.waiting.push_back({the_run.pending[w.place.thread], w.holder});
    }
  }
  return result;
}

}  // namespace

}  // namespace runtime

using namespace runtime;

outcome run(const std::function<void()>& body, strategy& decides, const run_options& options) {
  if (under_way) {
    std::fputs("gauntlet::sched::run: called while another run is under way\n", stderr);
    std::abort();
  }
  start_once();
  under_way = true;
  runtime::begin(body, decides, options);
  decides.begin_alternatives(options.rng_seed);
  decides.begin({options.rng_seed, runs++, options.memory});
  start_thread(run_body, nullptr);
  const std::terminate_handler before = std::set_terminate(on_terminate);
  watch();
  carrier::enter(the_run.threads[0]);
  stop_watching();
  std::set_terminate(before);
  judge_leaks();
  keep_globals();
  decides.end(the_run.events, raised.found != finding::none);
  under_way = false;
  return result_of(decides);
}

outcome replay(const std::function<void()>& body, const schedule& along, const run_options& options) {
  run_options same = options;
  same.allocator = along.allocator;
  same.memory = along.memory;
  same.spurious = along.spurious;
  same.plain_points = along.plain_points;
  start_once();
  const known_locations as_recorded(along.plain);
  replay_strategy decides(along);
  outcome result = run(body, decides, same);
  result.diverged_at = decides.diverged_at();
  result.divergence = decides.divergence();
  return result;
}

outcome run_and_repeat(const std::function<void()>& body, strategy& decides, const run_options& options,
                       std::uint32_t one_in) {
  outcome first = run(body, decides, options);
  if (one_in == 0 || random(options.rng_seed ^ 0xD1B54A32D192ED03ULL).below(one_in) != 0) return first;
  run_options traced = options;
  traced.record_trace = true;
  const outcome second = replay(body, first.schedule, options);
  if (second.hash == first.hash) return first;
  // Two more, with traces: where do runs of one schedule part?
  const outcome a = replay(body, first.schedule, traced), b = replay(body, first.schedule, traced);
  std::size_t step = 0;
  const auto same = [](const traced_event& x, const traced_event& y) {
    return x.what.kind == y.what.kind && x.what.thread == y.what.thread && x.value == y.value;
  };
  while (step < a.trace.size() && step < b.trace.size() && same(a.trace[step], b.trace[step])) ++step;
  first.found = finding::refused;
  first.message = "refused: the test is not deterministic: one schedule gave two runs";
  if (!second.divergence.empty()) first.message += " (" + second.divergence + ")";
  if (a.hash != b.hash) first.message += "; they part after event " + std::to_string(step);
  if (step < a.trace.size()) first.message += " at " + report::line_of(a.trace[step].what.code).where;
  first.message += "\n  does it read memory from outside the body, addresses, or what an earlier run left?";
  first.place = "refused | not deterministic";
  return first;
}

void check_failed(const char* condition, const char* file, int line) {
  if (!is_controlled) {
    std::fprintf(stderr, "%s:%d: check failed outside of a run: %s\n", file, line, condition);
    std::abort();
  }
  raise_failed_check(condition, GAUNTLET_SCHED_CALLER());
}

bool controlled() noexcept { return is_controlled; }
thread_id this_thread() noexcept { return the_run.current; }
std::uint64_t now() noexcept { return the_run.events; }
void at_next_event(void (*what)(void*), void* argument) noexcept {
  the_run.running().at_next_event = what;
  the_run.running().at_next_event_argument = argument;
}
std::uint32_t seen_of(thread_id thread) noexcept { return the_run.running().now[thread]; }

const char* carrier() noexcept {
  start_once();
  return carrier::chosen() == carrier::kind::fibers ? "fibers" : "threads with a baton";
}

}  // namespace gauntlet::sched
