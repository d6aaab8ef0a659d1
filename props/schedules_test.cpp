// Every right concurrent map under every strategy, on random programs; small programs along all of their interleavings;
// and threads that run alone, where a map promises that they wait for nobody.
#include "controlled.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

#include <gauntlet/check/history/history.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/run/concurrent_opcode.h>
#include <gauntlet/check/run/concurrent_runner.h>
#include <gauntlet/check/run/request.h>
#include <gauntlet/sched/strategies/exhaustive.h>

#include "obstructed_map.h"

namespace {

using namespace gauntlet::check;
using gauntlet::adapters::controlled_options;
using gauntlet::adapters::run_under;

class every_right_map : public testing::TestWithParam<const registration*> {};

INSTANTIATE_TEST_SUITE_P(, every_right_map, testing::ValuesIn(props::concurrent_maps(false)),
                         [](const auto& instance) { return props::name_of(instance.param); });

TEST(schedules, are_asked_of_the_maps_of_the_product_and_of_the_twins) {
  std::vector<std::string_view> of_the_product;
  unsigned twins = 0;
  for (const registration* map : props::concurrent_maps(false)) {
    if (map->is_of_the_product()) of_the_product.push_back(map->name);
    twins += map->right_twin;
  }
  EXPECT_EQ(of_the_product, (std::vector<std::string_view>{"concurrent_map", "rcu_map", "routed_map", "sharded_map",
                                                           "shared_mutex_map", "snapshot_map", "sync_map"}));
  EXPECT_GE(twins, 8u);
}

// ------------------------------------------------------------------------------------------------- every strategy

// What the strategy of bytes reads: pairs of how long (short waits, or few of them would come in a short run) and who.
void draw(std::vector<std::uint8_t>& bytes, random_source& random) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(random.below(i % 2 == 0 ? 64 : 256));
}

TEST_P(every_right_map, holds_under_every_strategy_on_random_programs) {
  constexpr unsigned programs = 400, schedules = 4;
  random_source random(11);
  std::vector<std::uint8_t> bytes(64);
  const auto strategies = props::every_strategy(bytes);
  std::uint64_t operations = 0;
  for (unsigned i = 0; i < programs; ++i) {
    const program p = props::program_of_threads(i, 16);
    for (const auto& strategy : strategies) {
      for (unsigned n = 0; n < schedules; ++n) {
        draw(bytes, random);
        controlled_options options;
        options.rng_seed = std::uint64_t{i} * schedules + n;
        const verdict v = run_under(*strategy, p, GetParam()->concurrent, options);
        ASSERT_TRUE(static_cast<bool>(v)) << "under " << strategy->name() << ": " << v.message << "\n"
                                          << print(props::with_decisions(p, v)) << v.interleaving;
        operations += v.operations_run;
      }
    }
  }
  EXPECT_GT(operations, std::uint64_t{programs} * schedules * strategies.size());
}

// The alarm rings: each of them gets a defective map to fail. The map takes a preemption to fail, and PCT of depth 1 has
// none: it is asked about one that any order of the threads shows.
TEST(every_strategy, shows_a_map_that_is_wrong) {
  random_source random(12);
  std::vector<std::uint8_t> bytes(64);
  for (const auto& strategy : props::every_strategy(bytes)) {
    const registration* const wrong =
        find_subject(strategy->name() == "pct 1" ? "relaxed_publication" : "upgrade_without_second_look");
    ASSERT_NE(wrong, nullptr);
    unsigned failed = 0;
    for (unsigned i = 0; i < 2000 && failed == 0; ++i) {
      draw(bytes, random);
      controlled_options options;
      options.rng_seed = i;
      failed += !run_under(*strategy, props::program_of_threads(i, 16), wrong->concurrent, options);
    }
    EXPECT_EQ(failed, 1u) << strategy->name();
  }
}

// --------------------------------------------------------------------------------------------- every interleaving

