// Atomics whose order is too weak: wrong by the rules of C++, and right on every machine that happens to be at hand.
#include <atomic>
#include <memory>
#include <mutex>

#include <gauntlet/sched/programs/bodies.h>
#include <gauntlet/sched/programs/together.h>

namespace gauntlet::sched::programs_detail {

namespace {

// A thing made at its first use. Bug: who sees the pointer need not see the thing; the first look does not acquire.
template <std::memory_order look, std::memory_order publish>
void make_once() {
  struct thing {
    int a = 1, b = 2;
  };
  std::atomic<thing*> made{nullptr};
  std::unique_ptr<thing> owner;
  std::mutex m;
  const auto use = [&] {
    thing* t = made.load(look);
    if (t == nullptr) {
      const std::lock_guard guard(m);
      t = made.load(std::memory_order_relaxed);
      if (t == nullptr) {
        owner = std::make_unique<thing>();
        t = owner.get();
        made.store(t, publish);
      }
    }
    GAUNTLET_SCHED_CHECK(t->a + t->b == 3);
  };
  together(use, use);
}

// Two threads want the same place: each puts up its flag and looks for the other's. Bug: with less than seq_cst, both may
// see none.
template <std::memory_order put, std::memory_order look>
void enter() {
  std::atomic<int> flag[2] = {};
  std::atomic<int> inside{0};
  const auto try_to_enter = [&](int me) {
    flag[me].store(1, put);
    if (flag[1 - me].load(look) == 0) inside.fetch_add(1);
  };
  together([&] { try_to_enter(0); }, [&] { try_to_enter(1); });
  GAUNTLET_SCHED_CHECK(inside.load() < 2);
}

}  // namespace

void double_checked_locking() { make_once<std::memory_order_relaxed, std::memory_order_relaxed>(); }
void sound_double_checked_locking() { make_once<std::memory_order_acquire, std::memory_order_release>(); }
void store_buffering() { enter<std::memory_order_release, std::memory_order_acquire>(); }
void sound_store_buffering() { enter<std::memory_order_seq_cst, std::memory_order_seq_cst>(); }

}  // namespace gauntlet::sched::programs_detail
