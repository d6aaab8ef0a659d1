// The reader-writer lock of shared_mutex_map: nobody sleeps for ever, nobody is in beside a writer, in every interleaving
// of few preemptions and in many others, in both memory models.
#include "shared_lock.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>

#include <gauntlet/sched/explore_for_tests.h>
#include <gauntlet/sched/strategies/exhaustive.h>

namespace {

using gauntlet::sched::exhaustive;
using gauntlet::sched::explore;
using gauntlet::sched::finding;
using gauntlet::sched::memory_model;
using gauntlet::sched::outcome;
using gauntlet::sched::run_options;

void expect_nothing(const std::function<void()>& body, std::uint32_t preemptions_max) {
  for (const memory_model memory : {memory_model::sequential, memory_model::weak}) {
    run_options options;
    options.memory = memory;
    const auto result = explore(body, 10000, options);
    ASSERT_EQ(result.first.found, finding::none) << "run " << result.runs << ": " << result.first.message;
  }
  exhaustive every({.preemptions_max = preemptions_max, .sleep_sets = false});
  while (!every.done()) {
    const outcome each = gauntlet::sched::run(body, every);
    ASSERT_EQ(each.found, finding::none) << each.message;
  }
  EXPECT_TRUE(every.complete()) << every.summary();
  EXPECT_GT(every.explored(), 100U);
  std::printf("%s\n", every.summary().c_str());
}

TEST(shared_spin_park_lock, keeps_writers_alone) { expect_nothing(props::two_writers_and_a_reader, 2); }

TEST(shared_spin_park_lock, lets_an_announced_writer_in) {
  expect_nothing(props::two_readers_and_an_announcing_writer, 2);
}

TEST(shared_spin_park_lock, leaves_nobody_asleep) { expect_nothing(props::three_wait_for_a_writer, 1); }

TEST(shared_spin_park_lock, would_leave_a_reader_asleep_if_it_woke_one_of_them) {
  EXPECT_EQ(explore(props::three_wait_for_a_writer_who_wakes_one, 1000).first.found, finding::deadlock);
}

TEST(shared_spin_park_lock, would_leave_a_writer_asleep_if_readers_woke_nobody) {
  EXPECT_EQ(explore(props::two_readers_who_wake_nobody_and_an_announcing_writer, 1000).first.found, finding::deadlock);
}

}  // namespace
