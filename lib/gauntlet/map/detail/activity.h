// Who is writing this map right now, so that misuse is noticed while it happens: two fields, no lock, and on the way of
// every operation neither order nor atomic read-modify-write. It is an alarm.
//
//   state    bits 31, 30   00 nobody writes, 11 somebody does, 01 nobody does and the next writer is to linger
//            bits 29..8    counts the writing operations; the carry of the last one of a period makes 00 into 01
//            bits  7..0    the writer's operation, 0 when nobody writes
//   thread   the writer's thread pointer, which on Linux is what pthread_self() returns, a debugger shows and no other
//            living thread has; 0 when nobody writes
//
// A writer adds 11 and its operation to the state before it calls anything of the user's. That carries, and it looks
// closer, if and only if the two bits were not 00. It notes its thread, and when it leaves, also by an exception, it
// takes off what it added, counts itself and clears the thread: six instructions in all. A reader and a walk look at the
// sign of the state, two instructions, and leave no trace, so any number of threads may read. The thread itself found
// inside means that the map was called from its own hash, equality, predicate or constructor.
//
// What two writers do to the state stays. One that reads the state before the other's store comes, and stores after it,
// loses the other's addition. Unless as much is lost again when they leave, the sum never comes right: it keeps the two
// bits, or an operation nobody is in, and whoever comes next draws the alarm, be it after both have left.
//
// The hard cases are writers who never read the same state. The additions of short operations may leave the processor
// together, so that nobody sees the first; and on a busy machine 10^5 operations fit into one time slice, so that one
// writer is done before the other has begun. Therefore the first operation after each period of
// Policy::writes_per_linger *lingers*: it stays visible for a moment, and now and then it gives the processor away in
// that state. Only in a process that has had a second thread. What that costs:
//   - the moment, about 0.3 us, once a period: below 1 % of its operations;
//   - giving the processor away: at the lingers 1, 2, 3, 4, 6, 8, 12 ... of a map, two for each doubling of its writes:
//     13 times in 10^5, 40 in 10^9. A system call where nobody waits for the processor. Where somebody does, it may cost
//     what being preempted does, a time slice; such a thread is preempted every few milliseconds anyway.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#if defined(__linux__)
#include <sched.h>
#else
#include <thread>
#endif
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define GAUNTLET_KNOWS_SINGLE_THREADED 1
#else
#define GAUNTLET_KNOWS_SINGLE_THREADED 0
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

// Has this process had more than one thread? Where nobody can tell: yes.
inline bool has_threads() noexcept {
#if GAUNTLET_KNOWS_SINGLE_THREADED
  return __libc_single_threaded == 0;
#else
  return true;
#endif
}

template <bool Enabled, unsigned WritesPerLinger>
class activity {
 public:
  activity() = default;
  activity(const activity&) = delete;
  activity& operator=(const activity&) = delete;

  // A reading operation begins. The map is asked to describe itself only for a report.
  template <class Map>
  GAUNTLET_ALWAYS_INLINE void read(operation op, const Map& map) const {
    // [activity] pairs with the additions of enter and leave. Relaxed, as everywhere here: an alarm needs no order.
    if (GAUNTLET_RARE(is_written())) report_reader(op, map);
  }
  // May throw, when the misuse handler does; then nothing was entered.
  template <operation Op, class Map>
  GAUNTLET_ALWAYS_INLINE void enter(const Map& map) {
    // [activity] pairs with the look of read and with other writers' additions.
    if (GAUNTLET_RARE(add_carries<inside(Op)>())) look_closer(Op, map);
    put(thread_, this_thread());  // [activity]
  }
  template <operation Op>
  GAUNTLET_ALWAYS_INLINE void leave() noexcept {
    add<step - inside(Op)>();        // [activity]
    put(thread_, std::uint64_t{0});  // [activity]
  }

