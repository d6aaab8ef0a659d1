// One thread among N: the bug shows only if it comes between two steps of another one before all others have come far.
// Easy for two threads, and the measure of a strategy for a hundred.
#include <atomic>
#include <mutex>

#include <gauntlet/sched/programs/bodies.h>
#include <gauntlet/sched/programs/together.h>

namespace gauntlet::sched::programs_detail {

// n - 1 threads set a, then b; one looks at a, then at b. Bug: it may see the first set and the second not.
template <unsigned n>
void reorder() {
  std::atomic<int> a{0}, b{0};
  many_and_one(
      n - 1,
      [&](unsigned) {
        a.store(1);
        b.store(-1);
      },
      [&] {
        const int seen_a = a.load(), seen_b = b.load();
        GAUNTLET_SCHED_CHECK(!(seen_a == 1 && seen_b == 0));
      });
}
// Right: who sees b set sees a set, too.
template <unsigned n>
void in_order() {
  std::atomic<int> a{0}, b{0};
  many_and_one(
      n - 1,
      [&](unsigned) {
        a.store(1);
        b.store(-1);
      },
      [&] {
        const int seen_b = b.load(), seen_a = a.load();
        GAUNTLET_SCHED_CHECK(seen_a == 1 || seen_b == 0);
      });
}

// n threads finish a first stage under one lock and a second under another one; a last thread takes the second for done
// when the first is. Bug: it isn't.
template <unsigned n, bool looks>
void two_stages() {
  std::mutex first, second;
  std::atomic<int> one{0}, two{0};
  many_and_one(
      n,
      [&](unsigned) {
        {
          const std::lock_guard guard(first);
          one.store(1, std::memory_order_relaxed);
        }
        const std::lock_guard guard(second);
        two.store(one.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      },
      [&] {
        int seen = 0;
        {
          const std::lock_guard guard(first);
          seen = one.load(std::memory_order_relaxed);
        }
        if (seen == 0) return;
        const std::lock_guard guard(second);
        const int then = two.load(std::memory_order_relaxed);
        if (looks && then == 0) return;
        GAUNTLET_SCHED_CHECK(then == seen + 1);
      });
}

template void reorder<3>();
template void reorder<4>();
template void reorder<5>();
template void reorder<10>();
template void reorder<20>();
template void reorder<50>();
template void reorder<100>();
template void in_order<3>();
template void in_order<20>();
template void two_stages<1, false>();
template void two_stages<2, false>();
template void two_stages<5, false>();
template void two_stages<10, false>();
template void two_stages<20, false>();
template void two_stages<50, false>();
template void two_stages<100, false>();
template void two_stages<2, true>();
template void two_stages<20, true>();

}  // namespace gauntlet::sched::programs_detail