// One step of a lane. All of them meet in the first map, at key 0; a few at key 1; merge takes from the second map.
struct step {
  opcode code;
  std::uint16_t key = 0;
};

operation operation_of(const step& s, lane where, std::uint16_t value) {
  operation o;
  o.code = s.code;
  o.where = where;
  o.key.number = s.key;
  o.value = value;
  o.other = map_count - 1;
  return o;
}

// The first map holds key 0 and the second one key 1, then the lanes run at once.
program program_of(const std::vector<std::vector<step>>& lanes) {
  program p;
  p.header.hot_keys = 2;
  p.header.threads = static_cast<std::uint8_t>(lanes.size());
  std::uint16_t value = 1;
  p.operations.push_back(operation_of({opcode::insert_copy, 0}, lane::before, value++));
  p.operations.push_back(operation_of({opcode::insert_copy, 1}, lane::before, value++));
  p.operations.back().target = map_count - 1;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    for (const step& s : lanes[i]) {
      p.operations.push_back(operation_of(s, static_cast<lane>(1 + i), value++));
    }
  }
  normalize(p);
  return p;
}

bool has_all(const registration& map, const std::vector<step>& steps) {
  for (const step& s : steps) {
    const auto subject = map.concurrent(program_header{});
    subject->begin();
    request r;
    r.code = s.code;
    r.other = 1;
    std::vector<element> shown;
    const result answer =
        reach_of(s.code) == reach::elements ? subject->collect(r, 0, shown, nullptr) : subject->apply(r);
    if (answer.status == outcome::unsupported || subject->contract_of(s.code) == contract::unsupported) return false;
  }
  return true;
}

struct explored {
  std::uint64_t programs = 0, interleavings = 0;
  std::uint64_t with_one_preemption = 0;  // programs that are too long for two
};

void explore(const registration& map, const program& p, std::uint32_t preemptions_max, explored& sum) {
  gauntlet::sched::exhaustive every({.preemptions_max = preemptions_max, .sleep_sets = false});
  while (!every.done()) {
    const verdict v = run_under(every, p, map.concurrent, {.spurious = false});
    ASSERT_TRUE(static_cast<bool>(v)) << v.message << "\n" << print(props::with_decisions(p, v)) << v.interleaving;
    ASSERT_FALSE(v.undecided);
  }
  ASSERT_TRUE(every.complete()) << every.summary() << "\n" << print(p);
  sum.interleavings += every.explored();
}

// With at most two preemptions; with one where that alone gives more interleavings than so many: two give hundreds of
// times as many.
void explore(const registration& map, const program& p, explored& sum) {
  constexpr std::uint64_t long_program = 700;
  ++sum.programs;
  explored one;
  explore(map, p, 1, one);
  if (testing::Test::HasFatalFailure()) return;
  if (one.interleavings <= long_program) return explore(map, p, 2, sum);
  ++sum.with_one_preemption;
  sum.interleavings += one.interleavings;
}

void tell(const registration& map, const char* shape, const explored& sum) {
  testing::Test::RecordProperty("programs", std::to_string(sum.programs));
  testing::Test::RecordProperty("interleavings", std::to_string(sum.interleavings));
  std::printf(
      "%s, %s: all %llu interleavings of %llu programs explored, at most 2 preemptions (1 in %llu long programs)\n",
      props::name_of(&map).c_str(), shape, static_cast<unsigned long long>(sum.interleavings),
      static_cast<unsigned long long>(sum.programs), static_cast<unsigned long long>(sum.with_one_preemption));
}

