#include <gauntlet/sched/runtime/scheduler.h>

#include <utility>

#include <gauntlet/sched/report/finding.h>
#include <gauntlet/sched/runtime/carrier.h>

namespace gauntlet::sched::runtime {

namespace {

void record(choice_kind kind, std::size_t alternative, std::size_t alternatives) {
  if (the_run.deviations.full()) raise(finding::livelock, "more choices than allowed");
  const event_kind before = the_run.pending[the_run.current].kind;
  the_run.deviations.push({static_cast<std::uint32_t>(the_run.choices), kind, static_cast<std::uint8_t>(alternative),
                           static_cast<std::uint8_t>(alternatives), before});
}

// Asks the strategy which of the runnable threads goes on.
thread_id ask(const thread_id* runnable, unsigned n, bool running_can_go_on) {
  ++the_run.choices;
  the_run.choice_before_event = static_cast<std::uint32_t>(the_run.choices);
  std::size_t picked;
  {
    const uncontrolled guard;
    picked = the_run.decides->pick({{runnable, n},
                                    the_run.current,
                                    running_can_go_on,
                                    {the_run.pending, the_run.thread_count},
                                    the_run.events + 1});
  }
  if (picked >= n) picked = 0;
  const thread_id chosen = runnable[picked];
  if (chosen != (running_can_go_on ? the_run.current : runnable[0])) record(choice_kind::thread, chosen, n);
  mix(0x100U + chosen);
  return chosen;
}

void fire(thread& t) {
  t.timed_out = true;
  t.timed = false;
  --the_run.timed_count;
  if (the_run.time < t.deadline) the_run.time = t.deadline;
  t.state = thread_state::runnable;
  the_run.runnable.insert(t.id);
}

thread* next_to_fire() {
  if (the_run.timed_count == 0) return nullptr;
  thread* earliest = nullptr;
  for (unsigned i = 0; i < the_run.thread_count; ++i) {
    thread& t = the_run.threads[i];
    if (t.state == thread_state::blocked && t.timed && (earliest == nullptr || t.deadline < earliest->deadline))
      earliest = &t;
  }
  return earliest;
}

// After this many rounds in which all that can run have yielded, time passes: a sleeper wakes, a timed wait ends.
constexpr std::uint32_t rounds_before_time_passes = 3;
// After so many, time passes though somebody has changed something: who waits for a sleeper may count how often. Many, since
// who changes something may be about to wake the sleeper.
constexpr std::uint32_t rounds_asleep_max = 100;

// Nobody can go on as things are: lets time pass, or those who yielded go on, or ends the run.
void unblock() {
  const bool somebody_yielded = !the_run.runnable.empty();
  thread* const sleeper = next_to_fire();
  the_run.rounds_asleep = sleeper == nullptr ? 0 : the_run.rounds_asleep + 1;
  const bool time_passes = sleeper != nullptr && (the_run.rounds_without_progress >= rounds_before_time_passes ||
                                                  the_run.rounds_asleep > rounds_asleep_max);
  if (somebody_yielded && !time_passes) {
    const bool alone = the_run.runnable.size() == 1 && sleeper == nullptr;
    if (++the_run.rounds_without_progress > (alone ? rounds_max_alone : rounds_max))
      raise(finding::livelock, "all threads that can run only spin; nothing has changed for many rounds", 0, "spins");
    the_run.stalled = true;
    the_run.yielded.clear();
    return;
  }
  if (sleeper != nullptr) {
    the_run.rounds_without_progress = the_run.rounds_asleep = 0;
    fire(*sleeper);
    return;
  }
  if (the_run.live == 0) {
    is_controlled = false;
    carrier::leave();
  }
  raise_deadlock();
}

// Returns when the thread that called has been chosen again.
void go_on_with(thread_id me, thread_id chosen) {
  if (chosen == me) return;
  ++the_run.switches;
  the_run.switched_before_event = true;
  the_run.set_running(chosen);
  carrier::switch_to(the_run.threads[me], the_run.threads[chosen]);
}

// The obstruction probe: the thread that runs alone, or probe_over where it has ended. Thread 0 waiting for the others
// to end is over, too: the promise is about what threads do, not about waiting for them.
int who_runs_alone() {
  const thread& t = the_run.threads[the_run.alone];
  const bool joins = t.waits_for == wait_reason::join || t.waits_for == wait_reason::others;
  if (t.state == thread_state::done || (t.state == thread_state::blocked && joins)) return the_run.alone = probe_over;
  if (t.state == thread_state::blocked) raise_blocked("a thread that runs alone from here waits for another one");
  return the_run.alone;
}

// Who goes on? Returns when the thread that called has been chosen.
void decide() {
  const thread_id me = the_run.current;
  for (;;) {
    if (the_run.alone >= 0) [[unlikely]]
      if (const int alone = who_runs_alone(); alone >= 0) return go_on_with(me, static_cast<thread_id>(alone));
    const thread_set ready = the_run.runnable.without(the_run.yielded);
    thread_id list[threads_max];
    const unsigned n = ready.list(list);
    if (n == 0) {
      unblock();
      continue;
    }
    thread_id chosen = list[0];
    if (n > 1) chosen = ask(list, n, ready.contains(me));
    return go_on_with(me, chosen);
  }
}

std::uintptr_t caller_of_running() noexcept {
  const thread& t = the_run.running();
  return t.depth == 0 || t.depth > call_depth_max ? 0 : t.calls[t.depth - 1];
}

// Tells the strategy that the running thread waits for others.
void tell_yielded() {
  the_run.yielded.insert(the_run.current);
  const uncontrolled guard;
  the_run.decides->yielded(the_run.current);
}

void probe(const thread& t, std::uintptr_t code) {
  if (the_run.alone == nobody_alone && the_run.events >= the_run.options.alone_after) {
    const int wanted = the_run.options.alone_thread;
    if (wanted >= static_cast<int>(the_run.thread_count)) return;
    the_run.alone = wanted < 0 ? t.id : wanted;
    the_run.alone_since = the_run.events;
  } else if (the_run.alone == t.id && the_run.events - the_run.alone_since > the_run.options.alone_events_max) {
    raise(finding::no_progress, "a thread that runs alone does not end", code, "goes on");
  }
}

bool goes_on_spinning(thread& t) noexcept { return the_run.options.lasting_spins && t.spins++ < spins_max; }

void spun(thread& t) {
  t.idle = t.repeats = 0;
  if (!goes_on_spinning(t)) tell_yielded();
}

}  // namespace

// An open-addressing table of looks; those of another run or from before the last change are empty places. Once it is three
// quarters full nothing is new any more, and the rounds are counted again.
bool is_new_look(std::uintptr_t at, std::uint64_t value) noexcept {
  struct look {
    std::uintptr_t at;
    std::uint64_t value, changes;
    std::uint32_t generation;
    thread_id thread;
    bool operator==(const look&) const = default;
  };
  constexpr std::size_t size = std::size_t{1} << 15;
  static look looks[size];
  static std::size_t count;
  static std::uint64_t counted_changes;
  static std::uint32_t counted_generation;
  const look now{at, value, the_run.changes, the_run.generation, the_run.current};
  if (counted_changes != now.changes || counted_generation != now.generation) count = 0;
  counted_changes = now.changes;
  counted_generation = now.generation;
  if (count > size / 4 * 3) return false;
  const std::uint64_t hash = (at ^ (value + now.thread) * 0xD6E8FEB86659FD93ULL) * 0x9E3779B97F4A7C15ULL;
  std::size_t i = hash >> 49;
  for (; looks[i].changes == now.changes && looks[i].generation == now.generation; i = (i + 1) % size)
    if (looks[i] == now) return false;
  looks[i] = now;
  ++count;
  return true;
}

void announce(event_kind kind, std::uintptr_t location, std::uint8_t size, std::uintptr_t code) {
  thread& t = the_run.running();
  the_run.pending[t.id] = {kind, t.id, size, location, code};
  the_run.calls_left = calls_max;
  if (the_run.events >= the_run.options.events_max) raise(finding::livelock, "more events than allowed", code);
  if (the_run.options.alone_after != 0) [[unlikely]]
    probe(t, code);
  if (t.idle > idle_max || t.repeats > repeats_max) [[unlikely]]
    spun(t);
  decide();
  the_run.yielded.erase(t.id);
  if (t.at_next_event != nullptr) [[unlikely]] {
    const uncontrolled guard;
    std::exchange(t.at_next_event, nullptr)(t.at_next_event_argument);
  }
}

void done(std::uint64_t object, std::uint64_t value, std::uint64_t seen_from) {
  event& e = the_run.pending[the_run.current];
  ++the_run.events;
  mix(static_cast<std::uint64_t>(e.kind) | static_cast<std::uint64_t>(e.thread) << 8 | object << 16);
  mix(value);
  if (the_run.trace_on) [[unlikely]]
    if (!the_run.trace.full())
      the_run.trace.push({the_run.events, e, caller_of_running(), value, seen_from, the_run.choice_before_event,
                          the_run.switched_before_event, the_run.blocked_before_event});
  the_run.choice_before_event = 0;
  the_run.switched_before_event = the_run.blocked_before_event = false;
  {
    const uncontrolled guard;
    the_run.decides->happened(e);
  }
  // Those who had their turn go on waiting, or two that never yield would pass it to and fro.
  if (the_run.events >= fair_after && the_run.events % fair_turn == 0) [[unlikely]]
    tell_yielded();
  e.kind = event_kind::none;
  e.location = 0;
}

bool block(std::uintptr_t on, wait_reason reason, bool timed, std::uint64_t deadline) {
  thread& t = the_run.running();
  t.state = thread_state::blocked;
  t.spins = 0;
  t.waits_on = on;
  t.waits_for = reason;
  t.waits_since = ++the_run.arrivals;
  t.timed = timed;
  t.timed_out = false;
  t.deadline = deadline;
  if (timed) ++the_run.timed_count;
  the_run.runnable.erase(t.id);
  decide();
  the_run.yielded.erase(t.id);
  the_run.blocked_before_event = true;
  t.waits_on = 0;
  t.waits_for = wait_reason::none;
  return !t.timed_out;
}

unsigned wake(std::uintptr_t on, unsigned at_most, bool choose_which) {
  unsigned woken = 0;
  while (woken < at_most) {
    thread* waiting[threads_max];
    unsigned n = 0;
    for (unsigned i = 0; i < the_run.thread_count; ++i) {
      thread& t = the_run.threads[i];
      if (t.state != thread_state::blocked || t.waits_on != on) continue;
      unsigned at = n++;
      for (; at > 0 && waiting[at - 1]->waits_since > t.waits_since; --at) waiting[at] = waiting[at - 1];
      waiting[at] = &t;
    }
    if (n == 0) break;
    thread& t = *waiting[choose_which ? choose(choice_kind::waiter, n) : 0];
    if (t.timed) --the_run.timed_count;
    if (t.timed) the_run.rounds_asleep = 0;
    t.timed = false;
    t.state = thread_state::runnable;
    the_run.runnable.insert(t.id);
    ++woken;
  }
  return woken;
}

unsigned waiters(std::uintptr_t on) noexcept {
  unsigned n = 0;
  for (unsigned i = 0; i < the_run.thread_count; ++i)
    n += the_run.threads[i].state == thread_state::blocked && the_run.threads[i].waits_on == on ? 1 : 0;
  return n;
}

void yield_now(std::uintptr_t code) {
  thread& t = the_run.running();
  t.idle = t.repeats = 0;
  if (!goes_on_spinning(t)) tell_yielded();
  announce(event_kind::yield, 0, 0, code);
  done(0);
}

std::size_t choose(choice_kind kind, std::size_t n) {
  if (n < 2) return 0;
  ++the_run.choices;
  the_run.choice_before_event = static_cast<std::uint32_t>(the_run.choices);
  std::size_t picked;
  {
    const uncontrolled guard;
    picked = the_run.decides->pick_alternative(kind, n);
  }
  if (picked >= n) picked = 0;
  if (picked != 0) record(kind, picked, n);
  mix(0x200U + static_cast<unsigned>(kind) * 0x100U + picked);
  return picked;
}

thread_id spawn(void* (*function)(void*), void* argument, void (*entry)()) {
  if (the_run.thread_count == threads_max) raise_refused("more than 160 threads in one run");
  thread& t = the_run.threads[the_run.thread_count];
  const auto id = static_cast<thread_id>(the_run.thread_count);
  t.id = id;
  t.state = thread_state::runnable;
  t.waits_for = wait_reason::none;
  t.timed = t.timed_out = t.joined = t.detached = false;
  t.waits_on = 0;
  t.idle = t.repeats = t.clock_looks = t.spins = 0;
  t.looked_at = 0;
  t.at_next_event = nullptr;
  t.now.clear();
  t.acquired.clear();
  t.released.clear();
  if (the_run.thread_count != 0) {
    t.now.join(the_run.running().now);
    the_run.running().now.tick(the_run.current);
    ++the_run.unjoined;
  }
  t.now.tick(id);
  t.function = function;
  t.argument = argument;
  t.result = nullptr;
  t.depth = 0;
  carrier::prepare(t, entry);
  the_run.pending[id] = {event_kind::begin, id, 0, 0, 0};
  the_run.runnable.insert(id);
  ++the_run.thread_count;
  ++the_run.live;
  const uncontrolled guard;
  the_run.decides->created(id);
  return id;
}

void finish_thread() {
  thread& t = the_run.running();
  t.state = thread_state::done;
  t.ended_at = the_run.events;
  t.now.tick(t.id);
  the_run.runnable.erase(t.id);
  --the_run.live;
  progress();
  wake(reinterpret_cast<std::uintptr_t>(&t), threads_max);
  if (the_run.live == 1) wake(address_of_live(), 1);
  decide();
  __builtin_trap();
}

}  // namespace gauntlet::sched::runtime
