// Carriers: how several controlled threads live on one machine thread, each with thread-local storage of its own.
//
// Every controlled thread has a *carrier*: a real thread, started once per process, whose only treasure is its
// thread-local storage. Two ways to use it, chosen at start:
//
// - fibers: the carrier sleeps for ever, and the one thread that runs everything borrows its storage. Switching from
//   one controlled thread to another exchanges stacks (a dozen instructions) and the FS register, which on x86-64 points
//   at thread-local storage. thread_local variables, errno, exceptions in flight and the allocator's caches are then
//   really per thread and at distinct addresses. Needs FSGSBASE (the instruction wrfsbase in user mode).
// - threads: the carrier runs its controlled thread itself, on the same stack at the same address, and a baton says
//   whose turn it is. A switch costs two futex calls; results are the same to the last bit.
//
// GAUNTLET_SCHED_CARRIER=threads or =fibers in the environment overrides the choice.
//
// The executable's own thread-local storage (its PT_TLS image) is restored when a carrier gets a new controlled thread.
// That of shared libraries is not, but for exceptions in flight (reset by the thread's entry) and errno.
#pragma once

#include <gauntlet/sched/runtime/thread.h>

namespace gauntlet::sched::runtime::carrier {

enum class kind : unsigned char { fibers, threads };

// Chooses the kind. Once, before anything else here.
void start();
kind chosen() noexcept;

// Makes thread `t` (its id is set) ready to run `entry` on a fresh stack with fresh thread-local storage.
void prepare(thread& t, void (*entry)());

// From outside: runs `first` and whatever it switches to; returns when one of them calls leave().
void enter(thread& first);

// On a controlled thread: goes on with `to`; returns when somebody switches back.
void switch_to(thread& from, thread& to);

// For signal handlers: whether this machine thread carries the running controlled thread, and passing a signal to the
// one that does.
bool is_running_here() noexcept;
void forward_signal(int signal) noexcept;

// On a controlled thread: ends the run. All controlled threads are abandoned where they are; nothing is unwound.
[[noreturn]] void leave();

}  // namespace gauntlet::sched::runtime::carrier
