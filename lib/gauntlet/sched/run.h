// run(body, options): runs a test body under a controlled schedule and says what happened.
//
// How control works. Clang's -fsanitize=thread puts a call before each plain access, in place of each atomic operation,
// and at each function's entry. Linked with this library instead of the sanitizer's, those calls come here, and so do
// the calls of the C and C++ library that create threads, lock, wait, sleep, allocate or read a clock, because the
// program defines them before the C library does (intercept/). Code under test is not changed: std::thread, any lock,
// any atomic, exceptions, thread_local, header-only or not.
//
// Only one thread runs at a time. Before each *event* (event.h) the runtime asks a *strategy* who goes on; everything
// that could have gone another way is written down as a *schedule*, which replays the run to the last bit.
//
//   code under test ─► intercept/ ─► runtime/scheduler ─► strategy ─► schedule
//                          │               │
//                          ▼               ▼
//                    memory/, heap/   runtime/carrier (fibers or threads)
//                          └───► report/ ◄─┘
//
// Threads are fibers, each on thread-local storage of its own, where the processor has FSGSBASE, and real threads that
// pass a baton otherwise: slower, with the same results (runtime/carrier.h). carrier() says which.
//
// What is reset before each run: the heap of the code under test, its globals, statics and thread_local variables, keys,
// once flags, the clock, sources of chance.
//
// What it covers. Threads, jthread and stop tokens; mutexes (recursive, timed, shared, spin), condition variables,
// call_once, statics; atomics of any size and order, fences, wait and notify; latch, barrier, semaphores, futures;
// exceptions within and across threads; thread_local with destructors, keys; yield, sleep and clocks, in virtual time;
// new, delete and the malloc family; memcmp, strlen and their like. Happens-before is that of C++20: vector clocks,
// release sequences, fences.
//
// What it can't see, and what follows.
// 1. Code that was not compiled for control runs as one step, and its accesses are not judged: the C library, compiled
//    parts of libstdc++, inline assembly. Memory that such code shares between threads without a lock looks race-free;
//    what it hands to memcpy, memcmp and their like is judged all the same, and if only atomics of its own order that,
//    it looks like a race.
// 2. x86-64 Linux, clang, libstdc++, programs linked without -pie (the target gauntlet_sched_instrument brings all flags).
// 3. What can't be controlled is refused by name and ends the run: processes, signals, reading from the world, mmap,
//    longjmp, pthread_exit and pthread_cancel. write() is let through: printing is harmless.
// 4. A compare-exchange fails only if the values differ; the compiler does not tell us which ones are weak.
// 5. A load sees the newest store unless memory is weak (memory/store_history.h says what is modelled).
// 6. An access that the compiler has optimised away does not exist. A local variable whose address nobody else has is
//    not instrumented.
// 7. After a finding, threads are abandoned where they stand, nothing is unwound; memory of the run is gone, and what
//    the body got outside of it (a lock of the caller's, a file) stays as it is.
// 8. A body must not leave memory from the run in objects of the caller's: copy results out by value.
// 9. A thread that is the only one left and looks at one and the same thing some thousand times, with no other event in
//    between, is taken for one that spins (runtime/scheduler.h).
// 10. There are at most 160 threads, 256 MiB of heap, and 256 KiB of stack for each thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <gauntlet/sched/event.h>
#include <gauntlet/sched/schedule.h>
#include <gauntlet/sched/strategy.h>

