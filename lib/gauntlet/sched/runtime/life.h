// Birth and death of controlled threads: the entry, thread-exit destructors, statics, exit.
#pragma once

#include <gauntlet/sched/runtime/thread.h>

namespace gauntlet::sched::runtime {

// Makes thread 0 (which runs the body) or a further one.
thread_id start_thread(void* (*function)(void*), void* argument);

// Ends the calling thread: destructors, then the end event. Also pthread_exit without unwinding.
[[noreturn]] void end_thread(void* result);

// Registers a destructor of a thread_local of the running thread, of a static.
void at_thread_exit(void (*destroy)(void*), void* object);
void at_run_exit(void (*destroy)(void*), void* object);

// Forgets what a run that ended early has left registered.
void begin_life();

}  // namespace gauntlet::sched::runtime
