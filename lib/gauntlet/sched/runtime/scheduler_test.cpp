// What counts as getting on: code that reads for long, waits for a sleeper or lets somebody go first is no livelock, and
// code that only spins is; and what the scheduler remembers of one run has no say in the next.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include <gauntlet/sched/explore_for_tests.h>
#include <gtest/gtest.h>

namespace gauntlet::sched {
namespace {

constexpr run_options many_events{.events_max = 100'000};

void expect_nothing(const std::function<void()>& body, std::uint64_t runs = 30) {
  const explored result = explore(body, runs, many_events);
  EXPECT_EQ(result.first.found, finding::none) << result.first.message;
}

void read_all(int count) {
  const auto all = std::make_unique<std::atomic<int>[]>(static_cast<std::size_t>(count));
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += all[static_cast<std::size_t>(i)].load();
  GAUNTLET_SCHED_CHECK(sum == 0);
}

TEST(scheduler, lets_a_thread_read_for_long) {
  expect_nothing([] { std::thread([] { read_all(6000); }).join(); });
}

TEST(scheduler, lets_a_thread_read_for_long_beside_one_that_waits_for_it) {
  expect_nothing([] {
    std::atomic<bool> finished{false};
    std::thread reader([&] {
      read_all(6000);
      finished = true;
    });
    while (!finished) std::this_thread::yield();
    reader.join();
  });
}

TEST(scheduler, lets_the_last_thread_look_at_one_thing_for_long) {
  expect_nothing([] {
    std::atomic<int> one{0};
    int sum = 0;
    for (int i = 0; i < 3000; ++i) sum += one.load();
    GAUNTLET_SCHED_CHECK(sum == 0);
  });
}

TEST(scheduler, calls_threads_that_look_at_the_same_things_again_and_again_a_livelock) {
  const explored result = explore(
      [] {
        std::atomic<int> all[500] = {};
        const auto look = [&] {
          for (int found = 0; found == 0;)
            for (auto& each : all) found += each.load();
        };
        std::thread a(look), b(look);
        a.join();
        b.join();
      },
      1, many_events);
  EXPECT_EQ(result.first.found, finding::livelock) << result.first.message;
  EXPECT_EQ(result.first.message.find("more events"), std::string::npos) << result.first.message;
  EXPECT_LT(result.first.events, 30'000U);
}

// The one changes something at every turn and never yields; the other has yielded before, late in the run.
TEST(scheduler, gives_a_thread_that_yielded_its_turn_in_a_long_run) {
  expect_nothing([] {
    std::atomic<int> counter{0};
    std::atomic<bool> started{false}, stop{false};
    std::thread busy([&] {
      for (int i = 0; i < 11'000; ++i) ++counter;
      started = true;
      while (!stop) {
        ++counter;
        --counter;
      }
    });
    while (!started) std::this_thread::yield();
    stop = true;
    busy.join();
  });
}

TEST(scheduler, lets_who_changes_something_wake_a_sleeper_before_time_does) {
  bool woken = false, timed_out = false;
  const auto body = [&] {
    std::mutex m;
    std::condition_variable c;
    bool ready = false;
    std::atomic<int> count{0};
    std::thread waker([&] {
      for (int i = 0; i < 20; ++i) {
        ++count;
        std::this_thread::yield();
      }
      const std::lock_guard guard(m);
      ready = true;
      c.notify_one();
    });
    {
      std::unique_lock guard(m);
      (c.wait_for(guard, std::chrono::hours(1), [&] { return ready; }) ? woken : timed_out) = true;
    }
    waker.join();
  };
  expect_nothing(body, 300);
  EXPECT_TRUE(woken);
}

TEST(scheduler, lets_a_sleeper_sleep_to_its_end_beside_one_that_counts_until_then) {
  expect_nothing([] {
    std::atomic<bool> slept{false};
    std::atomic<int> count{0};
    std::thread sleeper([&] {
      std::this_thread::sleep_for(std::chrono::hours(1));
      slept = true;
    });
    while (!slept) {
      ++count;
      std::this_thread::yield();
    }
    sleeper.join();
  });
}

// The run that fails leaves a sleeper behind.
TEST(scheduler, begins_the_replay_of_a_failure_beside_a_sleeper_as_it_began_the_run) {
  const auto body = [] {
    std::atomic<int> count{0};
    std::atomic<bool> slept{false};
    std::thread sleeper([&] {
      std::this_thread::sleep_for(std::chrono::hours(1));
      slept = true;
    });
    for (int i = 0; i < 70; ++i) {
      ++count;
      std::this_thread::yield();
    }
    GAUNTLET_SCHED_CHECK(slept);
    sleeper.join();
  };
  unsigned failed = 0;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    random_walk walk;
    run_options options = many_events;
    options.rng_seed = seed;
    const outcome first = run(body, walk, options);
    if (first.found == finding::none) continue;
    ++failed;
    const outcome again = replay(body, first.schedule, options);
    EXPECT_EQ(again.hash, first.hash);
    EXPECT_EQ(again.message, first.message);
  }
  EXPECT_GT(failed, 0U);
}

}  // namespace
}  // namespace gauntlet::sched
