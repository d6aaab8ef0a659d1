// A reader-writer lock of twelve bytes that backs off, then sleeps, and in which readers starve no writer.
//
// Words. A *reader* shares the lock with other readers, a *writer* is in alone. A thread *parks* when it sleeps in the
// kernel until someone wakes it, and *naps* when it sleeps for a given time. To *barge* is to take a free lock although
// others have waited for longer. A writer that has napped in vain *announces* itself: then no reader comes in until a
// writer has been in.
//
// The idea: what is done under such a lock takes tens of nanoseconds, waking somebody takes microseconds. So nothing is
// handed over: whoever runs goes on and barges, and who waits stays out of the way. It looks at the lock after some
// pauses of the processor, after twice as many, and so on for some ten microseconds: a thread that works in a loop
// does most of its work between two looks and keeps the line of the lock meanwhile. Only a holder that sleeps or has lost
// its processor is awaited asleep. A reader that meets no writer, and anybody who finds the lock free, gets in by one
// read-modify-write and leaves by one; a system call is made only where somebody is parked.
//
// A writer that is kept out by readers naps a few times before it announces itself and parks: to keep readers out costs
// all of them a sleep, and readers that only come and go leave it room soon.
//
// The word holds the number of readers and four flags: a writer is in, a writer is announced, readers may be parked,
// writers may be parked. What a parked thread waits on is not this word, which changes with every reader, but a count of
// wake-ups, one of readers and one of writers.
//
// The hard case is the lost wake-up. Who is about to park reads the count, then sets the flag, in a word that still keeps
// it out, and sleeps only while the count is what it was. Who makes room changes that very word, sees the flag, takes it
// away and adds one to the count. Had the parking thread read the new count already, it would have set the flag after it
// was taken away, in a word that keeps it out for another reason, and the next one would see it. All parked readers are
// woken at once, since they can all come in; of the writers one, which sets the flag again when it gets in or parks:
// others may still sleep.
//
// Promises:
//  (1) a writer is in alone; what a writer wrote is visible to whoever is in later, and what readers have read lies before
//      what a later writer writes;
//  (2) readers that are in never wait for each other, and with no writer about no reader waits at all;
//  (3) a waiter looks at most `looks` times, a writer that finds readers in `patience` times more often with naps in
//      between, and then uses no processor time until it is woken;
//  (4) readers alone keep no writer out for ever: after that it is announced whenever it waits for readers. Otherwise
//      there is no order, and who always finds others in may wait for long. Who only tries announces nothing;
//  (5) not recursive, for readers neither: a reader that locks again while a writer is announced waits for ever;
//  (6) it may be destroyed when every call of its functions has returned.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include <gauntlet/map/detail/annotations.h>
#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/spin_park_lock.h>

namespace gauntlet::detail {

struct shared_spin_park_tuning {
  static constexpr unsigned first_pauses = 16;
  static constexpr unsigned looks = 7;  // after 16, 32 ... 1,024 pauses
  static constexpr unsigned patience = 8;
  static constexpr std::chrono::microseconds nap{50};
};

template <class Tuning>
class GAUNTLET_CAPABILITY("shared_spin_park_lock") basic_shared_spin_park_lock {
 public:
  basic_shared_spin_park_lock() noexcept = default;
  basic_shared_spin_park_lock(const basic_shared_spin_park_lock&) = delete;
  basic_shared_spin_park_lock& operator=(const basic_shared_spin_park_lock&) = delete;

  void lock() noexcept GAUNTLET_ACQUIRE() {
    std::uint32_t free = 0;
    // [handover] pairs with itself: acquire, what every earlier holder did lies before.
    if (!word_.compare_exchange_strong(free, writer, std::memory_order_acquire, std::memory_order_relaxed)) {
      lock_slowly();
    }
  }
  bool try_lock() noexcept GAUNTLET_TRY_ACQUIRE(true) {
    std::uint32_t now = word_.load(std::memory_order_relaxed);  // decides nothing by itself, as everywhere
    return enter_alone(now, 0);
  }
  void unlock() noexcept GAUNTLET_RELEASE() {
    // [handover] release: what this writer wrote. After a writer it is the turn of whoever comes.
    const std::uint32_t before = word_.fetch_and(readers, std::memory_order_release);
    if (GAUNTLET_RARE((before & (readers_parked | writers_parked)) != 0)) wake(before);
  }

  void lock_shared() noexcept GAUNTLET_ACQUIRE_SHARED() {
    // Counts itself before it looks: one read-modify-write where a look would be one transfer of the line more.
    // [handover] acquire: what every earlier writer wrote is visible.
    if (GAUNTLET_RARE((word_.fetch_add(1, std::memory_order_acquire) & (writer | announced)) != 0)) {
      leave_shared();
      lock_shared_slowly();
    }
  }
  bool try_lock_shared() noexcept GAUNTLET_TRY_ACQUIRE_SHARED(true) {
    std::uint32_t now = word_.load(std::memory_order_relaxed);
    return enter_shared(now);
  }
  void unlock_shared() noexcept GAUNTLET_RELEASE_SHARED() { leave_shared(); }

