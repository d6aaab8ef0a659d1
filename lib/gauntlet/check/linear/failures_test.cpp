// What an operation that ended with an exception may have done, told by what others saw.
#include <gauntlet/check/linear/failures.h>

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace gauntlet::check {
namespace {

history read(const std::string& events) {
  auto parsed = parse_history("history right\n" + events);
  if (const auto* file = std::get_if<history_file>(&parsed)) return file->what;
  ADD_FAILURE() << std::get<parse_error>(parsed).message;
  return {};
}

// The events of `failed` are given with any answer.
history_verdict judged(const std::string& done, const std::string& failed,
                       failure_promise promised = failure_promise::basic) {
  history h = read(done), f = read(failed);
  for (event& e : f.events) {
    e.answer = {};
    e.answer.status = outcome::injected;
  }
  return check_history_with_failures(h, f, promised);
}

TEST(failures, an_insertion_that_failed_has_inserted_or_not) {
  const std::string insertion = "1 1 2 insert_copy 0 key 5 value 7 = no\n";
  EXPECT_EQ(judged("1 3 4 find 0 key 5 = no\n", insertion).says, judgement::right);
  EXPECT_EQ(judged("1 3 4 find 0 key 5 = yes value 7\n", insertion).says, judgement::right);
  EXPECT_EQ(judged("1 3 4 find 0 key 5 = yes value 8\n", insertion).says, judgement::wrong);
  EXPECT_EQ(judged("1 3 4 find 0 key 5 = yes value 7\n2 5 6 find 0 key 5 = no\n", insertion).says, judgement::wrong);
}

TEST(failures, it_has_its_effect_before_the_exception) {
  const std::string insertion = "1 3 4 insert_copy 0 key 5 value 7 = no\n";
  EXPECT_EQ(judged("2 1 2 find 0 key 5 = yes value 7\n", insertion).says, judgement::wrong);
  EXPECT_EQ(judged("1 5 6 find 0 key 5 = no\n1 7 8 find 0 key 5 = yes value 7\n", insertion).says, judgement::wrong);
}

TEST(failures, under_the_strong_promise_it_has_none) {
  const history_verdict v =
      judged("1 3 4 find 0 key 5 = yes value 7\n", "1 1 2 insert_copy 0 key 5 value 7 = no\n", failure_promise::strong);
  EXPECT_EQ(v.says, judgement::wrong);
  EXPECT_NE(v.text.find("insert_copy 0 key 5 value 7 = (an exception)"), std::string::npos) << v.text;
}

TEST(failures, others_are_not_excused) {
  const std::string insertion = "1 1 2 insert_copy 0 key 5 value 7 = no\n";
  EXPECT_EQ(judged("2 3 4 find 0 key 6 = yes value 1\n", insertion).says, judgement::wrong);
  EXPECT_EQ(judged("initial 0 6 1\n2 3 4 find 0 key 6 = no\n", insertion).says, judgement::wrong);
}

TEST(failures, several_are_tried_in_every_way) {
  const std::string both = "1 1 2 insert_or_assign 0 key 5 value 7 = no\n2 3 4 erase_key 0 key 5 = no\n";
  EXPECT_EQ(judged("1 5 6 find 0 key 5 = yes value 7\n", both).says, judgement::right);
  EXPECT_EQ(judged("1 5 6 find 0 key 5 = no\n", both).says, judgement::right);
  EXPECT_EQ(judged("initial 0 5 9\n1 5 6 find 0 key 5 = no\n", both).says, judgement::right);
  EXPECT_EQ(judged("initial 0 5 9\n1 5 6 find 0 key 5 = yes value 8\n", both).says, judgement::wrong);
}

TEST(failures, an_upsert_has_inserted_or_added_or_neither) {
  const std::string upsert = "1 1 2 upsert 0 key 5 value 7 = no\n";
  for (const char* found : {"no", "yes value 7"}) {
    EXPECT_EQ(judged(std::string("1 3 4 find 0 key 5 = ") + found + "\n", upsert).says, judgement::right) << found;
  }
  for (const char* value : {"2", "9"}) {
    EXPECT_EQ(judged(std::string("initial 0 5 2\n1 3 4 find 0 key 5 = yes value ") + value + "\n", upsert).says,
              judgement::right)
        << value;
  }
  EXPECT_EQ(judged("initial 0 5 2\n1 3 4 find 0 key 5 = yes value 7\n", upsert).says, judgement::wrong);
}

TEST(failures, what_may_have_stopped_halfway_leaves_a_wrong_history_undecided) {
  EXPECT_EQ(judged("initial 0 5 9\n1 5 6 find 0 key 5 = no\n", "2 1 2 clear 0 =\n").says, judgement::undecided);
  EXPECT_EQ(judged("initial 0 5 9\n1 5 6 find 0 key 5 = yes value 9\n", "2 1 2 clear 0 =\n").says, judgement::right);
  EXPECT_EQ(judged("initial 0 5 9\n1 5 6 find 0 key 5 = yes value 8\n", "2 1 2 walk 0 = shown 5:9\n").says,
            judgement::wrong);
}

}  // namespace
}  // namespace gauntlet::check