namespace gauntlet::sched {

enum class finding : std::uint8_t {
  none,
  failed_check,  // check() in the body, assert, abort, std::terminate, a trap: a null pointer, a division by zero
  data_race,
  use_after_free,
  double_free,  // also: freeing what was not allocated
  leak,         // still allocated when the run ended
  deadlock,     // nothing can run: who waits for what, held by whom
  livelock,     // every thread that can run only spins; or the run has more events than allowed
  no_progress,  // a thread runs without an event for too long (watchdog)
  escaped_exception,
  misused_lock,  // unlocking what one does not hold, locking again, destroying what is held
  refused,       // a call that can't be controlled
};
inline constexpr unsigned finding_count = 12;

struct run_options {
  std::uint64_t rng_seed = 1;
  reuse allocator = reuse::at_once;
  memory_model memory = memory_model::sequential;
  std::uint32_t events_max = 20000;
  bool judge_races = true;
  bool judge_frees = true;  // where races are not judged: those of a free with another access
  bool judge_leaks = true;
  bool plain_points = false;   // plain accesses to locations that several threads touch are choices, too
  bool record_trace = false;   // fill outcome::trace
  bool say_where = true;       // fill outcome::message and place, for which debug information is read: milliseconds
  bool lasting_spins = false;  // who spins goes on for a while before others get on (runtime/scheduler.h)
  bool spurious = false;       // waits on condition variables may end for no reason
  // Obstruction probe: once this many events have happened, the thread that is to do the next one runs alone. It must
  // end within alone_events_max further events, and must not wait for anybody; otherwise: no_progress. 0: no probe.
  std::uint64_t alone_after = 0;
  std::uint32_t alone_events_max = 1000;
  int alone_thread = -1;  // the one that is to run alone from then on, once it exists; -1: whoever is about to go on
};

// One event as it happened, for traces and pictures. `seen_from` of a load is the step of the store it read from.
struct traced_event {
  std::uint64_t step = 0;
  event what;
  std::uintptr_t caller = 0;    // of the function that what.code lies in
  std::uint64_t value = 0;      // read or written, where it fits 8 bytes
  std::uint64_t seen_from = 0;  // step of the partner: store of a load, unlock of a lock, end of a join; 0: none
  std::uint32_t choice = 0;     // number of the choice made just before, 0: there was none
  bool switched = false;        // another thread had run before
  bool blocked = false;         // the thread had to wait here
};

// A thread that could not go on when the run ended in a deadlock, or that a thread running alone had to wait for.
struct waiting_thread {
  event what;       // in which it waits, and which has not happened
  int holder = -1;  // thread that holds what it waits for, or that it joins; -1: nobody
};

struct outcome {
  finding found = finding::none;
  thread_id thread = 0;  // the thread that noticed
  std::string message;   // one or more lines, with source lines; the same for the same run
  std::string place;     // what makes two findings the same: kind and code location, no addresses
  std::uint64_t events = 0, choices = 0, switches = 0, plain_accesses = 0;
  std::uint64_t hash = 0;         // of every choice, event and value: equal hashes, equal runs
  sched::schedule schedule;       // replays this run
  std::uint64_t diverged_at = 0;  // replay only: number of the first choice that looked different, 0: none
  std::string divergence;         // and how
  std::vector<traced_event> trace;
  std::vector<waiting_thread> waiting;  // in order of thread
};

// Runs `body` once as thread 0 of a controlled run; must be called on the process's only caller of run(), outside any
// run. Everything the body allocates, and the globals of code compiled for control, are reset before each run.
outcome run(const std::function<void()>& body, strategy& decides, const run_options& options = {});

// Runs `body` along a recorded schedule. What the schedule says about allocator, memory, spurious and plain_points takes
// precedence over options'.
outcome replay(const std::function<void()>& body, const schedule& along, const run_options& options = {});

// Whether the body is deterministic: runs it like run(), and one time in `one_in` replays that run and compares the
// hashes. A difference is a finding about the test itself: `found` is refused, and the message says where the two runs
// part (after which event). Which runs are repeated depends on options.rng_seed alone.
outcome run_and_repeat(const std::function<void()>& body, strategy& decides, const run_options& options = {},
                       std::uint32_t one_in = 1000);

// Inside a run: the property under test. Outside: prints and aborts.
void check_failed(const char* condition, const char* file, int line);

// Whether the calling thread is inside a controlled run, its number there, and the step of the last event.
bool controlled() noexcept;
thread_id this_thread() noexcept;
std::uint64_t now() noexcept;

// Inside a run: what(argument) is called once, outside control, when the calling thread has been let on to do its next
// event and has not done it. Takes the place of what was asked for before; nullptr: nothing is called. So it is known when
// an operation began at the latest: what a thread does between two events nobody notices, as long as all that it looks at
// is compiled for control and free of races.
void at_next_event(void (*what)(void*), void* argument) noexcept;

// Inside a run: how much of a thread happens before what the calling thread does next, as a moment (runtime/clock.h): the
// newest moment of that thread, 0 for none. Asked of itself, its own moment. What a thread does at moment m happens before
// whatever is done where seen_of(that thread) >= m.
std::uint32_t seen_of(thread_id thread) noexcept;

// How threads are carried, printed once by drivers: "fibers" or "threads with a baton".
const char* carrier() noexcept;

}  // namespace gauntlet::sched

#define GAUNTLET_SCHED_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::gauntlet::sched::check_failed(#condition, __FILE__, __LINE__))
