// Numbers that several threads change: updates that get lost, locks that are not the same one.
#include <atomic>
#include <mutex>
#include <thread>

#include <gauntlet/sched/programs/bodies.h>
#include <gauntlet/sched/programs/together.h>

namespace gauntlet::sched::programs_detail {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

// Two threads add three times each. Bug: load and store, not one event.
template <bool in_one_event>
void count_to_six() {
  std::atomic<int> counter{0};
  const auto add = [&] {
    for (int i = 0; i < 3; ++i) {
      if constexpr (in_one_event) {
        counter.fetch_add(1);
      } else {
        const int seen = counter.load();
        counter.store(seen + 1);
      }
    }
  };
  together(add, add);
  GAUNTLET_SCHED_CHECK(counter.load() == 6);
}

// One thread counts under a lock, `others` under another one. Bug: both count the same thing.
template <unsigned others, bool same_lock>
void count_under_locks() {
  std::mutex mine, theirs;
  std::atomic<unsigned> counter{0};
  const auto count = [&](std::mutex& m) {
    const std::lock_guard guard(m);
    counter.store(counter.load(relaxed) + 1, relaxed);
  };
  many_and_one(others, [&](unsigned) { count(theirs); }, [&] { count(same_lock ? theirs : mine); });
  GAUNTLET_SCHED_CHECK(counter.load() == others + 1);
}

// Money comes in and goes out. Bug: what is computed from the balance is written back under another lock of the mutex.
template <bool held_throughout>
void bank_account() {
  std::mutex m;
  std::atomic<int> balance{100};
  const auto change = [&](int by) {
    std::unique_lock guard(m);
    const int seen = balance.load(relaxed);
    if constexpr (!held_throughout) {
      guard.unlock();
      guard.lock();
    }
    balance.store(seen + by, relaxed);
  };
  together([&] { change(50); }, [&] { change(-30); });
  GAUNTLET_SCHED_CHECK(balance.load() == 120);
}

// Each of four threads passes its neighbour's token on, plus one. Bug: nothing makes them wait for their turn.
template <bool in_turn>
void pass_tokens() {
  std::mutex m;
  std::atomic<int> token[4] = {};
  const auto pass = [&](unsigned from) {
    for (;; std::this_thread::yield()) {
      const std::lock_guard guard(m);
      const int seen = token[from].load(relaxed);
      if (in_turn && from != 0 && seen != static_cast<int>(from)) continue;
      token[(from + 1) % 4].store(seen + 1, relaxed);
      return;
    }
  };
  together([&] { pass(0); }, [&] { pass(1); }, [&] { pass(2); }, [&] { pass(3); });
  // Whoever goes first passes a 1; only around the ring, in order, one of them gets to 4.
  int most = 0;
  for (const auto& t : token) most = t.load() > most ? t.load() : most;
  GAUNTLET_SCHED_CHECK(most == 4);
}

// A driver counts the requests in work; who stops it waits until there are none. Bug: a request looks whether the driver
// is stopping before it is counted, and works on when it was stopped between.
template <bool counted_first>
void stop_driver() {
  std::atomic<int> in_work{1};  // the driver itself
  std::atomic<bool> stopping{false}, stopped{false};
  const auto leave = [&] {
    if (in_work.fetch_sub(1) == 1) stopped.store(true);
  };
  const auto request = [&] {
    if constexpr (counted_first) {
      // Never from zero: then it has stopped for good.
      int seen = in_work.load();
      do {
        if (seen == 0) return;
      } while (!in_work.compare_exchange_strong(seen, seen + 1));
      if (!stopping.load()) GAUNTLET_SCHED_CHECK(!stopped.load());
    } else {
      if (stopping.load()) return;
      in_work.fetch_add(1);
      GAUNTLET_SCHED_CHECK(!stopped.load());
    }
    leave();
  };
  const auto stop = [&] {
    stopping.store(true);
    leave();
  };
  together(request, stop);
}

}  // namespace

void lost_update() { count_to_six<false>(); }
void no_lost_update() { count_to_six<true>(); }
void wronglock_1() { count_under_locks<1, false>(); }
void wronglock_3() { count_under_locks<3, false>(); }
void rightlock_1() { count_under_locks<1, true>(); }
void rightlock_3() { count_under_locks<3, true>(); }
void account() { bank_account<false>(); }
void sound_account() { bank_account<true>(); }
void token_ring() { pass_tokens<false>(); }
void token_ring_in_turn() { pass_tokens<true>(); }
void bluetooth_driver() { stop_driver<false>(); }
void sound_driver() { stop_driver<true>(); }

}  // namespace gauntlet::sched::programs_detail
