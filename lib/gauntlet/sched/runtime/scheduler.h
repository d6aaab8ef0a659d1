// The scheduler: who goes on, and what counts as getting on.
//
// An event has two halves. `announce` says what the running thread is about to do and lets somebody decide who goes on;
// it returns when this thread has been chosen. Between announce and `done` the thread does it; a thread that finds it
// can't (a lock is held) blocks and looks again when woken. `done` counts the event and tells the strategy.
//
// Spins. Code that waits by looking again and again would keep a strategy that prefers its thread busy for ever. So a
// thread that has done idle_max events without changing anything, or looked repeats_max times at the same value of the
// same thing, *yields*: it isn't chosen until somebody changes something (`progress`), or until all that can run have
// yielded. A read-modify-write that writes back what it read is no change. When all that can run have yielded
// rounds_max times in a row, nothing changed, and nobody looked at anything but what it had looked at since the last change,
// they only wait for one another: a livelock. So a long walk that only reads is none. A thread that is the only one left to
// run gets ten times as many rounds: it may just be counting.
//
// Code that spins for a while and then sleeps would so never come to its sleep while somebody stands between it and what
// it waits for: it is taken off first. Where spins are *lasting* (run_options), a thread does not yield before it would have
// done so spins_max times since it last slept.
//
// The hard case is a thread that waits and changes something all the same: it takes a count up, sees that it comes too
// late, takes it down again and yields. Two of them call each other back for ever, and a third, which they wait for,
// never gets its turn. So in a run of more than fair_after events a change calls nobody back: who yielded waits until
// all the others have had their turn. One of them may never yield: a turn has at most fair_turn events. That is a prime: a
// loop of locking and unlocking would otherwise be cut at the same place each time, and the lock be taken whenever the one
// that it keeps out has its turn.
#pragma once

#include <cstdint>

#include <gauntlet/sched/runtime/state.h>

namespace gauntlet::sched::runtime {

inline constexpr std::uint32_t idle_max = 48;
inline constexpr std::uint32_t repeats_max = 6;
inline constexpr std::uint32_t spins_max = 32;
inline constexpr std::uint32_t rounds_max = 100;
inline constexpr std::uint32_t rounds_max_alone = 10 * rounds_max;
inline constexpr std::uint64_t fair_after = 10'000;
inline constexpr std::uint64_t fair_turn = 499;

// Plain accesses and calls without an event before a thread counts as one that makes no progress.
inline constexpr std::int32_t calls_max = 20'000'000;

void announce(event_kind kind, std::uintptr_t location, std::uint8_t size, std::uintptr_t code);

// `object` stands for the location in the run's hash; `value` was read or written; `seen_from` see traced_event.
void done(std::uint64_t object, std::uint64_t value = 0, std::uint64_t seen_from = 0);

// The running thread waits on an address until somebody wakes it, or until `deadline` (virtual time) where `timed`.
// Returns whether it was woken; false: the deadline passed.
bool block(std::uintptr_t on, wait_reason reason, bool timed = false, std::uint64_t deadline = 0);

// Wakes threads that wait on an address, longest waiting first; with `choose` the strategy may pick another. Returns how
// many were woken.
unsigned wake(std::uintptr_t on, unsigned at_most, bool choose = false);
unsigned waiters(std::uintptr_t on) noexcept;

// Something changed that spinning threads may wait for.
inline void progress() noexcept {
  if (the_run.events < fair_after) the_run.yielded.clear();
  the_run.rounds_without_progress = 0;
  the_run.stalled = false;
  ++the_run.changes;
  the_run.running().idle = 0;
}

// Whether the running thread has not looked at this value there since the last change. O(1).
bool is_new_look(std::uintptr_t at, std::uint64_t value) noexcept;

// The running thread looked at something and changed nothing.
inline void looked(std::uintptr_t at, std::uint64_t value) noexcept {
  thread& t = the_run.running();
  ++t.idle;
  if (t.looked_at == at && t.looked_value == value) {
    ++t.repeats;
  } else {
    t.repeats = 0;
    t.looked_at = at;
    t.looked_value = value;
    if (the_run.stalled && is_new_look(at, value)) the_run.rounds_without_progress = 0;
  }
}
inline void changed() noexcept {
  thread& t = the_run.running();
  t.repeats = 0;
  t.looked_at = 0;
  progress();
}

// The running thread waits for others, who should get on: sched_yield and the like. An event.
void yield_now(std::uintptr_t code);

// A choice other than of a thread: 0 is the default. Asks nobody where n is 1.
std::size_t choose(choice_kind kind, std::size_t n);

// A new thread; returns its number. `parent_code` for the trace.
thread_id spawn(void* (*function)(void*), void* argument, void (*entry)());

// What thread 0 waits on for the others to end.
inline std::uintptr_t address_of_live() noexcept { return reinterpret_cast<std::uintptr_t>(&the_run.live); }

// The running thread is over. Does not return.
[[noreturn]] void finish_thread();

}  // namespace gauntlet::sched::runtime
