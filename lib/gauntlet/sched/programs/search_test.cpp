// The strategies on real code: each bug is found and its run can be had again, in every form in which a schedule is kept;
// what is correct is never reported; small programs are explored completely.
#include <gauntlet/sched/programs/programs.h>

#include <functional>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <gauntlet/sched/strategies/bytes.h>
#include <gauntlet/sched/strategies/exhaustive.h>
#include <gauntlet/sched/strategies/portfolio.h>

namespace gauntlet::sched {
namespace {

constexpr unsigned schedules_max = 10000;

run_options options_for(const program& p, std::uint64_t rng_seed) {
  run_options o;
  o.rng_seed = rng_seed;
  if (p.weak) o.memory = memory_model::weak;
  return o;
}

// Runs until something is found; how many runs that took, 0: nothing found.
unsigned search(const program& p, strategy& s, unsigned runs_max, std::uint64_t rng_seed, outcome* found = nullptr) {
  for (unsigned i = 1; i <= runs_max; ++i) {
    const outcome o = run(p.body, s, options_for(p, rng_seed + i));
    if (o.found == finding::none) continue;
    EXPECT_TRUE(o.found == p.expected || o.found == p.or_else) << p.name << ": " << o.message;
    if (found != nullptr) *found = o;
    return i;
  }
  return 0;
}

TEST(programs, have_names_and_bodies_and_one_is_correct) {
  std::set<std::string_view> names;
  for (const program& p : programs()) {
    EXPECT_TRUE(names.insert(p.name).second) << p.name;
    EXPECT_EQ(find_program(p.name), &p);
    EXPECT_EQ(p.expected == finding::none, p.name == "correct_mixed");
  }
  EXPECT_EQ(find_program("no such program"), nullptr);
  EXPECT_GE(names.size(), 34U);
}

TEST(portfolio, finds_every_bug_and_each_form_of_the_schedule_shows_it_again) {
  for (const program& p : programs()) {
    if (p.expected == finding::none) continue;
    const auto all = standard_portfolio(7);
    outcome first;
    if (search(p, *all, schedules_max, 77, &first) == 0) {
      ADD_FAILURE() << "nothing found in " << p.name;
      continue;
    }

    const run_options options = options_for(p, 1);
    const outcome again = replay(p.body, first.schedule, options);
    EXPECT_EQ(again.hash, first.hash) << p.name << ": " << again.divergence << "\n" << print(first.schedule);
    EXPECT_EQ(again.message, first.message) << p.name;
    EXPECT_EQ(again.diverged_at, 0U) << p.name << ": " << again.divergence;

    schedule read;
    std::string error;
    ASSERT_TRUE(parse(print(first.schedule), read, error)) << p.name << ": " << error;
    EXPECT_EQ(read, first.schedule) << p.name;

    const std::vector<std::uint8_t> bytes = to_bytes(first.schedule);
    bytes_strategy from(bytes);
    EXPECT_EQ(run(p.body, from, options).hash, first.hash) << p.name;
  }
}

TEST(every_strategy, finds_what_it_is_there_for) {
  struct expectation {
    std::unique_ptr<strategy> s;
    const char* program;
    unsigned mean_max;  // runs until it is found, of 20 searches
  };
  expectation all[] = {
      {std::make_unique<random_walk>(), "lost_update", 3},
      {std::make_unique<random_walk>(), "bluetooth_driver", 60},
      {std::make_unique<pct>(2), "aba", 300},
      {std::make_unique<pct>(3), "aba", 300},
      {std::make_unique<pct>(3), "insert_lost_in_growth", 100},
      {std::make_unique<pct>(4), "reorder_10", 3000},
      {std::make_unique<pos>(), "insert_lost_in_growth", 60},
      {std::make_unique<pos>(), "read_missed_in_doubling", 60},
      {std::make_unique<surw>(), "lock_order", 60},
      {std::make_unique<surw>(), "reorder_5", 300},
      {std::make_unique<reads_from>(), "reorder_20", 60},
      {std::make_unique<reads_from>(), "reorder_100", 60},
      {std::make_unique<reads_from>(), "twostage_50", 100},
  };
  for (expectation& e : all) {
    const program& p = *find_program(e.program);
    unsigned sum = 0;
    for (unsigned trial = 0; trial < 20; ++trial) {
      const unsigned runs = search(p, *e.s, schedules_max, 100000U * trial);
      ASSERT_NE(runs, 0U) << e.s->name() << " on " << p.name;
      sum += runs;
    }
    EXPECT_LE(sum / 20, e.mean_max) << e.s->name() << " on " << p.name;
  }
}

TEST(correct_programs, are_never_reported) {
  for (const program& p : programs()) {
    void (*const body)() = p.expected == finding::none ? p.body : p.twin;
    if (body == nullptr) continue;
    const auto all = standard_portfolio(3);
    const unsigned runs = p.expected == finding::none ? 6000 : 1200;
    for (unsigned i = 0; i < runs; ++i) {
      run_options o;
      o.rng_seed = i + 1;
      o.memory = i % 3 == 0 ? memory_model::weak : memory_model::sequential;
      o.allocator = i % 2 == 0 ? reuse::at_once : reuse::quarantine;
      o.spurious = i % 5 == 0;
      o.plain_points = i % 7 == 0;
      const outcome r = run(body, *all, o);
      ASSERT_EQ(r.found, finding::none) << "correct twin of " << p.name << ", run " << i << ": " << r.message << "\n"
                                        << print(r.schedule);
    }
  }
}

TEST(exhaustive, explores_small_programs_completely) {
  const auto explore = [](const program& p, void (*body)(), exhaustive& every) {
    std::uint64_t findings = 0;
    while (!every.done()) {
      const outcome o = run(body, every, options_for(p, 1));
      if (o.found == finding::none) continue;
      EXPECT_TRUE(o.found == p.expected || o.found == p.or_else) << p.name << ": " << o.message;
      ++findings;
    }
    EXPECT_TRUE(every.complete()) << p.name;
    return findings;
  };
  for (const char* name : {"lost_update", "aba", "double_checked_locking", "map_erase_unlocked",
                           "insert_lost_in_growth", "store_buffering", "read_missed_in_doubling", "lost_wake_up",
                           "account", "bluetooth_driver", "work_stealing_queue", "circular_buffer", "wronglock_1"}) {
    const program& p = *find_program(name);
    exhaustive bug, twin;
    EXPECT_GT(explore(p, p.body, bug), 0U) << name;
    EXPECT_EQ(explore(p, p.twin, twin), 0U) << name;
    EXPECT_GT(twin.explored(), 1U);
  }
}

TEST(exhaustive, finds_the_same_with_and_without_sleep_sets) {
  for (const char* name : {"double_checked_locking", "map_erase_unlocked", "lost_wake_up", "bluetooth_driver"}) {
    const program& p = *find_program(name);
    std::set<std::string> places[2];
    for (const bool sleep_sets : {false, true}) {
      exhaustive every({.sleep_sets = sleep_sets});
      while (!every.done()) {
        const outcome o = run(p.body, every);
        if (o.found != finding::none) places[sleep_sets].insert(o.place);
      }
    }
    EXPECT_FALSE(places[0].empty()) << name;
    EXPECT_EQ(places[0], places[1]) << name;
  }
}

}  // namespace
}  // namespace gauntlet::sched
