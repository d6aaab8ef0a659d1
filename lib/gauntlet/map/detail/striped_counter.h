// A count to which threads add without a read-modify-write and without sharing a cache line.
//
// Words. A *stripe* is a part of the sum on a cache line of its own. A thread's *stripe number* is a small number that no
// other living thread has; the last number is everybody's who came too late.
//
// The idea: whoever owns a stripe alone adds by a load and a store. Only the last stripe, shared, takes an atomic
// addition. A stripe may be negative: one thread inserts, another erases. The sum is exact when nobody adds; beside
// additions it is what the stripes showed one after the other, which need not be the sum of any moment.
//
// The hard case is a thread that ends: its number goes to another thread, which then must see what was added last.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <gauntlet/map/detail/attributes.h>

namespace gauntlet::detail {

class stripe_number {
 public:
  static constexpr unsigned shared = 63;

  static GAUNTLET_ALWAYS_INLINE unsigned of_this_thread() noexcept {
    const int number = mine_;
    return GAUNTLET_LIKELY(number >= 0) ? static_cast<unsigned>(number) : take();
  }

 private:
  struct returns_number {
    unsigned number;
    ~returns_number() {
      // [stripe number] pairs with take: the next owner sees what this thread stored in its stripes.
      if (number != shared) taken_.fetch_and(~(std::uint64_t{1} << number), std::memory_order_release);
      mine_ = static_cast<int>(shared);  // for maps used while the thread's other objects are destroyed
    }
  };

  static GAUNTLET_NOINLINE unsigned take() noexcept {
    std::uint64_t taken = taken_.load(std::memory_order_relaxed);
    unsigned number = 0;
    // [stripe number] pairs with the return of a number.
    do {
      number = std::min(static_cast<unsigned>(std::countr_one(taken)), shared);
    } while (number != shared && !taken_.compare_exchange_weak(taken, taken | std::uint64_t{1} << number,
                                                               std::memory_order_acquire, std::memory_order_relaxed));
    static thread_local returns_number at_the_end{number};
    mine_ = static_cast<int>(at_the_end.number);
    return at_the_end.number;
  }

  static inline std::atomic<std::uint64_t> taken_{0};
  static inline thread_local constinit int mine_ = -1;
};

template <unsigned Stripes>
class striped_counter {
  static_assert(Stripes >= 1 && Stripes <= stripe_number::shared + 1);

 public:
  GAUNTLET_ALWAYS_INLINE void add(std::int64_t number) noexcept {
    const unsigned mine = stripe_number::of_this_thread();
    if (GAUNTLET_LIKELY(mine < Stripes - 1)) {
      // [stripe] pairs with itself: this thread's own, others only read it, as one number of many.
      std::atomic<std::int64_t>& own = stripes_[mine].part;
      own.store(own.load(std::memory_order_relaxed) + number, std::memory_order_relaxed);
    } else {
      stripes_[Stripes - 1].part.fetch_add(number, std::memory_order_relaxed);
    }
  }
  // Never negative.
  std::size_t sum() const noexcept {
    std::int64_t all = 0;
    for (const stripe& each : stripes_) all += each.part.load(std::memory_order_relaxed);
    return all < 0 ? 0 : static_cast<std::size_t>(all);
  }
  // Only while nobody else uses the counter.
  void set(std::size_t number) noexcept {
    for (stripe& each : stripes_) each.part.store(0, std::memory_order_relaxed);
    stripes_[0].part.store(static_cast<std::int64_t>(number), std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t cache_line = 64;
  struct alignas(cache_line) stripe {
    std::atomic<std::int64_t> part{0};
  };
  stripe stripes_[Stripes];
};

}  // namespace gauntlet::detail
