// Who is writing this map right now: one word, so that misuse is noticed while it happens.
//
//   0                     nobody writes
//   thread + operation    a thread is inside this writing operation; the thread is its thread pointer, which on Linux is
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

  // A reading operation begins. The map is asked to describe itself only for a report.
  template <class Map>
  GAUNTLET_ALWAYS_INLINE void read(operation op, const Map& map) const {
    // [activity] pairs with the stores of enter and leave. Relaxed: an alarm needs no order.
    if (GAUNTLET_RARE(busy())) report_now(op, map);
  }
  template <class Map>
  GAUNTLET_ALWAYS_INLINE void enter(operation op, const Map& map) {
    // [activity] pairs with the look of read and of other writers' enter.
    if (GAUNTLET_RARE(busy())) report_now(op, map);
    set(this_thread() | static_cast<std::uint64_t>(op));
  }
  // Stays visible for a moment. The stores of a short operation leave the processor together, so that nobody sees the
  // first: writers that only do short ones are caught here, where one of some hundred operations takes its time. The
  // exchange makes the word visible now; a writer that missed it has overwritten it.
  template <class Map>
  GAUNTLET_NOINLINE void linger(const Map& map) {
    const std::uint64_t own = word_.load(std::memory_order_relaxed);
    word_.exchange(own, std::memory_order_seq_cst);  // [activity]
    for (int i = 0; i < 8; ++i) {
#if defined(__SSE2__)
      _mm_pause();
#endif
      const std::uint64_t seen = word_.load(std::memory_order_relaxed);
      if (GAUNTLET_RARE(seen != own))
        report(static_cast<operation>(own & operation_bits), seen == 0 ? gone : seen, map);
    }
  }
  GAUNTLET_ALWAYS_INLINE void leave() noexcept { set(0); }

 private:
  static constexpr std::uint64_t gone = operation_bits + 1;  // a writer that has left already: no operation, no thread

  // A relaxed load and a comparison, a relaxed store: in so many instructions. Left to compilers they cost more: none
  // compares an atomic where it is, and every access to an atomic makes them forget what they knew of the map.
#if defined(__x86_64__) && defined(__OPTIMIZE__) && !GAUNTLET_THREAD_SANITIZER
  GAUNTLET_ALWAYS_INLINE bool busy() const noexcept {
    bool found;
    __asm__ volatile("cmpq $0, %1" : "=@ccne"(found) : "m"(word_));  // [activity]
    return found;
  }
  GAUNTLET_ALWAYS_INLINE void set(std::uint64_t value) noexcept {
    word_.store(value, std::memory_order_relaxed);  // [activity]
  }
#else
  GAUNTLET_ALWAYS_INLINE bool busy() const noexcept { return word_.load(std::memory_order_relaxed) != 0; }
  GAUNTLET_ALWAYS_INLINE void set(std::uint64_t value) noexcept {
    word_.store(value, std::memory_order_relaxed);  // [activity]
  }
#endif
  // The look that noticed keeps no copy of the word, which saves it an instruction. A writer that has left meanwhile
  // mostly comes back soon.
  template <class Map>
  [[noreturn]] GAUNTLET_NOINLINE GAUNTLET_COLD void report_now(operation op, const Map& map) const {
    std::uint64_t seen = 0;
    for (int i = 0; i < 8 && seen == 0; ++i) {
      seen = word_.load(std::memory_order_relaxed);  // [activity]
#if defined(__SSE2__)
      if (seen == 0) _mm_pause();
#endif
    }
    report(op, seen == 0 ? gone : seen, map);
  }
  template <class Map>
  [[noreturn]] GAUNTLET_NOINLINE GAUNTLET_COLD static void report(operation op, std::uint64_t seen, const Map& map) {
    const auto other = static_cast<operation>(seen & operation_bits);
    misuse_report found;
    found.thread = this_thread();
    found.other_thread = seen == gone ? 0 : seen & ~operation_bits;
    found.kind = found.thread == found.other_thread                  ? misuse_kind::reentry
                 : op >= operation::insert                           ? misuse_kind::concurrent_writes
                 : op == operation::walk || op == operation::iterate ? misuse_kind::concurrent_iteration_and_write
                                                                     : misuse_kind::concurrent_read_and_write;
    found.message = misuse_message(found.kind);
    found.operation = operation_name(op);
    found.other_operation = operation_name(other);
    found.map_state = map.describe();
    report_misuse(found);
  }

  std::atomic<std::uint64_t> word_{0};
};

template <>
class activity<false> {
 public:
  template <class Map>
  void read(operation, const Map&) const noexcept {}
  template <class Map>
  void enter(operation, const Map&) noexcept {}
  template <class Map>
  void linger(const Map&) noexcept {}
  void leave() noexcept {}
};

// A writing operation, from its first look to its last store.
template <class Activity>
class writing {
 public:
  template <class Map>
  GAUNTLET_ALWAYS_INLINE writing(Activity& activity, operation op, const Map& map) : activity_(activity) {
    activity_.enter(op, map);
  }
  // Takes over what another guard has handed over.
  GAUNTLET_ALWAYS_INLINE explicit writing(Activity& activity) : activity_(activity) {}
  writing(const writing&) = delete;
  writing& operator=(const writing&) = delete;
  GAUNTLET_ALWAYS_INLINE ~writing() {
    if (!handed_over_) activity_.leave();
  }
  GAUNTLET_ALWAYS_INLINE void hand_over() noexcept { handed_over_ = true; }

 private:
  Activity& activity_;
  bool handed_over_ = false;
};

}  // namespace gauntlet::detail
