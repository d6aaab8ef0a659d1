// Example tests of the misuse channel: what a report says, who receives it, and that nothing gets past it.
#include <gauntlet/map/misuse.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using gauntlet::misuse_kind;
using gauntlet::misuse_report;

struct misuse_error : std::runtime_error {
  explicit misuse_error(const misuse_report& report) : std::runtime_error(describe(report)), kind(report.kind) {}
  misuse_kind kind;
};

void throw_report(const misuse_report& report) { throw misuse_error(report); }
void ignore_report(const misuse_report&) {}

// Installs a handler for one scope.
class handler_scope {
 public:
  explicit handler_scope(gauntlet::misuse_handler handler) : previous_(gauntlet::set_misuse_handler(handler)) {}
  ~handler_scope() { gauntlet::set_misuse_handler(previous_); }
  handler_scope(const handler_scope&) = delete;
  handler_scope& operator=(const handler_scope&) = delete;

 private:
  gauntlet::misuse_handler previous_;
};

misuse_report example() {
  misuse_report report;
  report.kind = misuse_kind::concurrent_writes;
  report.operation = "erase";
  report.other_operation = "insert";
  report.thread = 3;
  report.other_thread = 7;
  report.map_state = "size 12\ncapacity 16";
  return report;
}

TEST(misuse, a_report_reads_as_one_block_with_the_words_of_go_first) {
  EXPECT_EQ(describe(example()),
            "fatal error: concurrent map writes\n"
            "  this operation:  erase (thread 3)\n"
            "  other operation: insert (thread 7)\n"
            "  map state:       size 12\n"
            "                   capacity 16\n"
            "  what to do:      guard every use of this map with one lock, or use one of the concurrent maps.\n");
}

TEST(misuse, what_is_unknown_is_said_or_left_out) {
  misuse_report report;
  report.kind = misuse_kind::stale_cursor;
  const std::string text = describe(report);
  EXPECT_NE(text.find("this operation:  unknown\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("other operation"), std::string::npos) << text;
  EXPECT_EQ(text.find("map state"), std::string::npos) << text;
}

TEST(misuse, every_kind_has_its_own_message_and_an_advice) {
  const misuse_kind kinds[] = {misuse_kind::concurrent_writes,
                               misuse_kind::concurrent_read_and_write,
                               misuse_kind::concurrent_iteration_and_write,
                               misuse_kind::reentry,
                               misuse_kind::stale_iterator,
                               misuse_kind::stale_cursor};
  std::vector<std::string> messages;
  for (const misuse_kind kind : kinds) {
    messages.emplace_back(gauntlet::misuse_message(kind));
    EXPECT_EQ(messages.back().rfind("fatal error: ", 0), 0U) << messages.back();
    EXPECT_FALSE(std::string(gauntlet::misuse_advice(kind)).empty());
  }
  std::sort(messages.begin(), messages.end());
  EXPECT_EQ(std::adjacent_find(messages.begin(), messages.end()), messages.end());
}

TEST(misuse, a_handler_that_throws_reaches_the_caller_with_message_and_thread_filled_in) {
  const handler_scope scope(&throw_report);
  misuse_report report;
  report.kind = misuse_kind::reentry;
  try {
    gauntlet::report_misuse(report);
    FAIL() << "report_misuse returned";
  } catch (const misuse_error& error) {
    EXPECT_EQ(error.kind, misuse_kind::reentry);
    const std::string text = error.what();
    EXPECT_EQ(text.rfind(gauntlet::misuse_message(misuse_kind::reentry), 0), 0U) << text;
    EXPECT_NE(text.find("(thread " + std::to_string(gauntlet::thread_number()) + ")"), std::string::npos) << text;
  }
}

TEST(misuse, installing_a_handler_returns_the_previous_one_and_null_means_the_default) {
  const gauntlet::misuse_handler standard = gauntlet::set_misuse_handler(&throw_report);
  EXPECT_EQ(gauntlet::set_misuse_handler(nullptr), &throw_report);
  EXPECT_EQ(gauntlet::set_misuse_handler(standard), standard);
}

TEST(misuse_death, the_default_handler_prints_the_block_and_aborts) {
  EXPECT_DEATH(gauntlet::report_misuse(example()), "^fatal error: concurrent map writes(.|\n)*other operation: insert");
}

TEST(misuse_death, a_handler_that_returns_is_followed_by_abort) {
  EXPECT_EXIT(
      {
        gauntlet::set_misuse_handler(&ignore_report);
        gauntlet::report_misuse(example());
      },
      testing::KilledBySignal(SIGABRT), "");
}

TEST(misuse, thread_numbers_are_distinct_stable_and_never_reused) {
  std::vector<std::uint64_t> numbers{gauntlet::thread_number()};
  EXPECT_EQ(gauntlet::thread_number(), numbers.front());
  for (int round = 0; round < 8; ++round) {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    bool stable = false;
    std::thread one([&] {
      first = gauntlet::thread_number();
      stable = first == gauntlet::thread_number();
    });
    std::thread two([&] { second = gauntlet::thread_number(); });
    one.join();
    two.join();
    EXPECT_TRUE(stable);
    numbers.push_back(first);
    numbers.push_back(second);
  }
  std::sort(numbers.begin(), numbers.end());
  EXPECT_GT(numbers.front(), 0U);
  EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end()), numbers.end());
}

}  // namespace
