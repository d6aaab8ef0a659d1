// Who is still freeing what it has taken, outside of every lock, and waiting for those who are.
//
// Two counters, as in sleepable RCU (McKenney 2006, "Sleepable RCU"): whoever begins counts in the one that is current;
// who waits lets the other one run dry, makes that the current one, and waits for the first. Newcomers count where nobody
// waits for them, so waiting ends.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>

namespace gauntlet::detail {

class freeing_count {
 public:
  // Returns the counter, for end(). Whoever is to be waited for begins under a lock that the one who waits takes afterwards.
  unsigned begin() noexcept {
    // [current] relaxed: either counter is right, await() looks at both.
    const unsigned counter = current_.load(std::memory_order_relaxed);
    // [freeing] relaxed: the lock orders it before await().
    count_[counter].fetch_add(1, std::memory_order_relaxed);
    return counter;
  }
  void end(unsigned counter) noexcept {
    // [freeing] pairs with await(): what was freed has been freed when that returns.
    count_[counter].fetch_sub(1, std::memory_order_release);
  }
  // Waits for all who began before. One caller at a time; what it holds nobody may need who is freeing.
  void await() noexcept {
    const unsigned counter = current_.load(std::memory_order_relaxed);  // [current] written here alone
    run_dry(1 - counter);
    current_.store(1 - counter, std::memory_order_relaxed);  // [current] as in begin()
    run_dry(counter);
  }

 private:
  void run_dry(unsigned counter) const noexcept {
    // [freeing] pairs with end().
    while (count_[counter].load(std::memory_order_acquire) != 0) std::this_thread::yield();
  }

  std::atomic<unsigned> current_{0};
  std::atomic<std::size_t> count_[2] = {};
};

}  // namespace gauntlet::detail