// A history says which operations followed each other, and beginnings and ends of operations are no events: sleep sets
// would take runs for the same whose histories are not. So what is bounded is preemptions, and sleep sets are off.
TEST_P(every_right_map, holds_in_every_interleaving_of_two_threads_with_two_operations) {
  using enum opcode;
  const std::vector<std::vector<step>> lanes = {
      {{insert_copy, 1}, {erase_key, 0}},
      {{erase_key, 0}, {insert_copy, 0}},
      {{insert_or_assign, 0}, {find, 1}},
      {{fetch_update, 0}, {find, 0}},
      {{find, 0}, {find, 1}},
      {{insert_or_assign, 1}, {walk}},
      {{size}, {walk}},
      {{clear}, {size}},
      {{merge}, {find, 1}},
      {{upsert, 0}, {find, 0}},
  };
  explored sum;
  for (std::size_t a = 0; a < lanes.size(); ++a) {
    if (!has_all(*GetParam(), lanes[a])) continue;
    for (std::size_t b = a; b < lanes.size(); ++b) {
      if (!has_all(*GetParam(), lanes[b])) continue;
      explore(*GetParam(), program_of({lanes[a], lanes[b]}), sum);
      if (HasFatalFailure()) return;
    }
  }
  tell(*GetParam(), "2 threads with 2 operations", sum);
  EXPECT_GE(sum.programs, 15u);
  EXPECT_GT(sum.interleavings, 20 * sum.programs);
}

TEST_P(every_right_map, holds_in_every_interleaving_of_three_threads_with_one_operation) {
  using enum opcode;
  const std::vector<step> on_one_key = {
      {insert_copy, 1}, {insert_or_assign, 0}, {erase_key, 0}, {find, 0}, {fetch_update, 0}};
  std::vector<std::vector<step>> programs;
  for (std::size_t a = 0; a < on_one_key.size(); ++a) {
    for (std::size_t b = a; b < on_one_key.size(); ++b) {
      for (std::size_t c = b; c < on_one_key.size(); ++c)
        programs.push_back({on_one_key[a], on_one_key[b], on_one_key[c]});
    }
  }
  // Operations on the whole map have many events: beside one thread that adds or changes and one that takes away.
  for (const opcode whole : {walk, size, clear, merge}) {
    programs.push_back({{insert_copy, 1}, {erase_key, 0}, {whole}});
    programs.push_back({{insert_or_assign, 0}, {erase_key, 0}, {whole}});
  }
  explored sum;
  for (const auto& steps : programs) {
    if (!has_all(*GetParam(), steps)) continue;
    explore(*GetParam(), program_of({{steps[0]}, {steps[1]}, {steps[2]}}), sum);
    if (HasFatalFailure()) return;
  }
  tell(*GetParam(), "3 threads with 1 operation", sum);
  EXPECT_GE(sum.programs, 12u);
  EXPECT_GT(sum.interleavings, 20 * sum.programs);
}

TEST(every_interleaving, shows_maps_that_are_wrong) {
  using enum opcode;
  std::vector<std::pair<const char*, program>> wrong = {
      {"upgrade_without_second_look", program_of({{{insert_copy, 1}}, {{insert_copy, 1}}})},
      {"lost_update", program_of({{{fetch_update, 0}}, {{fetch_update, 0}}})},
      {"torn_snapshot", program_of({{{erase_key, 0}, {insert_copy, 1}}, {{walk}}})},
      {"early_reclamation", program_of({{{find, 0}}, {{insert_or_assign, 0}}})},
      {"lost_wake_up", program_of({{{find, 0}}, {{find, 0}}})},
  };
  for (auto& [name, p] : wrong) {
    p.header.hash = hash_quality::identity;  // the two keys belong to different halves of a map that has halves
    const registration* const map = find_subject(name);
    ASSERT_NE(map, nullptr) << name;
    controlled_options options;
    options.explain = options.spurious = false;
    gauntlet::sched::exhaustive every({.preemptions_max = 2, .sleep_sets = false});
    std::uint64_t failed = 0;
    while (!every.done()) failed += !run_under(every, p, map->concurrent, options);
    EXPECT_TRUE(every.complete()) << name;
    EXPECT_GT(failed, 0u) << name;
    EXPECT_LT(failed, every.explored()) << name;
    std::printf("%s: %llu of %llu interleavings fail\n", name, static_cast<unsigned long long>(failed),
                static_cast<unsigned long long>(every.explored()));
  }
}

