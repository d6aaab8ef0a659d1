// Who is writing this map right now: one word, so that misuse is noticed while it happens.
//
//   0                     nobody writes
//   thread + operation    a thread is inside this writing operation; the thread is its thread pointer, which on Linux
//   is
//                         what pthread_self() returns, a debugger shows and no other living thread has. Its low six
//                         bits are zero and carry the operation.
//
// A writer looks at the word (0, or it is misuse), stores itself before it calls anything of the user's, and stores 0
// when it leaves, also by an exception. A reader and a walk only look, once: reading leaves no trace, so any number of
// threads may read. Looking is two instructions, writing six. There is no order and no read-modify-write in this: two
// writers may miss each other at the first operation, not for ten thousand. It is an alarm, not a lock.
//
// The same thread found in the word means that the map was called from its own hash, equality, predicate or
// constructor.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/misuse.h>

namespace gauntlet::detail {

enum class operation : std::uint8_t {
  none,
  find,
  iterate,
  walk,
  compare,
  copy,
  insert,
  erase,
  erase_if,
  extract,
  merge,
  clear,
  reserve,
  shrink,
  assign,
  move,
  swap,
};

constexpr const char* operation_name(operation op) noexcept {
  constexpr const char* names[] = {"unknown", "find",   "iterate",  "walk",    "compare", "copy",
                                   "insert",  "erase",  "erase_if", "extract", "merge",   "clear",
                                   "reserve", "shrink", "assign",   "move",    "swap"};
  return static_cast<std::size_t>(op) < sizeof names / sizeof *names ? names[static_cast<std::size_t>(op)] : "unknown";
}

GAUNTLET_ALWAYS_INLINE std::uint64_t this_thread() noexcept {
#if defined(__x86_64__) && defined(__linux__)
  return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer()));
#else
  alignas(64) static thread_local char mark;
  return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&mark));
#endif
}

inline constexpr std::uint64_t operation_bits = 63;

template <bool Enabled>
class activity {
 public:
  activity() = default;
  activity(const activity&) = delete;
  activity& operator=(const activity&) = delete;

  // A reading operation begins. State is called only for a report.
  template <class State>
  GAUNTLET_ALWAYS_INLINE void read(operation op, const State& state) const {
    // [activity] pairs with the stores of enter and leave: relaxed, an alarm needs no order.
    if (const std::uint64_t seen = word_.load(std::memory_order_relaxed); GAUNTLET_RARE(seen != 0))
      report(op, seen, state);
  }
  template <class State>
  GAUNTLET_ALWAYS_INLINE void enter(operation op, const State& state) {
    if (const std::uint64_t seen = word_.load(std::memory_order_relaxed); GAUNTLET_RARE(seen != 0))
      report(op, seen, state);
    word_.store(this_thread() | static_cast<std::uint64_t>(op), std::memory_order_relaxed);  // [activity]
  }
  // Stays visible for a moment. The stores of a short operation leave the processor together, so that nobody sees the
  // first: writers that only do short ones are caught here, where one of some hundred operations takes its time. The
  // exchange makes the word visible now; a writer that missed it has overwritten it.
  template <class State>
  GAUNTLET_NOINLINE void linger(const State& state) {
    const std::uint64_t own = word_.load(std::memory_order_relaxed);
    word_.exchange(own, std::memory_order_seq_cst);  // [activity]
    for (int i = 0; i < 8; ++i) {
#if defined(__SSE2__)
      _mm_pause();
#endif
      const std::uint64_t seen = word_.load(std::memory_order_relaxed);
      if (GAUNTLET_RARE(seen != own))
        report(static_cast<operation>(own & operation_bits), seen == 0 ? operation_bits + 1 : seen, state);
    }
  }
  GAUNTLET_ALWAYS_INLINE void leave() noexcept { word_.store(0, std::memory_order_relaxed); }  // [activity]

 private:
  template <class State>
  [[noreturn]] GAUNTLET_NOINLINE GAUNTLET_COLD static void report(operation op, std::uint64_t seen,
                                                                  const State& state) {
    const auto other = static_cast<operation>(seen & operation_bits);
    misuse_report found;
    found.thread = this_thread();
    found.other_thread = seen & ~operation_bits;  // 64: a writer that has left already
    found.kind = found.thread == found.other_thread                  ? misuse_kind::reentry
                 : op >= operation::insert                           ? misuse_kind::concurrent_writes
                 : op == operation::walk || op == operation::iterate ? misuse_kind::concurrent_iteration_and_write
                                                                     : misuse_kind::concurrent_read_and_write;
    found.message = misuse_message(found.kind);
    found.operation = operation_name(op);
    found.other_operation = operation_name(other);
    found.map_state = state();
    report_misuse(found);
  }

  std::atomic<std::uint64_t> word_{0};
};

template <>
class activity<false> {
 public:
  template <class State>
  void read(operation, const State&) const noexcept {}
  template <class State>
  void enter(operation, const State&) noexcept {}
  template <class State>
  void linger(const State&) noexcept {}
  void leave() noexcept {}
};

// A writing operation, from its first look to its last store.
template <class Activity>
class writing {
 public:
  template <class State>
  GAUNTLET_ALWAYS_INLINE writing(Activity& activity, operation op, const State& state) : activity_(activity) {
    activity_.enter(op, state);
  }
  writing(const writing&) = delete;
  writing& operator=(const writing&) = delete;
  GAUNTLET_ALWAYS_INLINE ~writing() { activity_.leave(); }

 private:
  Activity& activity_;
};

}  // namespace gauntlet::detail