 private:
  static_assert(std::has_single_bit(WritesPerLinger) && WritesPerLinger <= 1U << 22);
  static constexpr std::uint32_t linger_due = std::uint32_t{1} << 30;
  static constexpr std::uint32_t operation_mask = 255;
  static constexpr std::uint32_t step = linger_due / WritesPerLinger;
  static constexpr std::uint32_t inside(operation op) noexcept {
    return std::uint32_t{3} << 30 | static_cast<std::uint32_t>(op);
  }
  // The operation of a writer, unless two have made the state say nonsense.
  static operation operation_in(std::uint32_t state) noexcept {
    const std::uint32_t number = state & operation_mask;
    const bool sound = state >> 30 == 3 && number <= static_cast<std::uint32_t>(operation::swap);
    return sound ? static_cast<operation>(number) : operation::none;
  }

  // What is meant are relaxed atomic accesses. Volatile ones are the same to the processor, neither is merged or left
  // out, and they leave to the compiler what it knows of the rest of the map, which atomic ones do not: that is worth
  // more instructions than the whole alarm has. ThreadSanitizer is shown atomic ones.
  template <class Number>
  static GAUNTLET_ALWAYS_INLINE Number look(const Number& at) noexcept {
#if GAUNTLET_THREAD_SANITIZER
    return __atomic_load_n(&at, __ATOMIC_RELAXED);
#else
    return *const_cast<const volatile Number*>(&at);
#endif
  }
  template <class Number>
  static GAUNTLET_ALWAYS_INLINE void put(Number& at, Number value) noexcept {
#if GAUNTLET_THREAD_SANITIZER
    __atomic_store_n(&at, value, __ATOMIC_RELAXED);
#else
    *const_cast<volatile Number*>(&at) = value;
#endif
  }
  // gcc computes with nothing volatile where it is, and needs telling.
#if defined(__x86_64__) && defined(__OPTIMIZE__) && !defined(__clang__) && !GAUNTLET_THREAD_SANITIZER
  GAUNTLET_ALWAYS_INLINE bool is_written() const noexcept {
    bool negative;
    __asm__ volatile("cmpl $0, %1" : "=@ccs"(negative) : "m"(state_));  // [activity]
    return negative;
  }
  template <std::uint32_t Amount>
  GAUNTLET_ALWAYS_INLINE bool add_carries() noexcept {
    bool carry;
    __asm__ volatile("addl %2, %1" : "=@ccc"(carry), "+m"(state_) : "i"(Amount));  // [activity]
    return carry;
  }
  template <std::uint32_t Amount>
  GAUNTLET_ALWAYS_INLINE void add() noexcept {
    __asm__ volatile("addl %1, %0" : "+m"(state_) : "i"(Amount) : "cc");  // [activity]
  }
#else
  GAUNTLET_ALWAYS_INLINE bool is_written() const noexcept { return look(state_) >> 31 != 0; }
  template <std::uint32_t Amount>
  GAUNTLET_ALWAYS_INLINE bool add_carries() noexcept {
    std::uint32_t sum = 0;
    const bool carry = __builtin_add_overflow(look(state_), Amount, &sum);
    put(state_, sum);  // [activity]
    return carry;
  }
  template <std::uint32_t Amount>
  GAUNTLET_ALWAYS_INLINE void add() noexcept {
    put(state_, look(state_) + Amount);  // [activity]
  }
#endif

