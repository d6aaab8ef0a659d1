// The exhaustive strategy against plain recursion, on a simulated machine. The ladder: recursion over machine states,
// the search without pruning, the search with sleep sets, the search under a bound.
#include <gauntlet/sched/strategies/exhaustive.h>

#include <gtest/gtest.h>

#include <gauntlet/sched/strategies/machine_for_tests.h>

namespace gauntlet::sched::simulated {
namespace {

struct search {
  std::set<std::string> states;
  std::map<std::string, std::uint64_t> times;
  std::set<std::vector<thread_id>> orders;
};

search run_all(const program& p, exhaustive& every) {
  search s;
  while (!every.done()) {
    const result r = simulate(p, every, 1);
    s.states.insert(r.state);
    ++s.times[r.state];
    s.orders.insert(r.order);
  }
  return s;
}
std::set<std::string> states_of(const std::map<std::string, std::uint64_t>& found) {
  std::set<std::string> states;
  for (const auto& [state, times] : found) states.insert(state);
  return states;
}
std::uint64_t sum_of(const std::map<std::string, std::uint64_t>& found) {
  std::uint64_t sum = 0;
  for (const auto& [state, times] : found) sum += times;
  return sum;
}

const program two_times_three = {{{action::add, 0, 1}, {action::add, 0, 1}, {action::add, 0, 1}},
                                 {{action::add, 0, 1}, {action::add, 0, 1}, {action::add, 0, 1}}};

TEST(exhaustive, explores_each_interleaving_of_dependent_events_once) {
  exhaustive every;
  const search s = run_all(two_times_three, every);
  EXPECT_EQ(every.explored(), 20U);  // 6 over 3
  EXPECT_EQ(every.repeated(), 0U);
  EXPECT_EQ(s.orders.size(), 20U);
  EXPECT_TRUE(every.complete());
  EXPECT_EQ(every.summary(),
            "all 20 interleavings of this program explored (orders of independent events counted once)");
}

TEST(exhaustive, knows_that_independent_threads_have_one_interleaving) {
  const program p = {{{action::add, 0, 1}, {action::add, 0, 1}}, {{action::add, 1, 1}, {action::add, 1, 1}}};
  exhaustive every;
  run_all(p, every);
  EXPECT_EQ(every.explored(), 1U);
  exhaustive plainly({.sleep_sets = false});
  run_all(p, plainly);
  EXPECT_EQ(plainly.explored(), 6U);
}

TEST(exhaustive, finds_the_only_bad_interleaving_and_the_deadlock) {
  const program lost_update = {{{action::load, 0}, {action::store_sum, 0, 1}},
                               {{action::load, 0}, {action::store_sum, 0, 1}}};
  exhaustive every;
  const search s = run_all(lost_update, every);
  EXPECT_TRUE(s.states.count("1 0 0 0 | 0 0")) << "the update was lost";
  EXPECT_TRUE(s.states.count("2 0 0 0 | 0 1"));

  const program crossed = {{{action::lock, 0}, {action::lock, 1}, {action::unlock, 1}, {action::unlock, 0}},
                           {{action::lock, 1}, {action::lock, 0}, {action::unlock, 0}, {action::unlock, 1}}};
  exhaustive again;
  EXPECT_TRUE(run_all(crossed, again).states.count("0 0 0 0 | 0 0 deadlock deadlock"));
}

TEST(exhaustive, reaches_the_same_states_with_and_without_sleep_sets_as_plain_recursion) {
  random r(11);
  std::uint64_t runs = 0, runs_unpruned = 0;
  for (int i = 0; i < 600; ++i) {
    const program p = random_program(r, 2 + r.below(2), 3);
    const auto truth = all_final_states(p);
    if (sum_of(truth) > 3000) continue;

    exhaustive plainly({.sleep_sets = false});
    const search all = run_all(p, plainly);
    ASSERT_EQ(all.times, truth) << "program " << i << ": without pruning, each interleaving once";

    exhaustive every;
    const search pruned = run_all(p, every);
    ASSERT_EQ(pruned.states, states_of(truth)) << "program " << i;
    ASSERT_TRUE(every.complete());
    ASSERT_LE(every.explored() + every.repeated(), plainly.explored()) << "program " << i;
    runs += every.explored() + every.repeated();
    runs_unpruned += plainly.explored();
  }
  EXPECT_GT(runs_unpruned, 50000U);
  EXPECT_LT(runs * 2, runs_unpruned) << "sleep sets should save something";
}

TEST(exhaustive, under_a_bound_explores_exactly_the_interleavings_within_it) {
  random r(13);
  for (int i = 0; i < 200; ++i) {
    const program p = random_program(r, 2 + r.below(2), 3);
    if (sum_of(all_final_states(p)) > 1000) continue;
    exhaustive plainly({.sleep_sets = false});
    std::map<std::uint32_t, std::uint64_t> with, with_alternatives;
    while (!plainly.done()) {
      const result run = simulate(p, plainly, 1);
      const auto& all = run.recorded.deviations;
      const auto old =
          std::count_if(all.begin(), all.end(), [](const deviation& d) { return d.kind == choice_kind::store; });
      ++with[run.preemptions];
      ++with_alternatives[run.preemptions + static_cast<std::uint32_t>(old)];
    }
    std::uint64_t within = 0, within_both = 0;
    for (std::uint32_t bound = 0; bound < 4; ++bound) {
      within += with[bound];
      within_both += with_alternatives[bound];
      exhaustive bounded({.preemptions_max = bound});
      run_all(p, bounded);
      ASSERT_EQ(bounded.explored(), within) << "program " << i << ", bound " << bound;
      exhaustive both({.preemptions_max = bound, .alternatives_count = true});
      run_all(p, both);
      ASSERT_EQ(both.explored(), within_both) << "program " << i << ", bound " << bound;
    }
  }
}

TEST(exhaustive, says_so_where_it_is_not_complete) {
  exhaustive every({.preemptions_max = 1});
  simulate(two_times_three, every, 1);
  EXPECT_FALSE(every.done());
  EXPECT_EQ(every.summary(), "1 interleavings of this program with at most 1 preemptions explored, not all");
  run_all(two_times_three, every);
  EXPECT_EQ(every.summary(), "all 4 interleavings of this program with at most 1 preemptions explored");

  // Another program halfway: the path leads to a thread that can't run.
  exhaustive confused;
  const program longer = {{{action::store, 0, 1}}, {{action::store, 0, 2}}, {{action::store, 0, 3}}};
  simulate(longer, confused, 1);
  simulate(longer, confused, 1);
  const program shorter = {{{action::store, 0, 1}}, {{action::store, 0, 2}}, {}};
  while (!confused.done()) simulate(shorter, confused, 1);
  EXPECT_FALSE(confused.complete());
}

TEST(independence, is_symmetric_and_never_assumed_of_what_touches_one_location) {
  for (unsigned a = 0; a < event_kind_count; ++a) {
    for (unsigned b = 0; b < event_kind_count; ++b) {
      const event x{static_cast<event_kind>(a), 1, 4, 0x1000, 1}, y{static_cast<event_kind>(b), 2, 4, 0x1000, 2};
      EXPECT_EQ(independent(x, y), independent(y, x)) << a << " " << b;
      const bool threads_only = [&] {
        for (const event_kind k : {x.kind, y.kind}) {
          if (k == event_kind::begin || k == event_kind::end || k == event_kind::create || k == event_kind::join)
            return true;
        }
        return false;
      }();
      if (!threads_only && conflicts(x, y)) {
        EXPECT_FALSE(independent(x, y)) << to_string(x.kind) << " " << to_string(y.kind);
      }
      if (!threads_only) {
        EXPECT_FALSE(independent(x, y, memory_model::weak)) << to_string(x.kind) << " " << to_string(y.kind);
      }
    }
  }
}

}  // namespace
}  // namespace gauntlet::sched::simulated
