// The state of the run under way: what the other parts of the runtime share.
//
// There is one run at a time in a process, and one thread of it runs at a time; whoever runs owns all of this. The one
// word that every entry from code under test reads first is `controlled`, and it is thread-local: true exactly on the
// thread-local storage of controlled threads while they run code under test. Everybody else in the process (the caller
// of run(), a fuzzing engine's own threads) sees false and gets the real function.
#pragma once

#include <cstdint>

#include <gauntlet/sched/run.h>
#include <gauntlet/sched/runtime/list.h>
#include <gauntlet/sched/runtime/thread.h>
#include <gauntlet/sched/runtime/thread_set.h>

namespace gauntlet::sched::runtime {

extern constinit thread_local bool is_controlled;

// Values of run_state::alone that are no thread: no probe yet, or over.
inline constexpr int nobody_alone = -1, probe_over = -2;

// While one lives, calls from this thread are the runtime's or the strategy's own and go to the real functions.
class uncontrolled {
 public:
  uncontrolled() noexcept : before_(is_controlled) { is_controlled = false; }
  ~uncontrolled() { is_controlled = before_; }
  uncontrolled(const uncontrolled&) = delete;
  uncontrolled& operator=(const uncontrolled&) = delete;

 private:
  bool before_;
};

struct run_state {
  // Constant during a run.
  run_options options;
  strategy* decides = nullptr;
  const std::function<void()>* body = nullptr;
  std::uint32_t generation = 0;  // number of the run in this process; shadow cells of older runs are empty

  // Threads.
  thread* threads = nullptr;  // [threads_max]
  event pending[threads_max];
  thread_set runnable, yielded;
  unsigned thread_count = 0, live = 0, timed_count = 0;
  unsigned unjoined = 0;  // created and not joined yet; a detached thread stays among them
  thread_id current = 0;
  thread* current_thread = nullptr;  // threads + current: every plain access asks for it
  std::uint64_t arrivals = 0;
  int alone = nobody_alone;  // the only thread that may run (alone_after), once it has begun
  std::uint64_t alone_since = 0;

  // Counts. `events` is the run's clock; `time` the virtual one, in nanoseconds.
  std::uint64_t events = 0, choices = 0, switches = 0, plain_accesses = 0, hash = 0, time = 0;
  std::uint64_t chance = 0;  // state of what rand() and the like draw from
  std::uint32_t rounds_without_progress = 0;
  std::uint32_t rounds_asleep = 0;  // since somebody sleeps or waits for a time
  bool stalled = false;             // all that can run have yielded since the last change
  std::int32_t calls_left = 0;      // plain accesses and calls until the running thread gets nowhere without an event
  std::uint64_t changes = 0;        // of what spinning threads may wait for
  std::uint32_t choice_before_event = 0;
  bool switched_before_event = false, blocked_before_event = false;

  list<deviation> deviations;
  list<traced_event> trace;
  bool trace_on = false;

  thread& running() noexcept { return *current_thread; }
  void set_running(thread_id id) noexcept {
    current = id;
    current_thread = threads + id;
  }
};

extern run_state the_run;

// The 8-byte granules that plain accesses of several threads were seen to meet at, of all runs (plain_points); and
// those of them that this run has met.
extern list<std::uintptr_t> shared_granules, shared_used;

// Mixes a word into the run's hash: FNV's step over 64-bit words, folded so that high bits reach low ones.
inline void mix(std::uint64_t word) noexcept {
  std::uint64_t h = (the_run.hash ^ word) * 0x9E3779B97F4A7C15ULL;
  the_run.hash = h ^ (h >> 29);
}

}  // namespace gauntlet::sched::runtime
