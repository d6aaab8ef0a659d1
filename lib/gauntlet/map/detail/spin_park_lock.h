// A lock of eight bytes that spins for a moment and then sleeps.
//
// Words. A thread *spins* while it looks at the lock word again and again; it *parks* when it sleeps in the kernel
// until someone wakes it. The word is `unheld`, `held`, or `contended` (held, and someone may be parked).
//
// The idea: a shard is held for tens of nanoseconds, so whoever meets a held lock should not pay for a system call; but a
// holder that lost its processor keeps the lock for milliseconds, and then spinning only takes the processor away from
// it. So: look a bounded number of times, then park. The pauses between two looks double: where many threads want one
// lock, those that look rarely leave its line to the one that works, which then gets through several operations at a
// time, and fewer of them come so far that they park. Uncontended, locking and unlocking are one read-modify-write each
// and unlocking makes no system call.
//
// How long is learnt by each lock from its waits. The *budget* is how many pauses a waiter makes before it parks. Where
// many processors fight for a lock, waits are long and end with the lock, and the budget grows; where threads are more
// than processors, waits are short or in vain, and it stays as long as parking and waking take.
//
// The hard case is the lost wake-up. A thread that is about to park first swaps `contended` in; whoever unlocks swaps
// `unheld` in and sees, in the same instruction, whether `contended` was there. If it was, it wakes one sleeper. A
// woken thread cannot know whether it was the last sleeper, so it takes the lock as `contended`, after looking again as
// at first: the price is at most one needless wake, never a missing one. (Mutex 2 of Ulrich Drepper, "Futexes are tricky"; wait/notify are
// std::atomic's.)
//
// Promises:
//  (1) at most one holder; what a holder wrote is visible to every later holder;
//  (2) a waiter makes some `most_pauses` at most, then uses no processor time until it is woken;
//  (3) no fairness: a newcomer may overtake a sleeper. A preempted holder delays every waiter;
//  (4) not recursive: locking twice in one thread waits for ever; unlocking what is not held is undefined.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include <gauntlet/map/detail/annotations.h>

namespace gauntlet::detail {

// Tells the processor that this is a spin loop, so that its sibling runs and leaving the loop is cheap.
inline void spin_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

// Looks after 1, 2, 4 ... 256 pauses: some ten microseconds, as long as parking and waking take. At the most the first look
// comes after 72. What was tried: lib/decisions/waiting_for_locks.md.
struct spin_park_tuning {
  static constexpr std::int32_t least_pauses = 511;
  static constexpr std::int32_t most_pauses = 4064;
};

template <class Tuning>
class GAUNTLET_CAPABILITY("spin_park_lock") basic_spin_park_lock {
 public:
  // The budget after a wait that asks for another one: an eighth of the way there.
  static constexpr std::int32_t learnt(std::int32_t budget, std::int32_t wish) noexcept {
    return std::clamp(budget + (std::min(wish, Tuning::most_pauses) - budget) / 8, Tuning::least_pauses,
                      Tuning::most_pauses);
  }

  basic_spin_park_lock() noexcept = default;
  basic_spin_park_lock(const basic_spin_park_lock&) = delete;
  basic_spin_park_lock& operator=(const basic_spin_park_lock&) = delete;

  void lock() noexcept GAUNTLET_ACQUIRE() {
    if (!take(held)) {
      lock_slowly();
    }
  }

  bool try_lock() noexcept GAUNTLET_TRY_ACQUIRE(true) { return take(held); }

  void unlock() noexcept GAUNTLET_RELEASE() {
    // [spin park handover] pairs with take and lock_slowly: the release half publishes what this holder wrote.
    if (word_.exchange(unheld, std::memory_order_release) == contended) {
      word_.notify_one();
    }
  }

 private:
  static constexpr std::uint32_t unheld = 0;
  static constexpr std::uint32_t held = 1;
  static constexpr std::uint32_t contended = 2;

  bool take(std::uint32_t mark) noexcept {
    std::uint32_t expected = unheld;
    // [spin park handover] pairs with unlock: acquire makes visible what the previous holder wrote. A failed exchange
    // reads nothing but the word and orders nothing, so relaxed suffices.
    return word_.compare_exchange_strong(expected, mark, std::memory_order_acquire, std::memory_order_relaxed);
  }

  void lock_slowly() noexcept {
    for (std::uint32_t mark = held; !look(mark); mark = contended) {
      // [spin park handover] pairs with unlock: acquire, as in take. If the word was unheld, the lock is now ours and
      // stays marked as contended, because other sleepers may remain.
      if (word_.exchange(contended, std::memory_order_acquire) == unheld) return;
      // Sleeps only while the word still is `contended`; a stale or needless wake just goes round. Relaxed: whatever
      // takes the lock, which must follow, does the acquiring.
      word_.wait(contended, std::memory_order_relaxed);
    }
  }

  // True: the lock was unheld at a look and is now ours, with this mark.
  bool look(std::uint32_t mark) noexcept {
    // The budget pairs with nothing: it is a hint, and of two lessons at once one may be lost. Relaxed.
    const std::int32_t budget = budget_.load(std::memory_order_relaxed);
    std::int32_t waited = 0;
    for (std::int32_t next = 1 + (budget - Tuning::least_pauses) / 50; waited < budget; next *= 2) {
      for (std::int32_t pauses = 0; pauses < next; ++pauses) spin_pause();
      waited += next;
      // A plain look before the exchange keeps the line shared while the holder works; it decides nothing: relaxed.
      if (word_.load(std::memory_order_relaxed) == unheld && take(mark)) {
        budget_.store(learnt(budget, 32 * waited), std::memory_order_relaxed);
        return true;
      }
    }
    budget_.store(learnt(budget, 0), std::memory_order_relaxed);
    return false;
  }

  std::atomic<std::uint32_t> word_{unheld};
  std::atomic<std::int32_t> budget_{Tuning::least_pauses};
};

using spin_park_lock = basic_spin_park_lock<spin_park_tuning>;

}  // namespace gauntlet::detail
