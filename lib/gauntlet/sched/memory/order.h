// Memory orders in terms of clocks (C++20 [atomics.order], [intro.races]).
//
// An acquire load takes the clock that the store published; a relaxed one keeps it aside for the next acquire fence. A
// release store publishes the thread's clock; a relaxed one what the last release fence published. A store begins a
// release sequence anew; a read-modify-write goes on with it, whatever its order and thread: its clock joins.
#pragma once

#include <gauntlet/sched/memory/sync_object.h>

namespace gauntlet::sched::runtime {

// The numbers that instrumented code passes (llvm's __tsan_memory_order; the same as __ATOMIC_*).
enum class order : int { relaxed = 0, consume = 1, acquire = 2, release = 3, acquire_release = 4, sequential = 5 };

constexpr bool acquires(order o) noexcept { return o != order::relaxed && o != order::release; }
constexpr bool releases(order o) noexcept { return o >= order::release; }

inline void after_load(thread& t, const vector_clock& published, order o) noexcept {
  if (acquires(o))
    t.now.join(published);
  else
    t.acquired.join(published);
}
inline void before_store(thread& t, sync_object& s, order o) noexcept {
  if (releases(o))
    release_to(t, s);
  else
    s.released.assign(t.released);
}
inline void before_read_modify_write(thread& t, sync_object& s, order o) noexcept {
  if (releases(o))
    release_join_to(t, s);
  else
    s.released.join(t.released);
}
inline void fence(thread& t, order o) noexcept {
  if (acquires(o)) t.now.join(t.acquired);
  if (releases(o)) {
    t.released.assign(t.now);
    t.now.tick(t.id);
  }
}

}  // namespace gauntlet::sched::runtime
