// Each strategy on the simulated machine: same seed, same run; and the odds it promises.
#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <gauntlet/sched/strategies/bytes.h>
#include <gauntlet/sched/strategies/machine_for_tests.h>
#include <gauntlet/sched/strategies/portfolio.h>
#include <gauntlet/sched/strategies/replay.h>

namespace gauntlet::sched::simulated {
namespace {

using ::testing::HasSubstr;

constexpr action load = action::load, store = action::store, add = action::add, sum = action::store_sum;

thread times(unsigned n, operation o) { return thread(n, o); }
thread operator+(thread a, const thread& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Fraction of `runs` runs whose result satisfies `is`.
double share(const program& p, strategy& s, unsigned runs, const std::function<bool(const result&)>& is) {
  unsigned hits = 0;
  for (unsigned i = 0; i < runs; ++i) hits += is(simulate(p, s, i + 1, i));
  return hits / static_cast<double>(runs);
}
auto ends_with(const std::string& state) {
  return [state](const result& r) { return r.state == state; };
}

// Many threads set a, then b; one looks at a, then at b. Bad: a is set, b is not.
program reorder(unsigned setters) {
  program p(setters, {{store, 0, 1}, {store, 1, 1}});
  p.push_back({{load, 0}, {sum, 2, 0}, {load, 1}});
  return p;
}
bool reordered(const result& r) { return r.state.substr(0, 5) == "1 1 1" && r.state.back() == '0'; }

std::vector<std::function<std::unique_ptr<strategy>()>> makers() {
  return {
      [] { return std::make_unique<random_walk>(); }, [] { return std::make_unique<pct>(1); },
      [] { return std::make_unique<pct>(3); },        [] { return std::make_unique<pos>(); },
      [] { return std::make_unique<surw>(); },        [] { return std::make_unique<reads_from>(); },
      [] { return standard_portfolio(5); },
  };
}

TEST(every_strategy, makes_the_same_runs_from_the_same_seeds) {
  random r(3);
  for (const auto& make : makers()) {
    const auto a = make(), b = make();
    std::set<std::vector<thread_id>> orders;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
      const program p = seed % 2 ? random_program(r, 3, 6) : reorder(3);
      const result x = simulate(p, *a, seed, seed), y = simulate(p, *b, seed, seed);
      ASSERT_EQ(x.order, y.order) << a->name() << " seed " << seed;
      ASSERT_EQ(x.recorded, y.recorded);
      ASSERT_EQ(a->name(), b->name());
      orders.insert(x.order);
    }
    EXPECT_GT(orders.size(), 20U) << a->name();
  }
}

TEST(every_strategy, draws_every_final_state_of_a_small_program) {
  const program p = {{{load, 0}, {sum, 0, 1}}, {{load, 0}, {sum, 0, 1}}, {{add, 1, 1}, {load, 0}}};
  for (const auto& make : makers()) {
    const auto s = make();
    if (s->name() == "pct 1") continue;  // no change point, no preemption
    std::set<std::string> states;
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) states.insert(simulate(p, *s, seed, seed).state);
    EXPECT_EQ(states.size(), all_final_states(p).size()) << s->name();
  }
}

TEST(default_alternatives, are_as_often_as_promised) {
  random_walk s;
  std::uint64_t newest = 0, oldest = 0, fails = 0, fires = 0, all = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    s.begin_alternatives(seed);
    for (int i = 0; i < 8; ++i, ++all) {
      const std::size_t n = s.pick_alternative(choice_kind::store, 8);
      ASSERT_LT(n, 8U);
      newest += n == 0;
      oldest += n == 7;
      fails += s.pick_alternative(choice_kind::spurious, 2);
      fires += s.pick_alternative(choice_kind::timeout, 2);
      ASSERT_LT(s.pick_alternative(choice_kind::waiter, 3), 3U);
      ASSERT_EQ(s.pick_alternative(choice_kind::waiter, 1), 0U);
    }
  }
  const auto of_all = [&](std::uint64_t n) { return static_cast<double>(n) / static_cast<double>(all); };
  EXPECT_NEAR(of_all(newest), 0.75 * (0.75 + 0.25 / 8) + 0.25 / 16, 0.02);
  EXPECT_NEAR(of_all(oldest), 0.75 / 32 + 0.25 * (0.5 + 1 / 16.0), 0.02);
  EXPECT_NEAR(of_all(fails), 1 / 16.0, 0.01);
  EXPECT_NEAR(of_all(fires), 1 / 8.0, 0.01);
}

