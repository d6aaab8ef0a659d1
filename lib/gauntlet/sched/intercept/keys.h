// Thread-specific data (pthread_key_create): values of the running thread, destroyed at its end.
#pragma once

namespace gauntlet::sched::runtime {

// Calls the destructors of the running thread's values, as often as POSIX asks for.
void destroy_keys();

// Forgets the keys that the last run has made.
void begin_keys();

}  // namespace gauntlet::sched::runtime
