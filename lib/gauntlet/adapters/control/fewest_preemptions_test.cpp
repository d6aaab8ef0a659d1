// A failure that was found with nine preemptions is shown with as few as there can be.
#include <gauntlet/adapters/control/fewest_preemptions.h>

#include <gtest/gtest.h>

#include <variant>

#include <gauntlet/adapters/control/controlled_run.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/run/registry.h>

namespace gauntlet::adapters {
namespace {

// Thread 2 takes the first node of the stack; while it does, the node is taken and given back.
constexpr std::string_view found_with_nine =
    "gauntlet 1\n"
    "target concurrent_schedule\n"
    "threads 3\n"
    "@1 insert_copy 0 hot 0 value 0\n"
    "@2 insert_copy 0 hot 0 value 0\n"
    "@3 insert_copy 0 hot 0 value 0\n"
    "@3 insert_copy 0 hot 1 value 0\n"
    "choice 2 run 2\nchoice 4 run 1\nchoice 7 run 0\nchoice 9 run 3\nchoice 11 run 1\nchoice 12 run 3\n"
    "choice 19 run 1\nchoice 22 run 2\nchoice 23 run 1\nchoice 30 run 3\n";

class fewest_preemptions_of_aba : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto read = check::parse(found_with_nine);
    ASSERT_TRUE(std::holds_alternative<check::program>(read)) << std::get<check::parse_error>(read).message;
    found_ = std::get<check::program>(read);
    failed_ = run_controlled(found_, make());
    ASSERT_EQ(failed_.kind, check::failure_kind::not_linearizable) << failed_.message;
    ASSERT_EQ(preemptions_of(found_, make(), options_for(found_)), 9u);
  }
  const check::concurrent_subject_factory& make() const { return check::find_subject("aba_in_free_list")->concurrent; }
  check::program with_fewest(std::uint32_t runs_max) const {
    check::program p = found_;
    p.decisions = fewest_preemptions(found_, make(), failed_, options_for(found_), runs_max);
    return p;
  }
  check::program found_;
  check::verdict failed_;
};

TEST_F(fewest_preemptions_of_aba, are_four_after_a_few_hundred_runs) {
  const check::program p = with_fewest(1000);
  EXPECT_EQ(preemptions_of(p, make(), options_for(p)), 4u);
  const check::verdict again = run_controlled(p, make());
  EXPECT_EQ(again.kind, failed_.kind);
  EXPECT_EQ(again.place, failed_.place);
}

TEST_F(fewest_preemptions_of_aba, are_the_same_every_time) {
  EXPECT_EQ(with_fewest(1000).decisions, with_fewest(1000).decisions);
}

TEST_F(fewest_preemptions_of_aba, are_those_that_were_found_where_nothing_may_be_run) {
  EXPECT_EQ(with_fewest(1).decisions, failed_.decisions);
}

}  // namespace
}  // namespace gauntlet::adapters
