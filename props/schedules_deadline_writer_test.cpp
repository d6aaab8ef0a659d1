// After anything but `done` a write has not happened and never will: deadline_writer over every map that can be written
// with a deadline, under the controlled scheduler and its virtual time. And the write by a worker and a channel, which
// is caught.
#include "timed_writes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>

#include <gauntlet/sched/explore_for_tests.h>

namespace {

using gauntlet::sched::finding;
using gauntlet::sched::memory_model;
using gauntlet::sched::run_options;

struct summed {
  std::uint64_t broken_promises = 0, done = 0, timed_out = 0, cancelled = 0;
};

// Runs the body under many schedules, in both memory models; nothing may be found but by the promise itself.
summed explore(const std::function<props::timed_run()>& body, std::uint64_t runs) {
  summed sum;
  for (const memory_model memory : {memory_model::sequential, memory_model::weak}) {
    run_options options;
    options.memory = memory;
    options.events_max = 100000;
    const auto result = gauntlet::sched::explore(
        [&sum, &body] {
          const props::timed_run run = body();
          sum.broken_promises += !run.kept_promise;
          sum.done += run.done;
          sum.timed_out += run.timed_out;
          sum.cancelled += run.cancelled;
        },
        runs, options);
    EXPECT_EQ(result.first.found, finding::none) << "run " << result.runs << ": " << result.first.message;
  }
  return sum;
}

class deadline_writer : public testing::TestWithParam<props::timed_map> {};

TEST_P(deadline_writer, has_written_what_it_says_and_nothing_else) {
  const summed sum = explore([] { return props::timed_writes_against_a_holder(GetParam()); }, 4000);
  EXPECT_EQ(sum.broken_promises, 0U);
  EXPECT_GT(sum.done, 100U);
  EXPECT_GT(sum.timed_out, 100U);
  EXPECT_GT(sum.cancelled, 100U);
}

INSTANTIATE_TEST_SUITE_P(over, deadline_writer,
                         testing::Values(props::timed_map::shared_mutex, props::timed_map::sharded,
                                         props::timed_map::rcu, props::timed_map::routed),
                         [](const auto& instance) {
                           switch (instance.param) {
                             case props::timed_map::shared_mutex:
                               return "shared_mutex_map";
                             case props::timed_map::sharded:
                               return "sharded_map";
                             case props::timed_map::rcu:
                               return "rcu_map";
                             case props::timed_map::routed:
                               break;
                           }
                           return "routed_map";
                         });

TEST(deadline_writer_over_rcu_map, gives_up_waiting_for_readers_too) {
  const summed sum = explore(props::timed_writes_against_a_reader, 4000);
  EXPECT_EQ(sum.broken_promises, 0U);
  EXPECT_GT(sum.done, 100U);
  EXPECT_GT(sum.timed_out, 100U);
}

TEST(timed_write_by_worker, writes_after_it_said_that_it_did_not) {
  const summed sum = explore(props::write_by_worker_against_a_holder, 200);
  EXPECT_GT(sum.broken_promises, 0U);
}

}  // namespace
