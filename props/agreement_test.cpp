// Every right map agrees with the model on random programs, and random programs reach every operation with every
// outcome that it can have.

#include "programs.h"

#include <gauntlet/check/report/report.h>
#include <gauntlet/check/run/concurrent_runner.h>
#include <gauntlet/check/run/registry.h>
#include <gauntlet/check/run/runner.h>

namespace {

using namespace gauntlet::check;

TEST(Agreement, EveryRegisteredMapAgreesWithTheModel) {
  std::size_t judged = 0;
  for (const auto& map : registered_subjects()) {
    if (!map.is_of_the_product() || !map.single) continue;
    ++judged;
    SCOPED_TRACE(map.name);
    EXPECT_TRUE(rc::check(std::string(map.name) + " agrees with the model", [&map] {
      const auto p = *props::some_program();
      const auto v = run(p, map.single);
      if (!v) RC_FAIL(report(p, v, map.name, "hash_map_operations", ""));
    }));
  }
  EXPECT_GE(judged, 3U) << "hash_map, std::unordered_map and boost::unordered_flat_map belong in this binary";
}

TEST(Agreement, EveryRegisteredConcurrentMapIsLinearizable) {
  std::size_t judged = 0;
  mutation_options options;
  options.concurrent = true;
  for (const auto& map : registered_subjects()) {
    if (!map.is_of_the_product() || !map.concurrent) continue;
    ++judged;
    SCOPED_TRACE(map.name);
    EXPECT_TRUE(rc::check(std::string(map.name) + " keeps its contract", [&map, &options] {
      const auto p = *props::some_program(options);
      const auto v = run_concurrent(p, map.concurrent);
      if (!v) RC_FAIL(report(p, v, map.name, "concurrent_stress", ""));
    }));
  }
  EXPECT_GE(judged, 2U) << "shared_mutex_map and sharded_map belong in this binary";
}

// The product's map, under programs made without guidance: an operation × outcome that is never reached is a hole in
// the generator. Misuse is judged by death tests and in checked builds, so it is not asked for here.
TEST(Generators, ReachEveryOperationAndOutcome) {
  const auto* map = find_subject("hash_map");
  ASSERT_NE(map, nullptr);
  coverage() = {};
  random_source random(1);
  mutation_options options;
  for (int i = 0; i < 6000; ++i) {
    const auto p = generate(random, 60, options);
    const auto v = run(p, map->single);
    ASSERT_TRUE(v) << report(p, v, map->name, "hash_map_operations", "");
  }
  const auto reached = [](opcode code, outcome status) {
    return coverage().count[static_cast<std::size_t>(code)][static_cast<std::size_t>(status)];
  };
  for (std::size_t i = 0; i < opcode_count; ++i) {
    const auto code = static_cast<opcode>(i);
    if (code == opcode::compare_exchange || code == opcode::fetch_update || code == opcode::snapshot ||
        code == opcode::upsert || code == opcode::compare_erase) {
      continue;
    }
    EXPECT_GT(reached(code, outcome::done) + reached(code, outcome::misuse), 0U) << info(code).name << " never done";
  }
  EXPECT_GT(reached(opcode::at, outcome::out_of_range), 0U);
  for (const auto code : {opcode::reserve, opcode::rehash}) {
    EXPECT_GT(reached(code, outcome::length_error), 0U) << info(code).name;
  }
  for (const auto code : {opcode::insert_copy, opcode::emplace, opcode::try_emplace, opcode::insert_or_assign,
                          opcode::subscript_assign, opcode::insert_range, opcode::erase_key, opcode::copy_construct,
                          opcode::copy_assign, opcode::merge, opcode::reserve, opcode::erase_if, opcode::find}) {
    EXPECT_GT(reached(code, outcome::injected), 0U) << info(code).name << " never met an injected exception";
  }
}

}  // namespace