TEST(random_walk, loses_an_update_as_often_as_its_choices_say) {
  const program p = {{{load, 0}, {sum, 0, 1}}, {{load, 0}, {sum, 0, 1}}};
  random_walk s;
  // Kept: the first two events are of one thread. 1/2.
  EXPECT_NEAR(share(p, s, 20000, ends_with("1 0 0 0 | 0 0")), 0.5, 0.02);
}

TEST(pct, keeps_its_promise_of_depth_2) {
  // Bad only if thread 0 is stopped between two events of 20 while thread 1 makes its only one: n 2, k 21, d 2.
  program p = {times(9, {add, 0, 1}) + thread{{load, 1}, {store, 2, 1}} + times(9, {add, 0, 1}),
               {{add, 1, 1}, {load, 2}}};
  const auto bad = [](const result& r) {
    for (std::size_t i = 0, mine = 0; i + 2 < r.order.size(); ++i) {
      mine += r.order[i] == 0;
      if (mine == 10) return r.order[i] == 0 && r.order[i + 1] == 1 && r.order[i + 2] == 1;
    }
    return false;
  };
  pct two(2);
  const double promised = 1 / (2.0 * 22), runs = 20000;
  const double deviation_of_sample = std::sqrt(promised * (1 - promised) / runs);
  EXPECT_GE(share(p, two, 20000, bad), promised - 3 * deviation_of_sample);
  pct one(1);
  EXPECT_EQ(share(p, one, 2000, bad), 0.0) << "needs a preemption";
}

TEST(pct, counts_the_steps_of_the_longest_run_and_no_plain_accesses) {
  // 200 steps: change points drawn among the first 64 alone would never stop thread 0 late.
  const program p = {times(200, {add, 0, 1}), {{add, 1, 1}}};
  pct two(2);
  std::size_t latest = 0;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const result r = simulate(p, two, seed, seed);
    const auto at = static_cast<std::size_t>(std::find(r.order.begin(), r.order.end(), 1) - r.order.begin());
    if (at < 200) latest = std::max(latest, at);
  }
  EXPECT_GT(latest, 150U);

  // A thousand plain accesses are no steps: the change point still lies among the 60.
  pct plain(2);
  const program short_one = {times(60, {add, 0, 1}), {{add, 1, 1}}};
  simulate(short_one, plain, 1);
  plain.begin({1, 0});
  plain.created(0);
  for (int i = 0; i < 1000; ++i) plain.happened({event_kind::plain_read, 0, 4, 0x10, 0x20});
  plain.end(1000, false);
  const auto preempted = [](const result& r) { return r.order.back() == 0 && r.order.front() == 0; };
  EXPECT_GT(share(short_one, plain, 200, preempted), 0.3);

  // Nor are a thousand steps before there is a second thread, and a thousand after it has ended.
  const event alone{event_kind::store, 0, 4, 0x10, 0x20};
  pct filled(2);
  filled.begin({1, 0});
  filled.created(0);
  for (int i = 0; i < 1000; ++i) filled.happened(alone);
  filled.created(1);
  filled.happened({event_kind::end, 1});
  for (int i = 0; i < 1000; ++i) filled.happened(alone);
  filled.end(2001, false);
  EXPECT_GT(share(short_one, filled, 200, preempted), 0.3);
}

TEST(pct, puts_a_thread_that_yields_behind_all_others) {
  pct s(3);
  s.begin({7, 0});
  for (thread_id t = 0; t < 3; ++t) s.created(t);
  const std::vector<thread_id> runnable = {0, 1, 2};
  const std::vector<event> pending(3, event{event_kind::yield});
  const auto ask = [&] { return s.pick({runnable, 0, true, pending, 100000}); };
  const std::size_t first = ask();
  s.yielded(static_cast<thread_id>(first));
  const std::size_t second = ask();
  s.yielded(static_cast<thread_id>(second));
  const std::size_t third = ask();
  EXPECT_NE(first, second);
  EXPECT_NE(second, third);
  EXPECT_NE(first, third);
  s.yielded(static_cast<thread_id>(third));
  EXPECT_EQ(ask(), first) << "the one that has waited longest";
}

