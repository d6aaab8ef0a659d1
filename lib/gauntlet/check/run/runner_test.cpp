// The runner on a map that is right: thousands of random programs, every element type and allocator, and no verdict but
// "held". What it says of maps that are wrong is in oracles_test.cpp.
#include <gauntlet/check/run/runner.h>

#include <gtest/gtest.h>

#include <string>

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

TEST(runner, holds_std_unordered_map_right_in_random_programs_of_every_element_type) {
  const subject_factory make = std_maps();
  random_source random(1);
  for (unsigned i = 0; i < 4000; ++i) {
    program p = generate(random, 4 + random.below(120), {});
    p.header.types = static_cast<element_types>(i % element_types_count);
    const verdict v = run(p, make);
    ASSERT_TRUE(v) << told(p, v);
  }
}

}  // namespace
}  // namespace gauntlet::check
