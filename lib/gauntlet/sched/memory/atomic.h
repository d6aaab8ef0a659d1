// Atomic operations under control: each is one event.
//
// Only one thread runs at a time, so memory itself is accessed plainly, at any width.
#pragma once

#include <gauntlet/sched/memory/shadow.h>
#include <gauntlet/sched/memory/visible_store.h>
#include <gauntlet/sched/runtime/scheduler.h>

namespace gauntlet::sched::runtime {

// The bytes of a value that go into the run's hash, traces and spin detection.
template <class T>
std::uint64_t low_word(T value) noexcept {
  return static_cast<std::uint64_t>(value);
}

inline void stored(sync_object& s, std::uintptr_t code) noexcept {
  s.stored_at = the_run.events + 1;
  s.store_code = static_cast<std::uint32_t>(code);
  s.store_thread = the_run.current;
}

template <class T>
T atomic_load(const volatile T* a, order o, std::uintptr_t code) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(a);
  announce(event_kind::load, at, sizeof(T), code);
  judge(at, sizeof(T), access::atomic_read, code);
  thread& t = the_run.running();
  sync_object& s = sync_at(at);
  const auto seen = visible_store(t, s, a, o);
  after_load(t, *seen.published, o);
  looked(at, low_word(seen.value));
  done(s.number, low_word(seen.value), seen.step);
  return seen.value;
}

template <class T>
void atomic_store(volatile T* a, T value, order o, std::uintptr_t code) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(a);
  announce(event_kind::store, at, sizeof(T), code);
  judge(at, sizeof(T), access::atomic_write, code);
  thread& t = the_run.running();
  sync_object& s = sync_at(at);
  note_store(t, s, a, static_cast<T>(*a), value, o);
  before_store(t, s, o);
  stored(s, code);
  *a = value;
  changed();
  done(s.number, low_word(value));
}

// `make` computes the new value from the old one.
template <class T, class Make>
T atomic_read_modify_write(volatile T* a, order o, std::uintptr_t code, Make make) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(a);
  announce(event_kind::read_modify_write, at, sizeof(T), code);
  judge(at, sizeof(T), access::atomic_write, code);
  thread& t = the_run.running();
  sync_object& s = sync_at(at);
  const T before = *a;
  const T after = make(before);
  after_load(t, s.released, o);
  note_store(t, s, a, before, after, o);
  before_read_modify_write(t, s, o);
  const std::uint64_t seen = s.stored_at;
  stored(s, code);
  *a = after;
  if (before != after)
    changed();
  else
    looked(at, low_word(before));
  done(s.number, low_word(after), seen);
  return before;
}

// Returns what was seen; it was replaced where that equals `expected`. Whether the source said weak or strong does not
// reach the runtime (the instrumentation drops it), so none fails for no reason.
template <class T>
T atomic_compare_exchange(volatile T* a, T expected, T desired, order success, order failure,
                          std::uintptr_t code) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(a);
  announce(event_kind::read_modify_write, at, sizeof(T), code);
  thread& t = the_run.running();
  sync_object& s = sync_at(at);
  const auto seen = compared_store(t, s, a, expected, failure);
  const T before = seen.value;
  judge(at, sizeof(T), before == expected ? access::atomic_write : access::atomic_read, code);
  if (before == expected) {
    after_load(t, s.released, success);
    note_store(t, s, a, before, desired, success);
    before_read_modify_write(t, s, success);
    stored(s, code);
    *a = desired;
    changed();
    done(s.number, low_word(desired), seen.step);
  } else {
    after_load(t, *seen.published, failure);
    looked(at, low_word(before));
    done(s.number, low_word(before), seen.step);
  }
  return before;
}

inline void atomic_fence(order o, std::uintptr_t code) noexcept {
  announce(event_kind::fence, 0, 0, code);
  thread& t = the_run.running();
  fence(t, o);
  if (o == order::sequential) note_sequential_fence(t);
  done(0, static_cast<std::uint64_t>(o));
}

}  // namespace gauntlet::sched::runtime
