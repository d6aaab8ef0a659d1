// Events: what a thread does that other threads can notice. Between two events a thread runs undisturbed.
//
// A controlled run is a sequence of events, one at a time, numbered from 1: the number is the run's only clock. Before
// each event the thread that is about to do it says so (its *pending* event) and somebody decides who goes on: that
// decision is a *choice* (schedule.h), the one who decides is a *strategy* (strategy.h).
//
// Which events of two threads *conflict*, so that their order can matter, is decided here and nowhere else: strategies
// that weigh orders (pos.h, surw.h, exhaustive.h) all ask `conflicts`.
#pragma once

#include <cstdint>
#include <string_view>

namespace gauntlet::sched {

// Threads are numbered in order of creation, 0 is the body of the run. A number is not used twice in one run.
using thread_id = std::uint8_t;
inline constexpr unsigned threads_max = 160;

enum class event_kind : std::uint8_t {
  none,  // of a thread that has not said yet what it does next
  begin,
  load,
  store,
  read_modify_write,
  fence,
  plain_read,  // of a location that several threads are known to touch
  plain_write,
  lock,  // a mutex, or a reader-writer lock for writing; also a static's guard and a once flag
  try_lock,
  lock_shared,
  unlock,
  wait,  // on a condition variable or futex
  notify,
  create,
  join,
  yield,
  sleep,
  end,
};
inline constexpr unsigned event_kind_count = static_cast<unsigned>(event_kind::end) + 1;

struct event {
  event_kind kind = event_kind::none;
  thread_id thread = 0;
  std::uint8_t size = 0;        // bytes, of loads, stores and plain accesses
  std::uintptr_t location = 0;  // address of the atomic, lock, condition variable; 0: none
  std::uintptr_t code = 0;      // return address into the code under test
};

// The word that traces, schedules and pictures use.
std::string_view to_string(event_kind kind) noexcept;

constexpr bool reads(event_kind kind) noexcept {
  return kind == event_kind::load || kind == event_kind::read_modify_write || kind == event_kind::plain_read;
}
constexpr bool writes(event_kind kind) noexcept {
  return kind == event_kind::store || kind == event_kind::read_modify_write || kind == event_kind::plain_write;
}

// Whether the order of these two events of different threads can matter: same location, and not both only look at it.
constexpr bool conflicts(const event& a, const event& b) noexcept {
  if (a.location == 0 || a.location != b.location) return false;
  const auto looks = [](event_kind kind) {
    return kind == event_kind::load || kind == event_kind::plain_read || kind == event_kind::lock_shared;
  };
  return !(looks(a.kind) && looks(b.kind));
}

}  // namespace gauntlet::sched
