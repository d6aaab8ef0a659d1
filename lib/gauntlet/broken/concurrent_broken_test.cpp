// Concurrent maps whose defect shows in a history: found on real threads, without an engine, by random programs.
//
// Only those whose runs are defined behaviour but wrong are asked here: a map that races may as well end the process,
// and is left to the fuzzers, which expect that (ci/fuzz --prove), and to ThreadSanitizer.
#include <gtest/gtest.h>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/run/concurrent_runner.h>
#include <gauntlet/check/run/registry.h>

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
      EXPECT_TRUE(v.kind == failure_kind::not_linearizable || v.kind == failure_kind::weak_contract) << v.message;
      return;
    }
  }
  FAIL() << "not noticed in 20000 programs";
}

INSTANTIATE_TEST_SUITE_P(every, concurrent_defect, testing::Values("lost_update", "clear_in_two_steps"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(concurrent_maps, hold_on_random_programs) {
  random_source random(8);
  mutation_options options;
  options.concurrent = true;
  for (int i = 0; i < 200; ++i) {
    const program p = generate(random, 24, options);
    for (const char* name : {"shared_mutex_map", "sharded_map"}) {
      const registration* const right = find_subject(name);
      ASSERT_NE(right, nullptr);
      const verdict v = run_concurrent(p, right->concurrent);
      ASSERT_TRUE(static_cast<bool>(v)) << name << ": " << v.message << "\n" << print(p);
    }
  }
}

}  // namespace
}  // namespace gauntlet::check
