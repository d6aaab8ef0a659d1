// Concurrent maps whose defect shows in a history: found on real threads, without an engine, by random programs.
// And the small maps among them, beside their right twins, which hold on random programs.
//
// Only those whose runs are defined behaviour but wrong are asked here: a map that races may as well end the process,
// and is left to the fuzzers, which expect that (ci/fuzz --prove), and to ThreadSanitizer.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <string_view>
#include <vector>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/file.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/run/concurrent_runner.h>
#include <gauntlet/check/run/registry.h>
#include <gauntlet/map/detail/attributes.h>

namespace gauntlet::check {
namespace {

class concurrent_defect : public testing::TestWithParam<const char*> {};

TEST_P(concurrent_defect, is_caught_by_random_programs_on_real_threads) {
  const registration* const broken = find_subject(GetParam());
  ASSERT_NE(broken, nullptr);
  random_source random(7);
  mutation_options options;
  options.concurrent = true;
  for (int i = 0; i < 20000; ++i) {
    const program p = generate(random, 24, options);
    const verdict v = run_concurrent(p, broken->concurrent);
    if (!v) {
      EXPECT_TRUE(v.kind == failure_kind::not_linearizable || v.kind == failure_kind::weak_contract ||
                  v.kind == failure_kind::wrong_contents || v.kind == failure_kind::work_budget)
          << v.message;
      return;
    }
  }
  FAIL() << "not noticed in 20000 programs";
}

INSTANTIATE_TEST_SUITE_P(every, concurrent_defect,
                         testing::Values("lost_update", "clear_keeps_a_copy", "clear_in_two_steps",
                                         "insert_lost_in_doubling", "missed_promotion", "upgrade_without_second_look"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(concurrent_maps, hold_on_random_programs) {
  random_source random(8);
  mutation_options options;
  options.concurrent = true;
  for (int i = 0; i < 200; ++i) {
    const program p = generate(random, 24, options);
    for (const char* name :
         {"concurrent_map", "rcu_map", "routed_map", "shared_mutex_map", "sharded_map", "snapshot_map", "sync_map"}) {
      const registration* const right = find_subject(name);
      ASSERT_NE(right, nullptr);
      const verdict v = run_concurrent(p, right->concurrent);
      ASSERT_TRUE(static_cast<bool>(v)) << name << ": " << v.message << "\n" << print(p);
    }
  }
}

std::vector<const registration*> right_twins() {
  std::vector<const registration*> found;
  for (const registration& r : registered_subjects()) {
    if (r.right_twin) found.push_back(&r);
  }
  return found;
}

class right_twin : public testing::TestWithParam<const registration*> {};

TEST_P(right_twin, holds_on_random_programs) {
  random_source random(9);
  mutation_options options;
  options.concurrent = true;
  for (int i = 0; i < 100; ++i) {
    const program p = generate(random, 24, options);
    const verdict v = run_concurrent(p, GetParam()->concurrent);
    ASSERT_TRUE(static_cast<bool>(v)) << v.message << "\n" << print(p);
  }
}

INSTANTIATE_TEST_SUITE_P(every, right_twin, testing::ValuesIn(right_twins()),
                         [](const auto& instance) { return std::string(instance.param->name); });

TEST(right_twins, are_no_defects_and_no_maps_of_the_product) {
  EXPECT_GE(right_twins().size(), 8u);
  for (const registration* twin : right_twins()) {
    EXPECT_FALSE(twin->defective) << twin->name;
    EXPECT_FALSE(twin->is_of_the_product()) << twin->name;
  }
}

TEST(right_twins, stand_beside_every_defect_that_only_a_schedule_shows_and_answer_the_same_questions) {
  std::set<std::string_view> named;
  for (const registration& broken : registered_subjects()) {
    if (!broken.defective || broken.defect.target != "concurrent_schedule") continue;
    const registration* const twin = find_subject(broken.defect.right_twin);
    ASSERT_NE(twin, nullptr) << broken.name;
    EXPECT_TRUE(twin->right_twin || twin->is_of_the_product()) << broken.name << " names " << twin->name;
    if (twin->right_twin) named.insert(twin->name);
    const auto wrong = broken.concurrent(program_header());
    const auto right = twin->concurrent(program_header());
    for (std::size_t i = 0; i < opcode_count; ++i) {
      const auto code = static_cast<opcode>(i);
      EXPECT_EQ(wrong->contract_of(code), right->contract_of(code)) << broken.name << ": " << info(code).name;
    }
  }
  EXPECT_EQ(named.size(), right_twins().size()) << "a twin of nothing";
}

[[noreturn]] void exit_with_whether_it_holds(const program& p, const registration& map) {
  bool held = true;
  for (std::uint64_t time = 0; time < 100 && held; ++time) {
    count_repetitions_from(64 * time);
    held = static_cast<bool>(run_concurrent(p, map.concurrent));
  }
  std::_Exit(held ? 0 : 1);
}

// Each in a process of its own: a map that races may end it.
TEST(concurrent_seeds_death_test, hold_no_trigger_of_a_defect) {
#if GAUNTLET_THREAD_SANITIZER
  GTEST_SKIP() << "sees a race wherever two threads may meet, whether or not it shows";
#endif
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto folder = std::filesystem::path(__FILE__).parent_path() / "../../../corpus/concurrent_stress/seed";
  std::size_t seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto read = read_program_file(entry.path().string(), foreign_bytes::refused);
    ASSERT_TRUE(std::holds_alternative<program>(read)) << entry.path();
    ++seeds;
    for (const registration& map : registered_subjects()) {
      if (!map.defective || map.defect.target != "concurrent_stress") continue;  // whose seeds these are
      EXPECT_EXIT(exit_with_whether_it_holds(std::get<program>(read), map), testing::ExitedWithCode(0), "")
          << entry.path() << " gives " << map.name << " away";
    }
  }
  EXPECT_GE(seeds, 5u);
}

}  // namespace
}  // namespace gauntlet::check
