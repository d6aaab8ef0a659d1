// A report holds everything that somebody needs who has seen neither the program nor the map.
#include <gauntlet/check/report/report.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/report/describe.h>

namespace gauntlet::check {
namespace {

using testing::HasSubstr;
using testing::Not;

program text_program(std::string_view body) {
  auto result = parse("gauntlet 1\n" + std::string(body));
  if (auto* p = std::get_if<program>(&result)) return std::move(*p);
  ADD_FAILURE() << std::get<parse_error>(result).message;
  return {};
}

verdict wrong_at(std::size_t step) {
  verdict v;
  v.kind = failure_kind::wrong_result;
  v.step = step;
  v.place = "find";
  v.message = "map: no\nmodel: yes, value 7";
  return v;
}

TEST(report, says_what_was_asked_what_happened_and_how_to_replay) {
  const program p = text_program(
      "target hash_map_operations\nhot_keys 4\ninsert_copy 0 hot 3 value 7\nwalk 0\n erase_key 0 current\nend\nfind 0 "
      "hot 3\n");
  EXPECT_EQ(report(p, wrong_at(3), "lost_on_split", "hash_map_operations", "corpus/x.ops"),
            "== gauntlet: wrong_result ======================================================\n"
            "asked      find 0 hot 3\n"
            "           maps[0].find(3);\n"
            "           step 4 of 4, map lost_on_split, target hash_map_operations\n"
            "happened   map: no\n"
            "           model: yes, value 7\n"
            "broken     every operation gives what the model gives\n"
            "place      find\n"
            "\n"
            "program, 4 operations, '>' marks the step at which it showed:\n"
            "    gauntlet 1\n"
            "    target hash_map_operations\n"
            "    hot_keys 4\n"
            "    insert_copy 0 hot 3 value 7\n"
            "    walk 0\n"
            "      erase_key 0 current\n"
            "    end\n"
            "  > find 0 hot 3\n"
            "\n"
            "replay     GAUNTLET_SUBJECT=lost_on_split ci/reproduce corpus/x.ops\n"
            "shrink     GAUNTLET_SUBJECT=lost_on_split ci/minimize corpus/x.ops\n"
            "================================================================================\n");
}

TEST(report, a_failure_behind_the_last_step_says_so) {
  verdict v = wrong_at(99);
  v.kind = failure_kind::lifetime;
  const std::string text = report(text_program("size 0\n"), v, "", "", "");
  EXPECT_THAT(text, HasSubstr("== gauntlet: lifetime"));
  EXPECT_THAT(text, HasSubstr("after all 1 operations"));
  EXPECT_THAT(text, HasSubstr("every object is destroyed once"));
  EXPECT_THAT(text, HasSubstr("replay     ci/reproduce FILE"));
  EXPECT_THAT(text, Not(HasSubstr("  > ")));
}

TEST(report, long_programs_are_shown_around_the_step) {
  random_source random(1);
  program p = generate(random, 2000, {.operations_max = 2000});
  const std::string text = report(p, wrong_at(1500), "m", "t", "f");
  EXPECT_LT(text.size(), 40000u);
  EXPECT_THAT(text, HasSubstr("lines before)"));
  EXPECT_THAT(text, HasSubstr("lines behind)"));
  EXPECT_THAT(text, HasSubstr("  > "));
}

TEST(report, every_kind_of_failure_has_a_promise) {
  for (unsigned k = 0; k <= static_cast<unsigned>(failure_kind::crash); ++k) {
    EXPECT_NE(promise_of(static_cast<failure_kind>(k)), "unknown") << k;
    EXPECT_NE(to_string(static_cast<failure_kind>(k)), "unknown") << k;
  }
}

TEST(report, bytes_are_dumped) {
  const std::vector<std::uint8_t> bytes = {'G', 'N', 'T', 0, 255};
  const std::string text = report(bytes, wrong_at(0), "codec", "f");
  EXPECT_THAT(text, HasSubstr("asked      5 bytes, target codec\n"));
  EXPECT_THAT(text, HasSubstr("replay     ci/reproduce --target codec f\n"));
  EXPECT_THAT(text, HasSubstr("    47 4e 54 00 ff"));
  EXPECT_THAT(text, HasSubstr(" GNT..\n"));
}

TEST(report, an_emitted_test_holds_the_program_and_what_it_calls) {
  const program p = text_program("insert_copy 2 hot 3 value 7 count 4\nwalk 0\n erase_key 1 current\nend\nequal 0 1\n");
  const std::string text = emit_test(p, "hash_map", "hash_map_operations");
  EXPECT_THAT(text, HasSubstr("//   for (unsigned i = 0; i < 4; ++i) { const value_type element(3 + i, 7 + i); "
                              "maps[2].insert(element); }\n"
                              "//   for (auto c = maps[0].walk(); c; c.next()) {\n"
                              "//       maps[1].erase(current);\n"
                              "//   }\n"
                              "//   maps[0] == maps[1], maps[1] == maps[0], maps[0] != maps[1];\n"));
  EXPECT_THAT(text, HasSubstr("TEST(hash_map_operations, hash_map_keeps_its_promises) {"));
  EXPECT_THAT(text, HasSubstr("find_subject(\"hash_map\")"));
  const std::size_t begin = text.find("R\"(") + 3;
  const auto again = parse(std::string_view(text).substr(begin, text.find(")\"", begin) - begin));
  ASSERT_TRUE(std::holds_alternative<program>(again));
  EXPECT_EQ(std::get<program>(again), p);
}

TEST(report, a_concurrent_program_is_drawn_lane_by_lane) {
  const program p = text_program(
      "threads 3\ninsert_copy 0 hot 0\n@1 find 0 hot 0\n@3 clear 0\n@1 size 0\n@3 walk 0\nerase_key 0 current\nend\n"
      "@after size 0\n");
  const std::string picture =
      "before:\n"
      "  insert_copy 0 hot 0 value 0\n"
      "  thread 1     | thread 2 | thread 3\n"
      "  find 0 hot 0 |          | clear 0\n"
      "  size 0       |          | walk 0\n"
      "               |          |   erase_key 0 current\n"
      "after:\n"
      "  size 0\n";
  EXPECT_EQ(picture_of_lanes(p), picture);
  EXPECT_THAT(report(p, wrong_at(0), "m", "concurrent_stress", "f"), HasSubstr(picture));
}

TEST(describe, leaves_no_hole_in_any_operation) {
  random_source random(2);
  for (int i = 0; i < 500; ++i) {
    const program p = generate(random, 60, {.concurrent = i % 2 == 0});
    const std::string text = describe(p, "// ");
    ASSERT_THAT(text, Not(HasSubstr("$"))) << text;
    ASSERT_EQ(std::count(text.begin(), text.end(), '{'), std::count(text.begin(), text.end(), '}')) << text;
  }
}

}  // namespace
}  // namespace gauntlet::check
