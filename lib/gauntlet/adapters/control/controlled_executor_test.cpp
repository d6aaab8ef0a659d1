// When an operation begins, and what is left of it where a run is given up.
#include <gauntlet/adapters/control/controlled_executor.h>

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include <gauntlet/sched/strategies/random_walk.h>

namespace gauntlet::adapters {
namespace {

struct counted_start final : check::concurrent_executor::start {
  void again() override { ++times; }
  int times = 0;
};

struct noted {
  int starts = 0;
  std::vector<controlled_executor::mark> marks;
};

// One operation, number 7 in lane 1, that does so many events and then, if it may, ends.
noted of_operation(int events, bool ends, bool judge_races = true) {
  sched::random_walk walk;
  sched::run_options options;
  options.record_trace = true;
  options.judge_races = judge_races;
  controlled_executor executor(walk, options);
  counted_start starts;
  bool completed = false;
  executor.run(
      [&] {
        std::atomic<int> n{0};
        ++n;
        executor.begins(1, 7, starts);
        for (int i = 0; i < events; ++i) ++n;
        if (!ends) sched::check_failed("given up", "here", 1);
        executor.ends(1, 7);
        ++n;
      },
      completed);
  EXPECT_EQ(completed, ends);
  return {starts.times, executor.marks()};
}

TEST(controlled_executor, an_operation_starts_again_once_with_its_first_event) {
  const noted two = of_operation(2, true);
  EXPECT_EQ(two.starts, 1);
  ASSERT_EQ(two.marks.size(), 2u);
  EXPECT_TRUE(two.marks[0].begins);
  EXPECT_FALSE(two.marks[1].begins);
  EXPECT_EQ(two.marks[1].step - two.marks[0].step, 2u);
}

TEST(controlled_executor, an_operation_without_events_begins_when_it_is_called) {
  const noted none = of_operation(0, true);
  EXPECT_EQ(none.starts, 0) << "nor with an event that comes after it";
  ASSERT_EQ(none.marks.size(), 2u);
  EXPECT_EQ(none.marks[0].step, none.marks[1].step);
}

TEST(controlled_executor, where_races_are_let_pass_an_operation_begins_when_it_is_called) {
  EXPECT_EQ(of_operation(2, true, false).starts, 0);
  EXPECT_EQ(of_operation(2, true, false).marks.size(), 2u);
}

TEST(controlled_executor, an_operation_keeps_its_mark_where_the_run_is_given_up) {
  for (const int events : {0, 1}) {
    const noted given_up = of_operation(events, false);
    ASSERT_EQ(given_up.marks.size(), 1u) << events;
    EXPECT_TRUE(given_up.marks[0].begins);
    EXPECT_EQ(given_up.marks[0].source, 7u);
  }
}

// An operation that goes on to the end of the run; `meanwhile` is called after each of its events.
template <class Function>
check::verdict of_long_operation(Function meanwhile) {
  sched::random_walk walk;
  sched::run_options options;
  options.events_max = 200;
  controlled_executor executor(walk, options);
  counted_start starts;
  bool completed = false;
  return executor.run(
      [&] {
        std::atomic<int> n{0};
        executor.begins(1, 7, starts);
        for (unsigned i = 0; i < 1000; ++i) {
          ++n;
          meanwhile(executor, i);
        }
      },
      completed);
}

TEST(controlled_executor, a_run_in_which_operations_end_to_the_last_was_only_long) {
  EXPECT_EQ(of_long_operation([](controlled_executor&, unsigned) {}).kind, check::failure_kind::no_progress);
  EXPECT_TRUE(of_long_operation([](controlled_executor& executor, unsigned) {
    counted_start starts;
    std::atomic<int> n{0};
    executor.begins(2, 8, starts);
    ++n;
    executor.ends(2, 8);
  }));
}

TEST(controlled_executor, a_walk_that_shows_new_keys_to_the_last_was_only_long) {
  const auto of_walk_over = [](unsigned keys) {
    std::vector<check::element> shown;
    shown.reserve(1000);
    return of_long_operation([&](controlled_executor& executor, unsigned i) {
      shown.emplace_back(i % keys, 0);
      executor.shows(shown);
    });
  };
  EXPECT_TRUE(of_walk_over(1000));
  EXPECT_EQ(of_walk_over(10).kind, check::failure_kind::no_progress) << "it shows the same ones again and again";
}

}  // namespace
}  // namespace gauntlet::adapters
