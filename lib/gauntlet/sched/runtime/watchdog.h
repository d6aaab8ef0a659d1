// The watchdog: ends a run in which a thread runs on and on without an event, an access or a call, where nothing else
// in the runtime gets a say: `for (;;) ;`.
//
// A timer counts the processor time that the process uses, and its signal looks whether the run has had an event since
// the last look. Two looks without one end the run, if the thread was interrupted in code of the program (not in a
// library, whose locks it might hold). When that happens in time may differ; what has happened until then does not, so
// schedule, events and hash are those of every replay.
#pragma once

namespace gauntlet::sched::runtime {

// Seconds of processor time between two looks.
inline constexpr int watchdog_seconds = 1;

// Once.
void start_watchdog();

// Around each run.
void watch() noexcept;
void stop_watching() noexcept;

}  // namespace gauntlet::sched::runtime
