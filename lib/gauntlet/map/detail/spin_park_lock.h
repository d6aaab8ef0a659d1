// A lock of four bytes that spins for a moment and then sleeps.
//
// Words. A thread *spins* while it looks at the lock word again and again; it *parks* when it sleeps in the kernel
// until someone wakes it. The word is `unheld`, `held`, or `contended` (held, and someone may be parked).
//
// The idea: a shard is held for tens of nanoseconds, so whoever meets a held lock will mostly get it within a few looks
// and should not pay for a system call; but a holder that lost its processor keeps the lock for milliseconds, and then
// spinning only takes the processor away from it. So: look a bounded number of times, then park. Uncontended, locking
// and unlocking are one read-modify-write each and unlocking makes no system call.
//
// The hard case is the lost wake-up. A thread that is about to park first swaps `contended` in; whoever unlocks swaps
// `unheld` in and sees, in the same instruction, whether `contended` was there. If it was, it wakes one sleeper. A
// woken thread cannot know whether it was the last sleeper, so it takes the lock as `contended` again: the price is at
// most one needless wake, never a missing one. (Mutex 2 of Ulrich Drepper, "Futexes are tricky"; wait/notify are
// std::atomic's.)
//
// Promises:
//  (1) at most one holder; what a holder wrote is visible to every later holder;
//  (2) a waiter spins at most `spins_max` looks and then uses no processor time until it is woken;
//  (3) no fairness: a newcomer may overtake a sleeper. A preempted holder delays every waiter;
//  (4) not recursive: locking twice in one thread waits for ever; unlocking what is not held is undefined.
#pragma once

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

class GAUNTLET_CAPABILITY("spin_park_lock") spin_park_lock {
 public:
  // About a microsecond of pauses: longer than a shard is held by a running thread, shorter than parking and waking.
  static constexpr int spins_max = 40;

  spin_park_lock() noexcept = default;
  spin_park_lock(const spin_park_lock&) = delete;
  spin_park_lock& operator=(const spin_park_lock&) = delete;

  void lock() noexcept GAUNTLET_ACQUIRE() {
    if (!take_unheld()) {
      lock_slowly();
    }
  }

  bool try_lock() noexcept GAUNTLET_TRY_ACQUIRE(true) { return take_unheld(); }

  void unlock() noexcept GAUNTLET_RELEASE() {
    // [spin park handover] pairs with take_unheld and lock_slowly: the release half publishes what this holder wrote.
    if (word_.exchange(unheld, std::memory_order_release) == contended) {
      word_.notify_one();
    }
  }

 private:
  static constexpr std::uint32_t unheld = 0;
  static constexpr std::uint32_t held = 1;
  static constexpr std::uint32_t contended = 2;

  bool take_unheld() noexcept {
    std::uint32_t expected = unheld;
    // [spin park handover] pairs with unlock: acquire makes visible what the previous holder wrote. A failed exchange
    // reads nothing but the word and orders nothing, so relaxed suffices.
    return word_.compare_exchange_strong(expected, held, std::memory_order_acquire, std::memory_order_relaxed);
  }

  void lock_slowly() noexcept {
    for (int spin = 0; spin < spins_max; ++spin) {
      // A plain look before the exchange keeps the line shared while the holder works; it decides nothing: relaxed.
      if (word_.load(std::memory_order_relaxed) == unheld && take_unheld()) {
        return;
      }
      spin_pause();
    }
    // [spin park handover] pairs with unlock: acquire, as in take_unheld. If the word was unheld, the lock is now ours
    // and stays marked as contended, because other sleepers may remain.
    while (word_.exchange(contended, std::memory_order_acquire) != unheld) {
      // Sleeps only while the word still is `contended`; a stale or needless wake just goes round. Relaxed: the
      // exchange above, which must follow, does the acquiring.
      word_.wait(contended, std::memory_order_relaxed);
    }
  }

  std::atomic<std::uint32_t> word_{unheld};
};

}  // namespace gauntlet::detail
