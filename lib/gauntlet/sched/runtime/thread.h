// A controlled thread: what it does, what it waits for, what it has seen.
//
// States: runnable -> blocked -> runnable ... -> done. A blocked thread waits on an address (`waits_on`: a lock, a
// condition variable, a futex word, the thread that it joins) and becomes runnable when somebody wakes that address; a
// *timed* one also when its deadline passes, which happens when nothing else can happen.
//
// All fields are the runtime's: only one controlled thread runs at a time, so nothing guards them.
#pragma once

#include <cstdint>

#include <gauntlet/sched/event.h>
#include <gauntlet/sched/runtime/clock.h>

namespace gauntlet::sched::runtime {

enum class thread_state : std::uint8_t { unused, runnable, blocked, done };
enum class wait_reason : std::uint8_t {
  none,
  mutex,
  shared_mutex,
  join,
  condition,
  futex,
  once,
  guard,
  barrier,
  semaphore,
  sleep,
  others
};

// Entries of the shadow call stack that are kept; deeper calls are counted but not seen in reports.
inline constexpr unsigned call_depth_max = 256;

struct thread {
  // Carrier (carrier.h).
  void* stack_pointer = nullptr;
  std::uintptr_t fs = 0;  // base of the thread-local storage it runs on

  // Scheduling.
  thread_id id = 0;
  thread_state state = thread_state::unused;
  wait_reason waits_for = wait_reason::none;
  bool timed = false, timed_out = false;
  bool joined = false, detached = false;
  std::uintptr_t waits_on = 0;
  std::uint64_t waits_since = 0;  // orders waiters by arrival
  std::uint64_t deadline = 0;     // virtual nanoseconds, where timed
  std::uint64_t value = 0;        // what the futex wake or similar hands over

  // Spin detection (scheduler.h): events without a change, repeated looks at one thing, looks at the clock.
  std::uint32_t idle = 0, repeats = 0, clock_looks = 0;
  std::uint32_t spins = 0;  // that went on, where spins are lasting, since it last slept
  std::uintptr_t looked_at = 0;
  std::uint64_t looked_value = 0;
  void (*at_next_event)(void*) = nullptr;  // run.h
  void* at_next_event_argument = nullptr;

  // Memory.
  vector_clock now;       // what happens before the next thing it does
  vector_clock acquired;  // what it becomes at the next acquire fence: clocks of relaxed loads
  vector_clock released;  // what relaxed stores publish: its clock at the last release fence

  // Life.
  void* (*function)(void*) = nullptr;
  void* argument = nullptr;
  void* result = nullptr;
  std::uint64_t ended_at = 0;

  // Shadow call stack: return addresses, outermost first.
  std::uint32_t depth = 0;
  std::uint32_t calls[call_depth_max];
};

}  // namespace gauntlet::sched::runtime