 protected:
  static constexpr std::uint32_t writer = 1U << 31;
  static constexpr std::uint32_t announced = 1U << 30;
  static constexpr std::uint32_t readers_parked = 1U << 29;
  static constexpr std::uint32_t writers_parked = 1U << 28;
  static constexpr std::uint32_t readers = writers_parked - 1;

  // Each enters if `now`, which becomes what the word is, lets it in.
  bool enter_alone(std::uint32_t& now, std::uint32_t flag) noexcept {
    while ((now & (writer | readers)) == 0) {
      // [handover] acquire, as in lock.
      if (word_.compare_exchange_weak(now, (now & ~announced) | writer | flag, std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }
  bool enter_shared(std::uint32_t& now) noexcept {
    while ((now & (writer | announced)) == 0) {
      // [handover] acquire, as in lock_shared.
      if (word_.compare_exchange_weak(now, now + 1, std::memory_order_acquire, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  void leave_shared() noexcept {
    // [handover] release: what was read has been read before the next writer writes. The flag is for a writer to see
    // that finds readers in: the last of them wakes it. Parked readers wait for a writer, who will wake them.
    const std::uint32_t before = word_.fetch_sub(1, std::memory_order_release);
    if (GAUNTLET_RARE((before & (writer | readers | writers_parked)) == (1 | writers_parked))) {
      wake(word_.fetch_and(~writers_parked, std::memory_order_relaxed) & writers_parked);
    }
  }

  GAUNTLET_NOINLINE void wake(std::uint32_t parked) noexcept {
    // [wake-up] pairs with park: release, the flag was taken away before.
    if ((parked & readers_parked) != 0) {
      reader_wakes_.fetch_add(1, std::memory_order_release);
      reader_wakes_.notify_all();
    }
    if ((parked & writers_parked) != 0) {
      writer_wakes_.fetch_add(1, std::memory_order_release);
      writer_wakes_.notify_one();
    }
  }

  GAUNTLET_NOINLINE void lock_slowly() noexcept {
    std::uint32_t flag = 0;  // once this thread was woken, it passes on that others may be parked
    const auto enter = [this, &flag](std::uint32_t& now) { return enter_alone(now, flag); };
    // Who holds the lock alone wakes a parked writer in any case. Readers that overlap may never be out all at once.
    const auto flags = [](std::uint32_t now) { return writers_parked | ((now & writer) != 0 ? 0 : announced); };
    for (unsigned naps = 0; !look(enter);) {
      if (naps < Tuning::patience && (word_.load(std::memory_order_relaxed) & writer) == 0) {
        ++naps;
        std::this_thread::sleep_for(Tuning::nap);
      } else {
        if (park(writer_wakes_, flags, enter)) return;
        flag = writers_parked;
      }
    }
  }
  GAUNTLET_NOINLINE void lock_shared_slowly() noexcept {
    const auto enter = [this](std::uint32_t& now) { return enter_shared(now); };
    const auto flags = [](std::uint32_t) { return readers_parked; };
    while (!look(enter)) {
      if (park(reader_wakes_, flags, enter)) return;
    }
  }

  template <class Enter>
  bool look(Enter& enter) noexcept {
    for (unsigned looks = 0; looks < Tuning::looks; ++looks) {
      for (unsigned pauses = 0; pauses < Tuning::first_pauses << looks; ++pauses) spin_pause();
      std::uint32_t now = word_.load(std::memory_order_relaxed);
      if (enter(now)) return true;
    }
    return false;
  }

  // Sets the flags that go with the word and sleeps until it is woken. True: there was room after all, and it is in.
  template <class Flags, class Enter>
  bool park(std::atomic<std::uint32_t>& wakes, Flags flags, Enter& enter) noexcept {
    // [wake-up] pairs with wake: acquire, a flag set below is set after all that were taken away for these wake-ups.
    const std::uint32_t seen = wakes.load(std::memory_order_acquire);
    std::uint32_t now = word_.load(std::memory_order_relaxed);
    do {
      if (enter(now)) return true;
    } while ((now & flags(now)) != flags(now) &&
             !word_.compare_exchange_weak(now, now | flags(now), std::memory_order_relaxed, std::memory_order_relaxed));
    wakes.wait(seen, std::memory_order_relaxed);
    return false;
  }

  std::atomic<std::uint32_t> word_{0};
  std::atomic<std::uint32_t> reader_wakes_{0}, writer_wakes_{0};
};

using shared_spin_park_lock = basic_shared_spin_park_lock<shared_spin_park_tuning>;

}  // namespace gauntlet::detail
