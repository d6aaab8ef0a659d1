// The runner on a map that is right: thousands of random programs, every element type and allocator, and no verdict but
// "held". What it says of maps that are wrong is in oracles_test.cpp.
#include <gauntlet/check/run/runner.h>

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/names.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/run/std_map_for_tests.h>
#include <gauntlet/check/run/subject_of.h>

namespace gauntlet::check {
namespace {

subject_factory std_maps() {
  return make_subject<std_map_for_tests, element_types::u64_u64, element_types::string_string,
                      element_types::tracked_tracked, element_types::throwing_throwing, element_types::u64_move_only>();
}

std::string told(const program& p, const verdict& v) {
  return std::string(to_string(v.kind)) + " at " + v.place + ", step " + std::to_string(v.step) + ": " + v.message +
         "\n" + print(p);
}

void expect_held(std::uint64_t rng_seed, unsigned programs) {
  const subject_factory make = std_maps();
  random_source random(rng_seed);
  for (unsigned i = 0; i < programs; ++i) {
    program p = generate(random, 4 + random.below(120), {});
    p.header.types = static_cast<element_types>(i % element_types_count);
    const verdict v = run(p, make);
    ASSERT_TRUE(v) << told(p, v);
  }
}

TEST(runner, holds_std_unordered_map_right_in_random_programs_of_every_element_type) { expect_held(1, 4000); }

TEST(runner, meets_every_operation_and_every_kind_of_exception_in_a_thousand_programs) {
  expect_held(2, 1000);
  const coverage_table& table = coverage();
  const auto met = [&table](opcode code, outcome o) {
    return table.count[static_cast<std::size_t>(code)][static_cast<std::size_t>(o)] > 0;
  };
  for (std::size_t i = 0; i < opcode_count; ++i) {
    const auto code = static_cast<opcode>(i);
    if (code == opcode::upsert || code == opcode::compare_erase) continue;  // drawn among threads alone
    // std::unordered_map has no cursor, does not shrink on demand and diagnoses nothing; snapshots are for threads. That
    // of libstdc++ 12 is not changed by views.
    const bool offered = code != opcode::walk && code != opcode::shrink_to_fit && code != opcode::misuse &&
                         code != opcode::snapshot && code != opcode::change_by_view && code != opcode::find_many;
    EXPECT_TRUE(met(code, offered ? outcome::done : outcome::unsupported)) << info(code).name;
  }
  EXPECT_TRUE(met(opcode::at, outcome::out_of_range));
  EXPECT_TRUE(met(opcode::reserve, outcome::length_error));
  EXPECT_TRUE(met(opcode::rehash, outcome::length_error));
  EXPECT_TRUE(met(opcode::insert_copy, outcome::injected));
  EXPECT_TRUE(met(opcode::erase_if, outcome::injected));
  EXPECT_TRUE(met(opcode::swap, outcome::left_out)) << "unequal allocators";
}

// Two maps that hold the same colliding keys and hash alike: each merge compares some 30,000 pairs and moves nothing.
TEST(runner, ends_a_program_whose_operations_cost_too_much) {
  std::string text = "gauntlet 1\nhash constant\ninsert_copy 0 wide 0 value 1 count 250\ncopy_construct 1 0\n";
  for (int i = 0; i < 4000; ++i) text += "merge 0 1\n";
  const auto read = parse(text);
  ASSERT_TRUE(std::holds_alternative<program>(read));
  const verdict v = run(std::get<program>(read), std_maps());
  EXPECT_TRUE(v) << v.message;
  EXPECT_GT(v.operations_run, 251u + 100u);
  EXPECT_LT(v.operations_run, 251u + 2000u);
}

TEST(runner, leaves_banned_operations_out_on_both_sides) {
  program p;
  p.operations.push_back({.code = opcode::insert_copy, .value = 7, .count = 1});
  p.operations.push_back({.code = opcode::find});
  p.header.banned = std::uint64_t{1} << static_cast<unsigned>(opcode::insert_copy);
  const verdict v = run(p, make_subject<std_map_for_tests, element_types::u64_u64>());
  EXPECT_TRUE(v) << told(p, v);
  EXPECT_EQ(v.operations_run, 1u);
}

}  // namespace
}  // namespace gauntlet::check
