// Locks under control: one protocol for mutexes, reader-writer locks, spin locks and the guards of statics.
//
// State lives in the address's sync_object, never in the lock's own bytes. Held for writing by `owner`, for reading by
// `readers`. Who can't have it blocks on the address and looks again when it is woken; whoever unlocks wakes all, and
// the strategy decides which of them looks first. What happens before: an exclusive lock acquires what the last unlock
// and all readers' unlocks since have released, a shared one what the last exclusive unlock did.
//
// Misuse (unlocking what one does not hold, locking again what can't be, destroying what is held) ends the run.
#pragma once

#include <cstdint>

#include <gauntlet/sched/memory/sync_object.h>

namespace gauntlet::sched::runtime {

// How a lock may be waited for.
struct patience {
  bool timed = false;
  std::uint64_t deadline = 0;  // virtual nanoseconds
};

enum class lock_outcome : std::uint8_t { locked, busy, timed_out, again };

// `again`: the running thread holds it already and it is not recursive; the caller says what that means.
lock_outcome lock_exclusive(std::uintptr_t lock, wait_reason what, bool recursive, std::uintptr_t code,
                            patience how = {});
lock_outcome try_lock_exclusive(std::uintptr_t lock, bool recursive, std::uintptr_t code);
lock_outcome lock_shared(std::uintptr_t lock, std::uintptr_t code, patience how = {});
lock_outcome try_lock_shared(std::uintptr_t lock, std::uintptr_t code);

// An event of its own.
void unlock(std::uintptr_t lock, std::uintptr_t code);

// Part of another event (waiting on a condition variable): gives the lock up however often it was locked; returns that
// depth.
std::uint32_t unlock_for_wait(std::uintptr_t lock, std::uintptr_t code);

void destroy_lock(std::uintptr_t lock, std::uintptr_t code);

}  // namespace gauntlet::sched::runtime