  // The addition of enter has carried: this writer is to linger, or is not alone.
  template <class Map>
  GAUNTLET_NOINLINE GAUNTLET_COLD void look_closer(operation op, const Map& map) {
    const std::uint32_t before = look(state_) - inside(op);  // [activity]
    if (before != linger_due) {
      // The other's word as it was, for the case that a handler throws.
      __atomic_fetch_sub(&state_, inside(op), __ATOMIC_RELAXED);  // [activity]
      report(op, before, map);
    }
    put(thread_, this_thread());  // [activity]
    // [activity] The only order in all this: from here on others see the state.
    __atomic_exchange_n(&state_, inside(op), __ATOMIC_SEQ_CST);
    if (has_threads()) linger(op, map);
  }
  template <class Map>
  void linger(operation op, const Map& map) {
    stay(op, map);
    ++lingers_;
    const std::uint32_t highest = std::bit_floor(lingers_);
    if (lingers_ != highest && lingers_ != highest + highest / 2) return;
    give_processor_away();
    stay(op, map);
  }
  template <class Map>
  void stay(operation op, const Map& map) {
    for (int i = 0; i < 8; ++i) {
      pause();
      const std::uint32_t seen = look(state_);  // [activity]
      if (GAUNTLET_LIKELY(seen == inside(op) && look(thread_) == this_thread())) continue;
      __atomic_fetch_add(&state_, step - inside(op), __ATOMIC_RELAXED);  // [activity]
      if (look(thread_) == this_thread()) put(thread_, std::uint64_t{0});
      // The other has added itself to this one, or has stored over it.
      const operation added = operation_in(seen - inside(op));
      report(op, added != operation::none ? inside(added) : seen, map);
    }
  }
  // The look that noticed keeps no copy of the state, which saves it an instruction. A writer that has left meanwhile
  // mostly comes back soon.
  template <class Map>
  [[noreturn]] GAUNTLET_NOINLINE GAUNTLET_COLD void report_reader(operation op, const Map& map) const {
    std::uint32_t seen = 0;
    for (int i = 0; i < 8 && operation_in(seen) == operation::none; ++i) {
      seen = look(state_);  // [activity]
      pause();
    }
    report(op, seen, map);
  }
  template <class Map>
  [[noreturn]] GAUNTLET_NOINLINE GAUNTLET_COLD void report(operation op, std::uint32_t seen, const Map& map) const {
    misuse_report found;
    found.thread = this_thread();
    // Noted right after the state; 0 also when the other has left.
    for (int i = 0; i < 8 && found.other_thread == 0; ++i) {
      found.other_thread = look(thread_);  // [activity]
      pause();
    }
    found.kind = found.thread == found.other_thread                  ? misuse_kind::reentry
                 : op >= operation::insert                           ? misuse_kind::concurrent_writes
                 : op == operation::walk || op == operation::iterate ? misuse_kind::concurrent_iteration_and_write
                                                                     : misuse_kind::concurrent_read_and_write;
    found.message = misuse_message(found.kind);
    found.operation = operation_name(op);
    found.other_operation = operation_name(operation_in(seen));
    found.map_state = map.describe();
    report_misuse(found);
  }
  static void pause() noexcept {
#if defined(__SSE2__)
    _mm_pause();
#endif
  }
  static void give_processor_away() noexcept {
#if defined(__linux__)
    sched_yield();
#else
    std::this_thread::yield();
#endif
  }

  std::uint32_t state_ = 0;
  std::uint32_t lingers_ = 0;  // touched by lingering writers
  std::uint64_t thread_ = 0;
};

template <unsigned WritesPerLinger>
class activity<false, WritesPerLinger> {
 public:
  template <class Map>
  void read(operation, const Map&) const noexcept {}
  template <operation, class Map>
  void enter(const Map&) noexcept {}
  template <operation>
  void leave() noexcept {}
};

struct handed_over_t {};

// A writing operation, from its first addition to its last store.
template <class Activity, operation Op>
class writing {
 public:
  template <class Map>
  GAUNTLET_ALWAYS_INLINE writing(Activity& activity, const Map& map) : activity_(activity) {
    activity_.template enter<Op>(map);
  }
  // Takes over what another guard of the same operation has handed over.
  GAUNTLET_ALWAYS_INLINE writing(Activity& activity, handed_over_t) : activity_(activity) {}
  writing(const writing&) = delete;
  writing& operator=(const writing&) = delete;
  GAUNTLET_ALWAYS_INLINE ~writing() {
    if (!handed_over_) activity_.template leave<Op>();
  }
  GAUNTLET_ALWAYS_INLINE void hand_over() noexcept { handed_over_ = true; }

 private:
  Activity& activity_;
  bool handed_over_ = false;
};

}  // namespace gauntlet::detail
