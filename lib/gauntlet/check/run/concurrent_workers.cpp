#include <gauntlet/check/run/concurrent_workers.h>

#include <thread>

#include <sched.h>
#include <unistd.h>

#include <gauntlet/check/run/concurrent_disturbance.h>

namespace gauntlet::check {
namespace {

// Waits until `done(value)`: spins, then sleeps on the atomic.
template <class Done>
std::uint32_t wait_until(const std::atomic<std::uint32_t>& atomic, std::memory_order order, Done done) {
  for (unsigned spins = 0;; ++spins) {
    const std::uint32_t value = atomic.load(order);
    if (done(value)) return value;
    if (spins < 200) {
      disturbance::relax();
    } else if (spins < 210) {
      sched_yield();
    } else {
      atomic.wait(value, std::memory_order_relaxed);
    }
  }
}

}  // namespace

concurrent_workers& concurrent_workers::of_this_process() {
  static pid_t owner = 0;
  static concurrent_workers* workers = nullptr;
  if (owner != getpid()) {
    owner = getpid();
    workers = new concurrent_workers();
  }
  return *workers;
}

concurrent_workers::concurrent_workers() {
  for (unsigned i = 1; i < count_max; ++i) std::thread([this, i] { work(i); }).detach();
}

void concurrent_workers::run(unsigned count, const std::function<void(unsigned)>& body) {
  if (count == 0) return;
  body_ = &body;
  count_ = count;
  arrived_.store(0, std::memory_order_relaxed);   // [gate] made visible by [start]
  finished_.store(0, std::memory_order_relaxed);  // [finish] made visible by [start]
  for (unsigned i = 1; i < count; ++i) {
    // [start] release pairs with the worker's acquire: body_, count_ and all that the caller prepared become visible.
    bells_[i].rings.fetch_add(1, std::memory_order_release);
    bells_[i].rings.notify_one();
  }
  begin_together(0);
  // [finish] acquire pairs with the workers' release: what the bodies did becomes visible to the caller.
  wait_until(finished_, std::memory_order_acquire, [count](std::uint32_t finished) { return finished + 1 == count; });
}

void concurrent_workers::work(unsigned index) {
  for (std::uint32_t heard = 0;;) {
    // [start] acquire pairs with run's release.
    heard = wait_until(bells_[index].rings, std::memory_order_acquire,
                       [heard](std::uint32_t rings) { return rings != heard; });
    begin_together(index);
    finished_.fetch_add(1, std::memory_order_release);  // [finish] pairs with run's acquire
    finished_.notify_one();
  }
}

void concurrent_workers::begin_together(unsigned index) {
  // [gate] relaxed: it only makes the beginnings meet; nothing is handed over, so no race is hidden.
  arrived_.fetch_add(1, std::memory_order_relaxed);
  for (unsigned spins = 0; arrived_.load(std::memory_order_relaxed) < count_; ++spins) {
    spins < 200 ? disturbance::relax() : static_cast<void>(sched_yield());
  }
  (*body_)(index);
}

}  // namespace gauntlet::check
