// Schedules as text: what is printed reads back without loss, and each wrong line is named with what it should have been.
#include <gauntlet/sched/schedule.h>

#include <gtest/gtest.h>

#include <gauntlet/sched/random.h>

namespace gauntlet::sched {
namespace {

constexpr const char* example =
    "schedule 1\n"
    "strategy pct 17\n"
    "allocator quarantine\n"
    "memory weak\n"
    "at 12 run 2 of 3 before store\n"
    "at 19 read 1 of 2 before load\n"
    "at 20 fail 1 of 2 before read_modify_write\n"
    "at 21 fire 1 of 2\n"
    "at 30 wake 3 of 4 before notify\n"
    "at 31 run 0\n"
    "end 84 choices 31 hash 9f3c1d7700ab45e2\n";

TEST(schedule_text, reads_and_prints_every_kind_of_line) {
  schedule s;
  std::string error;
  ASSERT_TRUE(parse(example, s, error)) << error;
  EXPECT_EQ(s.strategy, "pct 17");
  EXPECT_EQ(s.allocator, reuse::quarantine);
  EXPECT_EQ(s.memory, memory_model::weak);
  ASSERT_EQ(s.deviations.size(), 6U);
  EXPECT_EQ(s.deviations[0], (deviation{12, choice_kind::thread, 2, 3, event_kind::store}));
  EXPECT_EQ(s.deviations[5], (deviation{31, choice_kind::thread, 0, 0, event_kind::none}));
  EXPECT_EQ(s.events, 84U);
  EXPECT_EQ(s.choices, 31U);
  EXPECT_EQ(s.hash, 0x9f3c1d7700ab45e2U);
  EXPECT_EQ(print(s), example);
}

TEST(schedule_text, takes_comments_empty_lines_spaces_and_carriage_returns) {
  schedule s;
  std::string error;
  ASSERT_TRUE(parse("# found at night\n\nschedule 1\r\n   at 3  run\t1 \r\n# the end\nat 4 run 0", s, error)) << error;
  EXPECT_EQ(s.deviations.size(), 2U);
  EXPECT_EQ(print(s), "schedule 1\nallocator reuse\nmemory sequential\nat 3 run 1\nat 4 run 0\n");
}

TEST(schedule_text, everything_that_can_be_recorded_reads_back_without_loss) {
  random r(7);
  for (int i = 0; i < 2000; ++i) {
    schedule s;
    if (r.below(2) != 0) s.strategy = "pct " + std::to_string(r.below(100));
    s.allocator = static_cast<reuse>(r.below(2));
    s.memory = static_cast<memory_model>(r.below(2));
    std::uint32_t at = 0;
    for (std::uint32_t k = r.below(6); k > 0; --k) {
      deviation d;
      d.at = at += 1 + r.below(1000);
      d.kind = static_cast<choice_kind>(r.below(choice_kind_count));
      const bool yes_or_no = d.kind == choice_kind::spurious || d.kind == choice_kind::timeout;
      d.alternative = static_cast<std::uint8_t>(d.kind == choice_kind::thread ? r.below(threads_max)
                                                                              : 1 + r.below(yes_or_no ? 1 : 254));
      if (r.below(2) != 0) {
        d.alternatives =
            static_cast<std::uint8_t>(d.kind == choice_kind::thread ? 2 + r.below(254) : d.alternative + 1);
      }
      d.before = static_cast<event_kind>(r.below(event_kind_count));
      s.deviations.push_back(d);
    }
    if (r.below(2) != 0) {
      s.events = r();
      s.choices = at + r.below(10);
      s.hash = r();
    }
    schedule back;
    std::string error;
    ASSERT_TRUE(parse(print(s), back, error)) << error << "\n" << print(s);
    ASSERT_EQ(back, s) << print(s);
  }
}

TEST(schedule_text, a_strategy_stays_one_line) {
  schedule s;
  s.strategy = "two\nlines";
  schedule back;
  std::string error;
  ASSERT_TRUE(parse(print(s), back, error)) << error;
  EXPECT_EQ(back.strategy, "two lines");
}

TEST(schedule_text, each_wrong_line_is_named_with_what_was_expected) {
  struct wrong {
    const char* text;
    const char* error;
  };
  const wrong all[] = {
      {"", "line 1: expected 'schedule 1', found the end of the text"},
      {"# nothing\n", "line 2: expected 'schedule 1', found the end of the text"},
      {"program 1\n", "line 1: expected 'schedule 1', found 'program'"},
      {"schedule\n", "line 1: expected a version from 0 to 1000000, found the end of the line"},
      {"schedule one\n", "line 1: expected a version from 0 to 1000000, found 'one'"},
      {"schedule 2\n", "line 1: version 2 of schedules, this program reads version 1"},
      {"schedule 1 2\n", "line 1: expected the end of the line, found '2'"},
      {"schedule 1\nfrob\n", "line 2: expected at, strategy, allocator, memory, options, plain or end, found 'frob'"},
      {"schedule 1\nallocator\n", "line 2: expected reuse or quarantine, found the end of the line"},
      {"schedule 1\nallocator arena\n", "line 2: expected reuse or quarantine, found 'arena'"},
      {"schedule 1\nallocator reuse x\n", "line 2: expected the end of the line, found 'x'"},
      {"schedule 1\n\nmemory strong\n", "line 3: expected sequential or weak, found 'strong'"},
      {"schedule 1\nat\n", "line 2: expected a number of a choice from 1 to 4294967295, found the end of the line"},
      {"schedule 1\nat 0 run 1\n", "line 2: expected a number of a choice from 1 to 4294967295, found '0'"},
      {"schedule 1\nat -1 run 1\n", "line 2: expected a number of a choice from 1 to 4294967295, found '-1'"},
      {"schedule 1\nat 1x run 1\n", "line 2: expected a number of a choice from 1 to 4294967295, found '1x'"},
      {"schedule 1\nat 5 run 1\nat 5 run 2\n", "line 3: expected a number of a choice from 6 to 4294967295, found '5'"},
      {"schedule 1\nat 5 go 1\n", "line 2: expected run, read, fail, fire or wake, found 'go'"},
      {"schedule 1\nat 5 run 160\n", "line 2: expected a thread's number from 0 to 159, found '160'"},
      {"schedule 1\nat 5 read 0\n", "line 2: expected an alternative from 1 to 254, found '0'"},
      {"schedule 1\nat 5 fail 2\n", "line 2: expected an alternative from 1 to 1, found '2'"},
      {"schedule 1\nat 5 read 2 of 2\n", "line 2: expected a number of alternatives from 3 to 255, found '2'"},
      {"schedule 1\nat 5 run 2 of 1\n", "line 2: expected a number of alternatives from 2 to 255, found '1'"},
      {"schedule 1\nat 5 run 2 from 3\n", "line 2: expected of, before or the end of the line, found 'from'"},
      {"schedule 1\nat 5 run 2 of 3 of 3\n", "line 2: expected of, before or the end of the line, found 'of'"},
      {"schedule 1\nat 5 run 2 before\n", "line 2: expected a kind of event, found the end of the line"},
      {"schedule 1\nat 5 run 2 before none\n", "line 2: expected a kind of event, found 'none'"},
      {"schedule 1\nat 5 run 2 before dawn\n", "line 2: expected a kind of event, found 'dawn'"},
      {"schedule 1\nend\n",
       "line 2: expected a number of events from 0 to 18446744073709551615, found the end of the line"},
      {"schedule 1\nend 3 hash 1\n", "line 2: expected choices, found 'hash'"},
      {"schedule 1\nend 3 choices 2 1\n", "line 2: expected hash, found '1'"},
      {"schedule 1\nend 3 choices 2 hash xyz\n", "line 2: expected a hash in hexadecimal, found 'xyz'"},
      {"schedule 1\nend 3 choices 2 hash 1 2\n", "line 2: expected the end of the line, found '2'"},
      {"schedule 1\nend 3 choices 2 hash 1\nat 1 run 1\n", "line 3: expected nothing after the line 'end', found 'at'"},
      {"schedule 1\nat 9 run 1\nend 3 choices 2 hash 1\n",
       "line 3: the run had 2 choices, but the last deviation is at choice 9"},
  };
  for (const wrong& w : all) {
    schedule s;
    s.strategy = "untouched";
    std::string error;
    EXPECT_FALSE(parse(w.text, s, error)) << w.text;
    EXPECT_EQ(error, w.error) << w.text;
    EXPECT_EQ(s.strategy, "untouched") << w.text;
  }
}

TEST(event_words, are_all_there_and_all_different) {
  for (unsigned a = 0; a < event_kind_count; ++a) {
    EXPECT_NE(to_string(static_cast<event_kind>(a)), "?");
    for (unsigned b = 0; b < a; ++b) {
      EXPECT_NE(to_string(static_cast<event_kind>(a)), to_string(static_cast<event_kind>(b)));
    }
  }
}

}  // namespace
}  // namespace gauntlet::sched
