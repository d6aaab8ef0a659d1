// Threads that wait for each other for ever.
#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <gauntlet/sched/programs/bodies.h>
#include <gauntlet/sched/programs/together.h>

namespace gauntlet::sched::programs_detail {

namespace {

// Between shards of a table, things move under both locks. Bug: the locks are taken in the order of the arguments.
template <bool ordered>
void move_between_shards() {
  struct shard {
    std::mutex m;
    int things = 10;
  };
  std::array<shard, 3> shards;
  const auto move = [&](std::size_t from, std::size_t to) {
    const bool swap = ordered && to < from;
    const std::lock_guard outer(shards[swap ? to : from].m);
    const std::lock_guard inner(shards[swap ? from : to].m);
    --shards[from].things;
    ++shards[to].things;
  };
  together(
      [&] {
        move(0, 1);
        move(1, 2);
      },
      [&] { move(2, 0); }, [&] { move(0, 2); });
  GAUNTLET_SCHED_CHECK(shards[0].things + shards[1].things + shards[2].things == 30);
}

// Each takes the fork on the left, then the one on the right. Bug: all of them.
template <unsigned n, bool one_is_left_handed>
void dine() {
  std::array<std::mutex, n> forks;
  std::vector<std::thread> philosophers;
  for (unsigned i = 0; i < n; ++i) {
    philosophers.emplace_back([&forks, i] {
      const unsigned left = i, right = (i + 1) % n;
      const bool other_hand = one_is_left_handed && i == 0;
      const std::lock_guard first(forks[other_hand ? right : left]);
      const std::lock_guard second(forks[other_hand ? left : right]);
    });
  }
  for (std::thread& p : philosophers) p.join();
}

// One waits for a flag. Bug: it looks outside the lock, and waits for a notification that has been sent since.
template <bool looks_inside>
void wait_for_flag() {
  std::mutex m;
  std::condition_variable changed;
  bool ready = false;
  const auto is_ready = [&] {
    const std::lock_guard guard(m);
    return ready;
  };
  together(
      [&] {
        if (!looks_inside && is_ready()) return;
        std::unique_lock guard(m);
        if (looks_inside) {
          changed.wait(guard, [&] { return ready; });
        } else {
          changed.wait(guard);
        }
      },
      [&] {
        {
          const std::lock_guard guard(m);
          ready = true;
        }
        changed.notify_one();
      });
}

}  // namespace

void lock_order() { move_between_shards<false>(); }
void sound_lock_order() { move_between_shards<true>(); }
void dining_philosophers_3() { dine<3, false>(); }
void dining_philosophers_5() { dine<5, false>(); }
void dining_with_one_left_handed() { dine<5, true>(); }
void lost_wake_up() { wait_for_flag<false>(); }
void no_lost_wake_up() { wait_for_flag<true>(); }

}  // namespace gauntlet::sched::programs_detail
