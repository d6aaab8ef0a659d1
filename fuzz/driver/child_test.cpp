#include "child.h"

#include <chrono>

#include <gtest/gtest.h>

extern "C" {
__attribute__((weak)) void __sanitizer_print_stack_trace();
}

namespace gauntlet::driver {

extern void (*instead_of_judging)();  // engine_test.cpp, whose target judges here

namespace {

using std::chrono_literals::operator""ms;

__attribute__((noinline)) void goes_round_and_round() {
  const volatile bool goes_on = true;
  while (goes_on) {
  }
}

class a_child_that_hangs : public testing::Test {
 protected:
  a_child_that_hangs() { instead_of_judging = goes_round_and_round; }
  ~a_child_that_hangs() override { instead_of_judging = nullptr; }
};

TEST_F(a_child_that_hangs, is_ended) {
  const try_result result = try_in_child({}, 200ms);
  EXPECT_EQ(result.signature.kind, "crash");
  EXPECT_EQ(result.signature.place, time_out);
  EXPECT_EQ(result.verdict.place, time_out);
  EXPECT_EQ(result.verdict.message, "no answer within 200 ms");
}

TEST_F(a_child_that_hangs, says_where_it_was_if_a_sanitizer_is_there_that_can) {
  const try_result result = try_in_child({}, 200ms, 1, hang_answer::where_it_is);
  EXPECT_EQ(result.signature.place, time_out) << "wherever it was, it is the same failure";
  if (__sanitizer_print_stack_trace == nullptr) {
    EXPECT_EQ(result.verdict.place, time_out);
    return;
  }
  EXPECT_TRUE(result.verdict.place.starts_with("time-out in ")) << result.verdict.place;
  const std::string& message = result.verdict.message;
  EXPECT_TRUE(message.starts_with("no answer within 200 ms; then it was here:\n    #")) << message;
  EXPECT_LT(message.find("goes_round_and_round"), message.find("engine_test")) << message;
  EXPECT_EQ(message.find("say_where"), message.npos) << "that is how it was asked: " << message;
}

TEST(a_child, that_answers_says_what_the_judge_does) {
  const try_result result = try_in_child({}, 20'000ms, 1, hang_answer::where_it_is);
  EXPECT_TRUE(result.signature.held()) << result.verdict.message;
  EXPECT_EQ(result.judgements, 1u);
}

}  // namespace
}  // namespace gauntlet::driver
