// Contention: how often a lock was taken, how often somebody had to wait for it, and for how long.
//
// `counted_lock<Lock>` is a lock around another that keeps these counts. It is a type of its own, named in a map's
// policy, so that a map without it pays nothing:
//
//   struct counted_policy : gauntlet::sharded_map_policy {
//     using lock_type = gauntlet::counted_lock<gauntlet::sharded_map_policy::lock_type>;
//   };
//   gauntlet::sharded_map<Key, T, Hash, KeyEqual, Allocator, counted_policy> map;
//   for (const gauntlet::contention_stats& shard : map.contention()) std::cout << shard.waits << '\n';
//
// A thread *waits* if the lock was not free at its first look. Times are read from Clock, twice for each holding and
// twice more for each wait; counts and times are relaxed sums, which order nothing and hide no race from a detector.
//
// The hard case is a look at a lock that is held. Holdings overlap where a lock is shared, and none has a place to keep
// its beginning. So one word has the number of holders and the sum of the ends less that of the beginnings: both change
// in one addition, and the holders times the time now complete the sum, whenever one looks.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ostream>

#include <gauntlet/map/detail/annotations.h>

namespace gauntlet {

struct contention_stats {
  std::uint64_t acquisitions = 0;        // the lock was taken, alone or shared
  std::uint64_t waits = 0;               // by somebody who had to wait for it, and has it
  std::chrono::nanoseconds wait_time{};  // by all waiters together
  std::chrono::nanoseconds longest_wait{};
  std::chrono::nanoseconds hold_time{};  // by all holders together

  contention_stats& operator+=(const contention_stats& other) noexcept {
    acquisitions += other.acquisitions;
    waits += other.waits;
    wait_time += other.wait_time;
    if (longest_wait < other.longest_wait) longest_wait = other.longest_wait;
    hold_time += other.hold_time;
    return *this;
  }
  friend bool operator==(const contention_stats&, const contention_stats&) = default;
  friend std::ostream& operator<<(std::ostream& out, const contention_stats& stats) {
    return out << stats.acquisitions << " acquisitions, " << stats.waits << " waits of " << stats.wait_time.count()
               << " ns, the longest " << stats.longest_wait.count() << " ns, held " << stats.hold_time.count() << " ns";
  }
};

// What Lock offers: try_lock for the first look, lock_shared and its kind where Lock has them.
template <class Lock, class Clock = std::chrono::steady_clock>
class GAUNTLET_CAPABILITY("counted_lock") counted_lock {
 public:
  void lock() GAUNTLET_ACQUIRE() GAUNTLET_UNCHECKED_LOCKING {
    if (!lock_.try_lock()) waiting([this]() GAUNTLET_UNCHECKED_LOCKING { lock_.lock(); });
    begin();
  }
  bool try_lock() GAUNTLET_TRY_ACQUIRE(true) GAUNTLET_UNCHECKED_LOCKING {
    if (!lock_.try_lock()) return false;
    begin();
    return true;
  }
  void unlock() GAUNTLET_RELEASE() GAUNTLET_UNCHECKED_LOCKING {
    end();
    lock_.unlock();
  }
  void lock_shared() GAUNTLET_ACQUIRE_SHARED() GAUNTLET_UNCHECKED_LOCKING {
    if (!lock_.try_lock_shared()) waiting([this]() GAUNTLET_UNCHECKED_LOCKING { lock_.lock_shared(); });
    begin();
  }
  bool try_lock_shared() GAUNTLET_TRY_ACQUIRE_SHARED(true) GAUNTLET_UNCHECKED_LOCKING {
    if (!lock_.try_lock_shared()) return false;
    begin();
    return true;
  }
  void unlock_shared() GAUNTLET_RELEASE_SHARED() GAUNTLET_UNCHECKED_LOCKING {
    end();
    lock_.unlock_shared();
  }

  // Any thread, without the lock. Exact while nobody is at the lock; otherwise each figure is one that was true at some
  // moment of the call: who waits counts when the wait is over, who holds counts up to that moment.
  contention_stats stats() const noexcept {
    contention_stats s;
    s.acquisitions = acquisitions_.load(std::memory_order_relaxed);
    s.waits = waits_.load(std::memory_order_relaxed);
    s.wait_time = std::chrono::nanoseconds(wait_time_.load(std::memory_order_relaxed));
    s.longest_wait = std::chrono::nanoseconds(longest_wait_.load(std::memory_order_relaxed));
    const std::uint64_t holding = holding_.load(std::memory_order_relaxed);
    const std::uint64_t holders = holding & (one_time - 1);
    const std::uint64_t time = holding + holders * (now_shifted() - 1);  // no more holders: the bits below are zero
    s.hold_time = std::chrono::nanoseconds(static_cast<std::int64_t>(time) / static_cast<std::int64_t>(one_time));
    return s;
  }

 private:
  static std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
  }
  template <class Take>
  void waiting(Take take) {
    const std::int64_t from = now();
    take();
    const std::int64_t time = now() - from;
    waits_.fetch_add(1, std::memory_order_relaxed);
    wait_time_.fetch_add(time, std::memory_order_relaxed);
    std::int64_t longest = longest_wait_.load(std::memory_order_relaxed);
    while (longest < time && !longest_wait_.compare_exchange_weak(longest, time, std::memory_order_relaxed)) {
    }
  }
  void begin() {
    acquisitions_.fetch_add(1, std::memory_order_relaxed);
    holding_.fetch_add(1 - now_shifted(), std::memory_order_relaxed);
  }
  void end() { holding_.fetch_add(now_shifted() - 1, std::memory_order_relaxed); }

  // Room for 4095 holders at once and for 26 days of holding. That the product of holders and time is larger than the
  // word does no harm: what is left out of it, the beginnings leave out, too.
  static constexpr std::uint64_t one_time = 4096;
  static std::uint64_t now_shifted() { return static_cast<std::uint64_t>(now()) * one_time; }

  Lock lock_;
  // [contention] pairs with nothing: sums that are read at leisure.
  std::atomic<std::uint64_t> acquisitions_{0}, waits_{0}, holding_{0};
  std::atomic<std::int64_t> wait_time_{0}, longest_wait_{0};
};

}  // namespace gauntlet