// ------------------------------------------------------------------------------------------------- running alone

// The program, with nothing in the first thread but operations of which the map promises that they wait for nobody.
program with_a_promising_thread(program p, const concurrent_subject& map) {
  std::erase_if(p.operations, [&](const operation& o) {
    return o.where == lane::thread_1 && map.progress_of(concurrent_opcode(o.code)) == progress::blocking;
  });
  normalize(p);
  return p;
}

struct probed {
  std::uint64_t runs = 0;
  verdict first;  // that failed
};

// How many events the first thread's operations take at most while nobody hinders it: 50 for each, and 20 more for each
// element where an operation concerns them all.
std::uint32_t events_of_the_first(const program& p) {
  std::uint64_t elements = p.header.erased_before;
  for (const operation& o : p.operations) elements += std::max<std::uint64_t>(o.count, 1);
  std::uint64_t events = 50;
  for (const operation& o : p.operations) {
    if (o.where != lane::thread_1) continue;
    events += 50;
    if (gauntlet::check::reach_of(o.code) != gauntlet::check::reach::one_key) events += 20 * elements;
  }
  return static_cast<std::uint32_t>(events);
}

// Stops all threads but the first at every one of the first moments of runs of random programs.
probed probe(const concurrent_subject_factory& make, unsigned programs) {
  probed all;
  const auto subject = make(program_header{});
  gauntlet::sched::random_walk walk;
  gauntlet::sched::pct few_switches(3);
  for (unsigned i = 0; i < programs; ++i) {
    const program p = with_a_promising_thread(props::program_of_threads(i, 12), *subject);
    if (std::none_of(p.operations.begin(), p.operations.end(),
                     [](const operation& o) { return o.where == lane::thread_1; }))
      continue;
    for (std::uint64_t after = 1; after <= 120; ++after) {
      controlled_options options;
      options.rng_seed = i * 1000 + after;
      options.alone_after = after;
      options.alone_events_max = events_of_the_first(p);
      gauntlet::sched::strategy& decides =
          after % 2 == 0 ? static_cast<gauntlet::sched::strategy&>(walk) : few_switches;
      const verdict v = run_under(decides, p, make, options);
      ++all.runs;
      if (v) continue;
      all.first = v;
      all.first.message += "\n" + print(props::with_decisions(p, v));
      return all;
    }
  }
  return all;
}

bool promises_progress(const concurrent_subject_factory& make) {
  const auto subject = make(program_header{});
  for (unsigned code = 0; code < opcode_count; ++code) {
    if (subject->progress_of(static_cast<opcode>(code)) != progress::blocking) return true;
  }
  return false;
}

TEST(threads_that_run_alone, end_where_the_map_promises_it) {
  unsigned promising = 0;
  for (const registration* map : props::concurrent_maps(false)) {
    if (!promises_progress(map->concurrent)) continue;
    ++promising;
    const probed all = probe(map->concurrent, 200);
    EXPECT_TRUE(static_cast<bool>(all.first)) << map->name << ": " << all.first.message << all.first.interleaving;
    EXPECT_GT(all.runs, 1000u) << map->name;
    std::printf("%s: %llu times stopped all threads but one\n", props::name_of(map).c_str(),
                static_cast<unsigned long long>(all.runs));
  }
  EXPECT_GE(promising, 2u);
}

TEST(threads_that_run_alone, are_noticed_where_they_wait_against_the_promise) {
  const concurrent_subject_factory make = props::obstructed_map();
  ASSERT_TRUE(promises_progress(make));
  const probed all = probe(make, 200);
  EXPECT_EQ(all.first.kind, failure_kind::no_progress) << all.first.message;
  EXPECT_FALSE(all.first.interleaving.empty());
}

}  // namespace
