// Which store does a load see? The one question that a memory model answers for the runtime.
//
// Sequential memory: the newest, which is what memory holds. Weak memory keeps the older stores of each location as well
// (store_history.h, where its rules are) and lets the strategy choose among those that C++ allows.
//
// Atomics of 16 bytes have no history: their loads see the newest store in either model.
#pragma once

#include <gauntlet/sched/memory/order.h>
#include <gauntlet/sched/memory/store_history.h>

namespace gauntlet::sched::runtime {

// What a load saw: the value, the clock that the store published, and the step of the store.
template <class T>
struct seen_store {
  T value;
  const vector_clock* published;
  std::uint64_t step;
};

template <class T>
seen_store<T> newest_store(const sync_object& s, const volatile T* at) noexcept {
  return {*at, &s.released, s.stored_at};
}

template <class T>
seen_store<T> visible_store(thread& t, const sync_object& s, const volatile T* at, order o) noexcept {
  if constexpr (sizeof(T) <= 8) {
    if (s.history != 0) [[unlikely]]
      if (const old_store* old = history::choose(t, s, {*at, sizeof(T)}, o))
        return {static_cast<T>(old->value), &old->published, old->step};
  }
  return newest_store(s, at);
}

// The same for a compare-exchange, which is a load of order `o` where it fails. It succeeds only on the newest store; it
// fails by seeing any store that a load could see and that holds something else than `expected`.
template <class T>
seen_store<T> compared_store(thread& t, const sync_object& s, const volatile T* at, T expected, order o) noexcept {
  if constexpr (sizeof(T) <= 8) {
    if (s.history != 0) [[unlikely]]
      if (const old_store* old = history::choose_other(t, s, {*at, sizeof(T)}, expected, o))
        return {static_cast<T>(old->value), &old->published, old->step};
  }
  return newest_store(s, at);
}

// Called before each store and read-modify-write, with the value that it replaces and the one that it writes.
template <class T>
void note_store(thread& t, sync_object& s, const volatile T*, T old_value, T new_value, order o) noexcept {
  if constexpr (sizeof(T) <= 8) {
    if (the_run.options.memory == memory_model::weak) [[unlikely]]
      history::add(t, s, {old_value, sizeof(T)}, new_value, o);
  }
}

// Called for each sequentially consistent fence, when the thread's clocks have moved on.
inline void note_sequential_fence(thread& t) noexcept {
  if (the_run.options.memory == memory_model::weak) [[unlikely]]
    history::add_fence(t);
}

}  // namespace gauntlet::sched::runtime
