// Classic mistakes under the controlled scheduler: the smallest schedule that shows each, printed; and the right way, in
// which none of many schedules finds anything. README.md beside this tells the stories.
#include "on_threads.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <optional>
#include <ostream>
#include <string>

#include <gauntlet/sched/explore_for_tests.h>
#include <gauntlet/sched/report/trace.h>
#include <gauntlet/sched/strategies/exhaustive.h>

namespace props {
static void PrintTo(const mistake& m, std::ostream* out) { *out << m.name; }
static void PrintTo(const claim& c, std::ostream* out) { *out << c.name; }
}  // namespace props

namespace {

using namespace gauntlet::sched;

run_options options_of(const props::mistake& m) {
  run_options options;
  options.judge_races = options.judge_frees = m.judge_races;
  options.allocator = reuse::quarantine;
  return options;
}

// The run with the fewest deviations among those with at most so many preemptions in which something is found; none if
// nothing is. Nothing may be found there but `expected`.
std::optional<outcome> smallest(void (*body)(), unsigned preemptions_max, const run_options& options,
                                finding expected) {
  constexpr std::uint64_t runs_max = 20'000;
  exhaustive every({.preemptions_max = preemptions_max, .sleep_sets = false});
  std::optional<outcome> least;
  while (!every.done() && every.explored() < runs_max) {
    outcome seen = run(body, every, options);
    if (seen.found == finding::none) continue;
    EXPECT_EQ(seen.found, expected) << seen.message;
    if (!least || seen.schedule.deviations.size() < least->schedule.deviations.size()) least = std::move(seen);
  }
  EXPECT_TRUE(least || every.complete());
  return least;
}

class classic_mistake : public testing::TestWithParam<props::mistake> {};
INSTANTIATE_TEST_SUITE_P(, classic_mistake, testing::ValuesIn(props::mistakes().begin(), props::mistakes().end()),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(classic_mistake, shows_in_a_schedule_and_in_none_that_is_smaller) {
  const props::mistake& m = GetParam();
  run_options options = options_of(m);
  for (unsigned fewer = 0; fewer < m.preemptions; ++fewer) {
    const auto seen = smallest(m.wrong, fewer, options, finding::none);
    EXPECT_FALSE(seen) << "with " << fewer << " preemptions: " << seen->message;
  }
  const auto seen = smallest(m.wrong, m.preemptions, options, m.shows_as);
  ASSERT_TRUE(seen);
  EXPECT_NE(seen->message.find(m.says), std::string::npos) << seen->message;

  options.record_trace = true;
  const outcome again = replay(m.wrong, seen->schedule, options);
  EXPECT_EQ(again.message, seen->message);
  std::printf("%s\n\n%s\n%s\n", again.message.c_str(), print(seen->schedule).c_str(), print_switches(again).c_str());
}

// All interleavings with at most one preemption, then random ones, also under weak memory.
void expect_nothing(void (*body)(), run_options options) {
  options.judge_races = true;
  const auto seen = smallest(body, 1, options, finding::none);
  EXPECT_FALSE(seen) << seen->message << "\n" << print(seen->schedule);
  for (const memory_model memory : {memory_model::sequential, memory_model::weak}) {
    options.memory = memory;
    const outcome at_random = explore(body, 1000, options).first;
    EXPECT_EQ(at_random.found, finding::none) << at_random.message << "\n" << print(at_random.schedule);
  }
}

TEST_P(classic_mistake, does_not_show_when_done_right) { expect_nothing(GetParam().right, options_of(GetParam())); }

class claim : public testing::TestWithParam<props::claim> {};
INSTANTIATE_TEST_SUITE_P(, claim, testing::ValuesIn(props::claims().begin(), props::claims().end()),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(claim, holds_with_one_preemption_and_at_random) { expect_nothing(GetParam().holds, {}); }

// Not for nothing, and not plain: loads that are atomic, a note in the reader's own slot, no lock, no read-modify-write.
TEST(a_read_of_rcu_map, is_atomic_loads) {
  run_options options;
  options.record_trace = true;
  random_walk walk;
  props::window read{};
  const outcome seen = run([&read] { read = props::read_of_rcu_map(); }, walk, options);
  ASSERT_EQ(seen.found, finding::none) << seen.message;
  unsigned loads = 0;
  for (const traced_event& e : seen.trace) {
    if (e.step <= read.from || e.step > read.to) continue;
    loads += e.what.kind == event_kind::load;
    EXPECT_TRUE(e.what.kind == event_kind::load || e.what.kind == event_kind::store) << to_string(e.what.kind);
  }
  EXPECT_GE(loads, 2u);
}

}  // namespace