TEST(pos, spends_no_luck_on_events_that_do_not_conflict) {
  // Thread 0 makes 10 events of its own before its event on variable 1. For it to be first there, a random walk must
  // pick it 11 times in a row; here, its 11 priorities must be above the other's one: 1/12.
  const program p = {times(10, {add, 0, 1}) + thread{{load, 1}}, {{store, 1, 1}}};
  const auto first = [](const result& r) { return r.state.back() == '0' && r.state.find("| 0") != std::string::npos; };
  pos s;
  EXPECT_NEAR(share(p, s, 20000, first), 1 / 12.0, 0.01);
  random_walk walk;
  EXPECT_LT(share(p, walk, 20000, first), 0.002);
}

TEST(pos, decides_each_conflict_by_a_fresh_draw) {
  // Both threads only touch variable 0, so each choice is a fair one: all of ten by thread 0 first is 2^-10, not 1/11.
  const program p = {times(10, {add, 0, 1}), {{add, 0, 1}}};
  pos s;
  EXPECT_LT(share(p, s, 20000, [](const result& r) { return r.order.back() == 1; }), 0.005);
}

TEST(surw, draws_all_interleavings_equally_often) {
  // 9 events against 1: ten interleavings. A random walk starts with thread 1 in half of the runs.
  const program p = {times(9, {add, 0, 1}), {{add, 0, 1}}};
  surw s;
  simulate(p, s, 1);  // learns how long the threads are
  std::map<std::size_t, unsigned> at;
  constexpr unsigned runs = 20000;
  for (unsigned i = 0; i < runs; ++i) {
    const result r = simulate(p, s, i + 2, i + 1);
    ++at[static_cast<std::size_t>(std::find(r.order.begin(), r.order.end(), 1) - r.order.begin())];
  }
  ASSERT_EQ(at.size(), 10U);
  for (const auto& [position, n] : at) EXPECT_NEAR(n, runs / 10.0, runs / 100.0) << "thread 1 at position " << position;
}

TEST(surw, is_uniform_over_the_picked_events_among_many_others) {
  // Each thread also makes 30 events that matter to nobody. Of 3 + 3 events on variable 1, 20 orders.
  const thread mine = times(10, {add, 0, 0}) + thread{{add, 1, 1}};
  const program p = {mine + mine + mine, {{add, 1, 1}, {add, 1, 1}, {add, 1, 1}}};
  surw s;
  random_walk walk;
  for (unsigned i = 0; i < 10; ++i) simulate(p, s, i + 1, i);
  const auto last_is_first = [](const result& r) { return r.order.back() == 1; };  // thread 1's third comes last of all
  EXPECT_GT(share(p, s, 5000, last_is_first), 0.1);
  EXPECT_LT(share(p, walk, 5000, last_is_first), 0.001);
}

TEST(reads_from, gets_one_thread_between_two_reads_among_many) {
  reads_from guided;
  unsigned all_runs = 0;
  for (unsigned trial = 0; trial < 20; ++trial) {
    guided.forget();
    EXPECT_EQ(guided.pairs(), 0U);
    unsigned runs = 1;
    while (runs < 1000 && !reordered(simulate(reorder(50), guided, trial * 1000 + runs, runs))) ++runs;
    EXPECT_LT(runs, 1000U);
    all_runs += runs;
  }
  EXPECT_LT(all_runs / 20, 6U) << "runs on average";
  EXPECT_EQ(guided.pairs(), 4U) << "each of two reads with the beginning and with the one store";

  random_walk walk;
  EXPECT_LT(share(reorder(50), walk, 5000, reordered), 1 / 400.0);
}

TEST(reads_from, brings_one_thread_between_two_locks_among_many) {
  // All but the last go through lock 0, then lock 1; bad: the last has lock 0 second or later, and lock 1 first of all.
  program p(30,
            {{action::lock, 0}, {add, 0, 1}, {action::unlock, 0}, {action::lock, 1}, {add, 1, 1}, {action::unlock, 1}});
  p.push_back({{action::lock, 0},
               {load, 0},
               {sum, 2, 0},
               {action::unlock, 0},
               {action::lock, 1},
               {load, 1},
               {action::unlock, 1}});
  const auto bad = [](const result& r) { return r.state.substr(0, 8) != "30 30 0 " && r.state.back() == '0'; };
  reads_from guided;
  EXPECT_GT(share(p, guided, 1000, bad), 0.2);
  random_walk walk;
  EXPECT_LT(share(p, walk, 1000, bad), 0.1);
}

