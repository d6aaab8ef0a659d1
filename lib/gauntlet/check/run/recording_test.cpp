// What is played is what was recorded: maps that are asked everything a second time are asked the same and hold the same
// at the end.
#include <gauntlet/check/run/recording.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/run/planted_for_tests.h>
#include <gauntlet/check/run/runner.h>
#include <gauntlet/check/types/faults.h>

namespace gauntlet::check {
namespace {

// One line a step: equal texts mean equal steps, and unequal ones show where.
std::string text_of(const recording& r) {
  std::string text;
  for (const recording::step& s : r.steps) {
    for (const std::uint64_t number :
         {std::uint64_t(s.what), std::uint64_t(s.armed), std::uint64_t(s.countdown), std::uint64_t(s.answer),
          std::uint64_t(s.asked.code), std::uint64_t(s.asked.target), std::uint64_t(s.asked.other), s.asked.key,
          s.asked.value, std::uint64_t(s.asked.count), std::uint64_t(s.asked.argument)}) {
      text += std::to_string(number) + ' ';
    }
    text += '\n';
  }
  return text;
}

// Steps that a walk shows differ when it shows more or less, so equal steps mean equal visits as well.
TEST(recording, plays_the_very_same_requests_and_answers) {
  const subject_factory make =
      make_subject<std_map_for_tests, element_types::u64_u64, element_types::tracked_tracked>();
  random_source random(7);
  std::size_t faults_armed = 0, answers = 0;
  for (unsigned i = 0; i < 500; ++i) {
    program p = generate(random, 4 + random.below(120), {});
    p.header.types = i % 2 == 0 ? element_types::u64_u64 : element_types::tracked_tracked;
    recording first;
    {
      const recording_of_runs recorded(first);
      const verdict v = run(p, make);
      ASSERT_TRUE(v) << v.message << "\n" << print(p);
    }
    recording second;
    {
      const recording_of_runs recorded(second);
      recording through = first;
      through.make = [&make](const program_header& header) { return make_for_run(make, header); };
      play(through);
    }
    ASSERT_EQ(first.header, second.header);
    ASSERT_EQ(text_of(first), text_of(second)) << print(p);
    for (const recording::step& s : first.steps) {
      faults_armed += s.armed != 0;
      answers += s.what == recording::kind::answer;
    }
  }
  EXPECT_GT(faults_armed, 100u);
  EXPECT_GT(answers, 1000u);
}

TEST(recording, ends_with_its_scope_and_leaves_no_fault_armed) {
  const subject_factory make = make_subject<std_map_for_tests, element_types::u64_u64>();
  const program p = program_of("fault allocation value 9\ninsert_copy 0 hot 1 value 1 count 1\n");
  recording r;
  {
    const recording_of_runs recorded(r);
    EXPECT_TRUE(run(p, make));
  }
  const std::string text = text_of(r);
  EXPECT_EQ(r.steps.size(), 1u);
  EXPECT_TRUE(run(program_of("clear 0\nclear 1\n"), make));
  EXPECT_EQ(text_of(r), text);
  play(r);
  EXPECT_EQ(faults::state.armed, 0);
}

TEST(recording, of_nothing_plays_nothing) { play({}); }

}  // namespace
}  // namespace gauntlet::check
