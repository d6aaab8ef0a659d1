// The concurrent runner and exceptions: operations are made to throw, and what they leave behind is judged.
#include <gauntlet/check/run/concurrent_runner.h>

#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include <gauntlet/check/run/locked_map_for_tests.h>
#include <gauntlet/check/run/runner.h>

namespace gauntlet::check {
namespace {

TEST(concurrent_runner_exceptions, makes_the_next_operation_of_a_lane_throw) {
  coverage() = {};
  const program p = read_program(
      "insert_copy 0 hot 0 value 1\n"
      "fault allocation value 0\ninsert_copy 0 hot 1 value 2\n"
      "@1 fault function value 0\n@2 insert_copy 0 hot 2 value 5\n@1 update 0 hot 0 value 3\n@1 find 0 hot 0\n"
      "@2 fault function value 0\n@2 walk 0\nend\n"
      "fault function value 7\nupdate 0 hot 0 value 9\nfault move value 0\ninsert_copy 0 hot 5 value 4\n");
  const verdict v = run_concurrent(p, right_map(), {.repetitions = 1});
  EXPECT_TRUE(v) << v.message;
  const auto met = [](opcode code, outcome o) {
    return coverage().count[static_cast<std::size_t>(code)][static_cast<std::size_t>(o)];
  };
  EXPECT_EQ(met(opcode::insert_copy, outcome::injected), 1u);
  EXPECT_EQ(met(opcode::insert_copy, outcome::done), 3u);
  EXPECT_EQ(met(opcode::update, outcome::injected), 1u);
  EXPECT_EQ(met(opcode::update, outcome::done), 1u) << "whose function is called less often than that";
  EXPECT_EQ(met(opcode::walk, outcome::injected), 1u);
}

TEST(concurrent_runner_exceptions, every_kind_of_fault_that_an_operation_can_meet_makes_it_throw) {
  coverage() = {};
  const program p = read_program(
      "types tracked_tracked\ninsert_copy 0 hot 0 value 1\n"
      "fault hash value 0\ninsert_copy 0 hot 1 value 2\n"
      "fault equality value 0\nerase_key 0 hot 0\n"
      "fault copy value 0\nfind 0 hot 0\n"
      "@1 fault hash value 0\n@1 find 0 hot 0\n@1 find 0 hot 0\n");
  const verdict v = run_concurrent(p, right_map(), {.repetitions = 1});
  EXPECT_TRUE(v) << v.message;
  const auto met = [](opcode code, outcome o) {
    return coverage().count[static_cast<std::size_t>(code)][static_cast<std::size_t>(o)];
  };
  EXPECT_EQ(met(opcode::insert_copy, outcome::injected), 1u);
  EXPECT_EQ(met(opcode::erase_key, outcome::injected), 1u);
  EXPECT_EQ(met(opcode::find, outcome::injected), 2u);
  EXPECT_EQ(met(opcode::find, outcome::done), 1u);
}

// An insertion whose hash throws is known to go wrong, an erasure is not.
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct with_a_known_failure : with<defect::none>::adapter<Key, T, Hash, KeyEqual, Allocator> {
  static constexpr bool fails_as_promised(opcode code, fault_kind kind) {
    return code != opcode::insert_copy || kind != fault_kind::hash;
  }
};

TEST(concurrent_runner_exceptions, a_failure_that_is_known_is_not_asked_for) {
  coverage() = {};
  const program p = read_program(
      "types tracked_tracked\nfault hash value 0\ninsert_copy 0 hot 0 value 1\nfault hash value 0\nerase_key 0 hot "
      "0\n");
  const auto make = make_concurrent_subject<with_a_known_failure, element_types::tracked_tracked>();
  EXPECT_TRUE(run_concurrent(p, make, {.repetitions = 1}));
  const auto injected = [](opcode code) {
    return coverage().count[static_cast<std::size_t>(code)][static_cast<std::size_t>(outcome::injected)];
  };
  EXPECT_EQ(injected(opcode::insert_copy), 0u);
  EXPECT_EQ(injected(opcode::erase_key), 1u);
}

TEST(concurrent_runner_exceptions, what_an_exception_leaves_behind_is_judged) {
  const program p = read_program(
      "insert_copy 0 hot 0 value 1\nfault allocation value 0\ninsert_copy 0 hot 1 value 2\n@1 find 0 hot 0\n");
  EXPECT_TRUE(run_concurrent(p, right_map()));
  EXPECT_EQ(run_concurrent(p, subject_with<defect::counts_what_failed>()).kind, failure_kind::wrong_contents);
  const verdict v = run_concurrent(p, subject_with<defect::loses_another>());
  EXPECT_EQ(v.kind, failure_kind::not_linearizable);
  EXPECT_NE(v.message.find("(an exception)"), std::string::npos) << v.message;
}

TEST(concurrent_runner_exceptions, an_operation_that_waits_for_memory_never_ends) {
  const auto program_with = [](const std::string& fault) {
    return read_program("fault " + fault + " value 0\ninsert_copy 0 hot 0 value 1\n@1 find 0 hot 0\n");
  };
  EXPECT_TRUE(run_concurrent(program_with("every_allocation"), right_map()));
  EXPECT_TRUE(run_concurrent(program_with("allocation"), subject_with<defect::retries_for_ever>()));
  const verdict v = run_concurrent(program_with("every_allocation"), subject_with<defect::retries_for_ever>());
  EXPECT_EQ(v.kind, failure_kind::work_budget);
  EXPECT_EQ(v.place, "refusals");
  EXPECT_NE(v.message.find("insert"), std::string::npos) << v.message;
}

}  // namespace
}  // namespace gauntlet::check
