// What the runtime knows about one address that threads synchronise by: an atomic, a lock, a condition variable, a futex
// word, the guard of a static, a once flag.
//
// Objects are made at an address's first use in a run and numbered in that order; the number stands for the address in
// the run's hash, so that hashes don't depend on where the system put the caller's stack. They hang off the shadow cell
// of their 8 bytes (shadow.h); freeing or plainly overwriting the memory forgets them (forget), so a new object at an
// old address has no past.
#pragma once

#include <cstdint>

#include <gauntlet/sched/event.h>
#include <gauntlet/sched/runtime/clock.h>
#include <gauntlet/sched/runtime/thread.h>

namespace gauntlet::sched::runtime {

inline constexpr int nobody = -1;

struct sync_object {
  std::uintptr_t address = 0;
  std::uint32_t number = 0;  // in order of first use, from 1
  std::uint32_t next = 0;    // number of the next one in the same 8 bytes, 0: none

  // Atomics. What an acquire load of the newest store gets to see; steps and code of that store.
  vector_clock released;
  std::uint64_t stored_at = 0;
  std::uint32_t store_code = 0;
  int store_thread = nobody;
  std::uint32_t history = 0;  // for store histories (store_history.h): 0 none

  // Locks. A lock held for writing has an owner, one held for reading has readers; `released` is then what the last
  // unlock published, `released_by_readers` what unlocks of readers did since.
  vector_clock released_by_readers;
  int owner = nobody;
  std::uint32_t depth = 0;    // of a recursive lock
  std::uint32_t readers = 0;  // in all
  std::uint32_t lock_code = 0;
  bool locked_before = false;
  std::int64_t count = 0;  // semaphores: value; barriers: threads that are still to come
  std::uint64_t phase = 0, limit = 0;
  bool readers_used = false;  // reads_held holds something other than zeros
  std::uint8_t reads_held[threads_max];

  void reset(std::uintptr_t at, std::uint32_t with_number) noexcept;
};

// The object of an address, made where there is none.
sync_object& sync_at(std::uintptr_t address) noexcept;

// The object of an address, null where there is none.
sync_object* find_sync(std::uintptr_t address) noexcept;

// Takes and gives: what acquiring and releasing an object does to the thread's clock and the object's.
inline void acquire_from(thread& t, const sync_object& s) noexcept { t.now.join(s.released); }
inline void release_to(thread& t, sync_object& s) noexcept {
  s.released.assign(t.now);
  t.now.tick(t.id);
}
inline void release_join_to(thread& t, sync_object& s) noexcept {
  s.released.join(t.now);
  t.now.tick(t.id);
}

}  // namespace gauntlet::sched::runtime