TEST(replay, runs_the_recorded_run_again) {
  random r(17);
  for (int i = 0; i < 300; ++i) {
    const program p = random_program(r, 3, 8);
    random_walk walk;
    const result first = simulate(p, walk, r());
    replay_strategy again(first.recorded);
    const result second = simulate(p, again, 1);
    ASSERT_EQ(second.order, first.order) << i;
    ASSERT_EQ(second.state, first.state) << i;
    ASSERT_EQ(second.recorded, first.recorded) << i;
    ASSERT_EQ(again.diverged_at(), 0U) << again.divergence();
    ASSERT_EQ(again.divergence(), "");
  }
}

TEST(replay, says_which_choice_looks_different_and_how) {
  const program p = {{{store, 0, 1}, {action::stale_load, 0}}, {{store, 0, 2}, {store, 0, 3}}, {{load, 0}}};
  struct different {
    deviation d;
    const char* what;
  };
  const different all[] = {
      {{1, choice_kind::thread, 1, 4, event_kind::store}, "choice 1: had 4 alternatives when recorded, has 3"},
      {{1, choice_kind::thread, 1, 3, event_kind::lock},
       "choice 1: was before a lock when recorded, is before a store"},
      {{1, choice_kind::thread, 9, 3, event_kind::store}, "choice 1: the recorded alternative 9 is not to be had"},
      {{1, choice_kind::store, 1, 3, event_kind::load}, "choice 1: recorded as another kind of choice"},
      {{3, choice_kind::thread, 1, 2, event_kind::load}, "choice 3: recorded as another kind of choice"},
      {{3, choice_kind::store, 5, 2, event_kind::load}, "choice 3: the recorded alternative 5 is not to be had"},
      {{3, choice_kind::store, 1, 4, event_kind::load}, "choice 3: had 4 alternatives when recorded, has 2"},
      {{99, choice_kind::thread, 1, 2, event_kind::load}, "choice 99: never made, the run ended after choice 5"},
  };
  for (const different& d : all) {
    schedule s;
    s.deviations = {d.d};
    replay_strategy along(s);
    simulate(p, along, 1);
    EXPECT_EQ(along.diverged_at(), d.d.at) << d.what;
    EXPECT_EQ(along.divergence(), d.what);
  }
  // What was not recorded is not compared.
  schedule s;
  s.deviations = {{1, choice_kind::thread, 1}, {3, choice_kind::thread, 0}};
  replay_strategy along(s);
  simulate(p, along, 1);
  EXPECT_EQ(along.divergence(), "");
}

TEST(bytes, without_bytes_everything_takes_its_default) {
  const program p = reorder(2);
  bytes_strategy nothing({});
  EXPECT_EQ(simulate(p, nothing, 1).order, (std::vector<thread_id>{0, 0, 1, 1, 2, 2, 2}));
  const std::uint8_t odd[] = {0};
  bytes_strategy half(odd);
  EXPECT_TRUE(simulate(p, half, 1).recorded.deviations.empty());
}

TEST(bytes, a_pair_deviates_whoever_it_names) {
  for (unsigned who = 0; who < 256; ++who) {
    const std::uint8_t input[] = {0, static_cast<std::uint8_t>(who), 8, static_cast<std::uint8_t>(who)};
    bytes_strategy from(input);
    const result r = simulate(reorder(3), from, 1);
    ASSERT_EQ(r.recorded.deviations.size(), 2U) << who;
    EXPECT_EQ(r.recorded.deviations[0].at, 1U);
    EXPECT_EQ(r.recorded.deviations[1].at, 4U);
  }
}

TEST(bytes, every_wait_can_be_written) {
  for (std::uint32_t wait = 0; wait < bytes_strategy::longest_wait; ++wait) {
    EXPECT_EQ(bytes_strategy::wait_of(bytes_strategy::byte_of(wait)), wait);
    EXPECT_NE(bytes_strategy::byte_of(wait), bytes_strategy::longest);
  }
}

