// The text form is lossless, refuses what it does not know, and the parts of a history behave as they say.
#include <gauntlet/check/history/history.h>

#include <gtest/gtest.h>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/history/text.h>

namespace gauntlet::check {
namespace {

history_file random_file(random_source& random) {
  history_file file;
  file.expected = static_cast<judgement>(random.below(3));
  for (std::size_t i = 0; i < opcode_count; ++i) {
    if (reach_of(static_cast<opcode>(i)) == reach::foreign) continue;
    file.contracts.of[i] = static_cast<contract>(random.below(4));
  }
  if (random.chance(50)) file.budget = random();
  for (auto& elements : file.what.initial) {
    for (std::uint64_t i = random.below(4); i > 0; --i) elements.push_back({random(), random()});
  }
  for (std::uint64_t i = random.below(6); i > 0; --i) {
    event e;
    do e.asked.code = static_cast<opcode>(random.below(opcode_count));
    while (reach_of(e.asked.code) == reach::foreign);
    e.where = static_cast<unsigned>(random.below(8));
    e.called = random.below(100);
    e.asked.target = static_cast<unsigned>(random.below(2));
    e.asked.other = static_cast<unsigned>(random.below(2));
    e.asked.key = random.below(2) * random();
    e.asked.value = random.below(2) * random();
    e.asked.argument = static_cast<unsigned>(random.below(6));
    if (random.chance(80)) {
      e.returned = 100 + random.below(100);
      e.answer.flag = random.chance(50);
      e.answer.has_value = random.chance(50);
      e.answer.value = e.answer.has_value ? random() : 0;
      e.answer.number = random.below(3);
      if (reach_of(e.asked.code) == reach::elements) {
        for (std::uint64_t n = random.below(4); n > 0; --n) e.shown.push_back({random(), random()});
      }
    }
    file.what.events.push_back(std::move(e));
  }
  return file;
}

void expect_same(const event& a, const event& b) {
  EXPECT_EQ(a.where, b.where);
  EXPECT_EQ(a.called, b.called);
  EXPECT_EQ(a.returned, b.returned);
  EXPECT_EQ(a.asked.code, b.asked.code);
  EXPECT_EQ(a.asked.target, b.asked.target);
  EXPECT_EQ(a.asked.other, b.asked.other);
  EXPECT_EQ(a.asked.key, b.asked.key);
  EXPECT_EQ(a.asked.value, b.asked.value);
  EXPECT_EQ(a.asked.argument, b.asked.argument);
  EXPECT_EQ(a.answer, b.answer);
  EXPECT_EQ(a.shown, b.shown);
}

TEST(history_text, is_read_back_without_loss) {
  random_source random(1);
  for (unsigned round = 0; round < 2000; ++round) {
    const history_file file = random_file(random);
    const std::string text = print(file);
    const auto parsed = parse_history(text);
    ASSERT_TRUE(std::holds_alternative<history_file>(parsed)) << std::get<parse_error>(parsed).message << "\n" << text;
    const auto& again = std::get<history_file>(parsed);
    EXPECT_EQ(print(again), text);
    EXPECT_EQ(again.expected, file.expected);
    EXPECT_EQ(again.contracts.of, file.contracts.of);
    EXPECT_EQ(again.budget, file.budget);
    EXPECT_EQ(again.what.initial, file.what.initial);
    ASSERT_EQ(again.what.events.size(), file.what.events.size());
    for (std::size_t i = 0; i < file.what.events.size(); ++i) expect_same(again.what.events[i], file.what.events[i]);
    if (HasFailure()) FAIL() << text;
  }
}

TEST(history_text, leaves_out_what_is_no_operation_of_a_history) {
  history_file file;
  file.contracts[opcode::reserve] = contract::unsupported;
  file.contracts[opcode::size] = contract::weak;
  const auto parsed = parse_history(print(file));
  ASSERT_TRUE(std::holds_alternative<history_file>(parsed)) << print(file);
  EXPECT_EQ(std::get<history_file>(parsed).contracts[opcode::size], contract::weak);
}

TEST(history_text, says_in_which_line_what_was_expected) {
  const auto expect_error = [](std::string_view text, std::size_t line, std::string_view part) {
    const auto parsed = parse_history(text);
    ASSERT_TRUE(std::holds_alternative<parse_error>(parsed)) << text;
    EXPECT_EQ(std::get<parse_error>(parsed).line, line) << text;
    EXPECT_NE(std::get<parse_error>(parsed).message.find(part), std::string::npos)
        << std::get<parse_error>(parsed).message;
  };
  expect_error("", 1, "history");
  expect_error("find", 1, "history");
  expect_error("history maybe", 1, "right, wrong or undecided");
  expect_error("# a story\nhistory right\ncontract walk strong", 3, "weak");
  expect_error("history right\n1 2 3 reserve 0 =", 2, "operation of a history");
  expect_error("history right\n1 2 3 find 0 key 1 = yes value", 2, "value seen");
  expect_error("history right\n1 2 3 find 0 key 1 = yes value 99999999999999999999", 2, "value seen");
  expect_error("history right\n1 2 - find 0 key 1 = yes", 2, "?");
  expect_error("history right\n1 2 3 find 0 key 1 = yes value 1 and more", 2, "and");
  expect_error("history right\ninitial 2 1 1", 2, "map");
  expect_error("history right\n1 2 3 walk 0 = shown 1:", 2, "key:value");
}

TEST(history, knows_what_only_reads) {
  EXPECT_TRUE(only_reads(opcode::walk));
  EXPECT_TRUE(only_reads(opcode::equal));
  EXPECT_FALSE(only_reads(opcode::clear));
  EXPECT_FALSE(only_reads(opcode::insert_copy));
  EXPECT_EQ(reach_of(opcode::reserve), reach::foreign);
}

TEST(history, that_shows_no_value_for_a_find_that_found_is_not_well_formed) {
  const auto of = [](std::string_view lines) {
    return ill_formed(std::get<history_file>(parse_history("history right\n" + std::string(lines))).what);
  };
  EXPECT_EQ(of("1 1 2 find 0 key 1 = yes value 3"), "");
  EXPECT_NE(of("1 1 2 find 0 key 1 = yes"), "");
  EXPECT_NE(of("1 1 2 find 0 key 1 = no value 3"), "");
  EXPECT_NE(of("1 1 2 swap 0 ="), "") << "needs two different maps";
  EXPECT_NE(of("1 1 2 erase_if 0 argument 5 = number 0"), "") << "its predicate throws";
  EXPECT_NE(of("initial 0 1 1\ninitial 0 1 2"), "") << "a key twice";
  EXPECT_NE(of("1 1 - clear 0 = ?\n1 2 3 clear 0 ="), "") << "a lane goes on after an event that never returned";
}

}  // namespace
}  // namespace gauntlet::check
