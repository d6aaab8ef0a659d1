// A body that is right, under control: many schedules in both memory models, and every interleaving of few preemptions.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>

#include <gauntlet/sched/explore_for_tests.h>
#include <gauntlet/sched/strategies/exhaustive.h>

namespace props {

inline void expect_nothing_in_every_interleaving(const std::function<void()>& body, std::uint32_t preemptions_max) {
  for (const auto memory : {gauntlet::sched::memory_model::sequential, gauntlet::sched::memory_model::weak}) {
    gauntlet::sched::run_options options;
    options.memory = memory;
    const auto result = gauntlet::sched::explore(body, 10000, options);
    ASSERT_EQ(result.first.found, gauntlet::sched::finding::none)
        << "run " << result.runs << ": " << result.first.message;
  }
  gauntlet::sched::exhaustive every({.preemptions_max = preemptions_max, .sleep_sets = false});
  while (!every.done()) {
    const gauntlet::sched::outcome each = gauntlet::sched::run(body, every);
    ASSERT_EQ(each.found, gauntlet::sched::finding::none) << each.message;
  }
  EXPECT_TRUE(every.complete()) << every.summary();
  EXPECT_GT(every.explored(), 100U);
}

}  // namespace props