TEST(bytes, each_pair_is_one_deviation_and_every_string_decodes) {
  random r(23);
  for (int i = 0; i < 500; ++i) {
    const program p = random_program(r, 3, 10);
    std::vector<std::uint8_t> input(r.below(16));
    for (auto& b : input) b = static_cast<std::uint8_t>(r() >> 40);
    bytes_strategy from(input);
    const result once = simulate(p, from, 1);
    ASSERT_LE(once.recorded.deviations.size(), input.size() / 2);
    bytes_strategy same(input);
    ASSERT_EQ(simulate(p, same, 2).order, once.order);
    // Bytes that were not used can go.
    input.resize(input.size() - from.unused());
    bytes_strategy shorter(input);
    ASSERT_EQ(simulate(p, shorter, 1).order, once.order);
  }
}

TEST(bytes, every_recorded_schedule_can_be_written_as_bytes) {
  random r(29);
  const program far = {times(500, {add, 0, 1}), {{add, 1, 1}, {load, 0}}};
  for (int i = 0; i < 500; ++i) {
    const program p = i % 10 == 0 ? far : random_program(r, 3, 10);
    const auto s = i % 20 == 0 ? std::unique_ptr<strategy>(new pct(2)) : std::unique_ptr<strategy>(new random_walk);
    const result first = simulate(p, *s, r());
    const std::vector<std::uint8_t> bytes = to_bytes(first.recorded);
    bytes_strategy again(bytes);
    const result second = simulate(p, again, 1);
    ASSERT_EQ(second.order, first.order) << i;
    ASSERT_EQ(second.recorded, first.recorded) << i;
    ASSERT_EQ(again.unused(), 0U);
  }
}

TEST(portfolio, gives_each_strategy_its_turn_and_more_to_what_pays) {
  // Always the default against random walk: the former sees nothing new after its first run.
  const std::vector<std::uint8_t> none;
  std::vector<std::unique_ptr<strategy>> two;
  two.push_back(std::make_unique<bytes_strategy>(none));
  two.push_back(std::make_unique<random_walk>());
  portfolio both(std::move(two), 1);
  const program p = {times(12, {add, 0, 1}), times(12, {add, 0, 1}), times(12, {add, 1, 1}) + times(12, {add, 0, 1})};
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < 400; ++i) {
    simulate(p, both, i + 1, i);
    names.push_back(both.name());
  }
  EXPECT_EQ(both.runs_of(0) + both.runs_of(1), 400U);
  EXPECT_GE(both.runs_of(0), 100U);
  EXPECT_LT(both.runs_of(0), 130U);
  for (std::size_t i = 0; i < 400; i += 4) {
    EXPECT_EQ(names[i], "bytes");
    EXPECT_EQ(names[i + 2], "random_walk");
  }
}

TEST(portfolio, finds_what_any_of_its_strategies_finds) {
  const auto all = standard_portfolio(1);
  unsigned runs = 1;
  while (runs < 5000 && !reordered(simulate(reorder(20), *all, runs, runs))) ++runs;
  EXPECT_LT(runs, 2000U);
  EXPECT_EQ(all->name_of(1), "pct 2");
  for (std::size_t i = 0; i < all->size(); ++i) EXPECT_GE(all->runs_of(i) + 1, runs / (2 * all->size())) << i;
}

TEST(novelty, pays_once_for_each_pair_and_each_combination) {
  novelty n;
  const event write{event_kind::store, 1, 4, 0x1000, 0x10}, read{event_kind::load, 2, 4, 0x1000, 0x20};
  const auto run = [&](const std::vector<event>& events) {
    n.begin();
    for (const event& e : events) n.happened(e);
    const std::uint32_t pairs = n.new_pairs();
    return std::make_pair(pairs, n.end());
  };
  EXPECT_EQ(run({write, read}), std::make_pair(1U, true));
  EXPECT_EQ(run({write, read}), std::make_pair(0U, false));
  EXPECT_EQ(run({read, write}), std::make_pair(1U, true)) << "the initial value";
  EXPECT_EQ(run({read, write, read}), std::make_pair(0U, true)) << "both pairs known, together they are new";
  EXPECT_EQ(run({read, write, read}), std::make_pair(0U, false));
}

}  // namespace
}  // namespace gauntlet::sched::simulated
