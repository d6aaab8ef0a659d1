// A program that lost operations or a thread, or got some, fails along what is left of the interleaving in which it failed.
#include <gauntlet/adapters/control/course.h>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>

#include <gauntlet/adapters/control/controlled_run.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/run/registry.h>

namespace gauntlet::adapters {
namespace {

check::program text_program(std::string_view body) {
  auto read = check::parse("gauntlet 1\ntarget concurrent_schedule\n" + std::string(body));
  if (auto* p = std::get_if<check::program>(&read)) return std::move(*p);
  ADD_FAILURE() << std::get<check::parse_error>(read).message;
  return {};
}

constexpr std::string_view three_threads =
    "threads 3\n"
    "insert_copy 0 hot 9 value 0\n"
    "@1 find 0 hot 1\n@1 find 0 hot 2\n@1 find 0 hot 3\n"
    "@2 find 0 hot 4\n"
    "@3 find 0 hot 5\n@3 find 0 hot 6\n"
    "@after find 0 hot 7\n";

TEST(course, of_what_stays_the_same_is_the_same) {
  const check::program p = text_program(three_threads);
  const course c{{{0, 2, 5, false}, {0, 3, 4, true}, {1, 2, 3, true}, {3, 4, 1, false}, {0, 4, 2, false}},
                 {{1, 2, 1}, {3, 5, 2}}};
  const course same = translated(c, p, p);
  EXPECT_EQ(same.stretches, c.stretches);
  EXPECT_EQ(same.alternatives, c.alternatives);
}

TEST(course, of_an_operation_that_is_gone_is_left_out_and_others_move_up) {
  const check::program p = text_program(three_threads),
                       without = text_program(
                           "threads 3\n@1 find 0 hot 1\n@1 find 0 hot 3\n@2 find 0 hot 4\n@3 find 0 hot 5\n@3 find 0 "
                           "hot 6\n@after find 0 hot 7\n");
  const course c{
      {{0, 2, 5, false}, {0, 3, 4, true}, {1, 2, 3, true}, {1, 4, 2, true}, {1, 5, 1, true}, {1, 6, 7, false}},
      {{1, 4, 1}, {1, 6, 1}}};
  const course left = translated(c, p, without);
  EXPECT_EQ(left.stretches,
            (std::vector<stretch>{{0, 1, 4, true}, {1, 2, 3, true}, {1, 3, 1, true}, {1, 4, 7, false}}));
  EXPECT_EQ(left.alternatives, (std::vector<given>{{1, 4, 1}}));
}

TEST(course, of_a_thread_that_is_gone_is_left_out_and_others_take_its_number) {
  const check::program p = text_program(three_threads),
                       without = text_program(
                           "threads 2\ninsert_copy 0 hot 9 value 0\n@1 find 0 hot 4\n@2 find 0 hot 5\n@2 find 0 hot "
                           "6\n@after find 0 hot 7\n");
  const course c{{{0, 3, 4, true}, {1, 2, 3, true}, {2, 2, 1, true}, {3, 4, 2, true}, {2, 3, 1, false}}, {{2, 2, 1}}};
  const course left = translated(c, p, without);
  EXPECT_EQ(left.stretches,
            (std::vector<stretch>{{0, 3, 4, true}, {1, 2, 1, true}, {2, 4, 2, true}, {1, 3, 1, false}}));
  EXPECT_EQ(left.alternatives, (std::vector<given>{{1, 2, 1}}));
}

TEST(course, of_a_thread_that_the_map_made_stays) {
  const check::program p = text_program(three_threads);
  const course c{{{4, 1, 2, true}}, {}};
  EXPECT_EQ(translated(c, p, p).stretches, c.stretches);
}

// A node that is taken, and given back, between two looks of another thread: chance needs hundreds of schedules for that.
class course_of_aba : public ::testing::Test {
 protected:
  static check::verdict judged(const check::program& p, const check::program* like = nullptr) {
    return run_controlled(p, check::find_subject("aba_in_free_list")->concurrent, {.like = like, .explain = false});
  }
  void SetUp() override {
    failed_ = judged(small_);
    ASSERT_EQ(failed_.kind, check::failure_kind::not_linearizable) << failed_.message;
  }
  // Fails along the interleaving of the small one, and the small one, without its decisions, along that of this one.
  void leads_there_and_back(std::string_view text) const {
    check::program larger = text_program(text), small = small_;
    const check::verdict there = judged(larger, &small_);
    ASSERT_EQ(there.kind, failed_.kind) << there.message;
    EXPECT_EQ(there.schedules_run, 2u);
    larger.decisions = there.decisions;
    EXPECT_EQ(judged(larger).kind, failed_.kind) << "the decisions that came out lead there again";
    small.decisions = there.decisions;
    EXPECT_TRUE(judged(small)) << "by their numbers they mean something else in the small one";
    const check::verdict back = judged(small, &larger);
    EXPECT_EQ(back.kind, failed_.kind) << back.message;
  }

  const check::program small_ = text_program(
      "threads 3\n"
      "@1 insert_copy 0 hot 0 value 0\n"
      "@2 insert_copy 0 hot 0 value 0\n"
      "@3 insert_copy 0 hot 0 value 0\n"
      "@3 insert_copy 0 hot 1 value 0\n"
      "choice 2 run 2\nchoice 4 run 1\nchoice 7 run 0\nchoice 9 run 3\nchoice 11 run 1\nchoice 12 run 3\n"
      "choice 19 run 1\nchoice 22 run 2\nchoice 23 run 1\nchoice 30 run 3\n");
  check::verdict failed_;
};

TEST_F(course_of_aba, is_followed_with_more_operations_and_with_fewer) {
  leads_there_and_back(
      "threads 3\n"
      "find 0 hot 5\n"
      "@1 find 0 hot 5\n"
      "@1 insert_copy 0 hot 0 value 0\n"
      "@2 find 0 hot 5\n"
      "@2 insert_copy 0 hot 0 value 0\n"
      "@2 find 0 hot 6\n"
      "@3 insert_copy 0 hot 0 value 0\n"
      "@3 insert_copy 0 hot 1 value 0\n");
}

TEST_F(course_of_aba, is_followed_with_a_thread_more_and_with_one_fewer) {
  leads_there_and_back(
      "threads 4\n"
      "@1 find 0 hot 6\n"
      "@2 insert_copy 0 hot 0 value 0\n"
      "@3 insert_copy 0 hot 0 value 0\n"
      "@4 insert_copy 0 hot 0 value 0\n"
      "@4 insert_copy 0 hot 1 value 0\n");
}

}  // namespace
}  // namespace gauntlet::adapters
