// An interleaving shows in text and in a page: who ran when, what the schedule decided, who waited for whom, what broke.
//
// ci/tests/browser opens pages of these samples in a browser: with GAUNTLET_PICTURES=FOLDER they are written there.
#include <gauntlet/check/report/interleaving.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace gauntlet::check {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

// Two threads add one to the same value without a lock: one addition is lost, which the last find shows.
interleaving lost_update() {
  interleaving i;
  i.title = "not_linearizable: an update is lost in map unlocked_counter";
  i.happened =
      "find 0 hot 3 gave 1; no order of the calls gives that\n"
      "witness: add 0 hot 3 by thread 1 and by thread 2 both answered 1";
  i.program =
      "gauntlet 1\nthreads 2\ninsert_copy 0 hot 3 value 0\n@1 add 0 hot 3\n@2 add 0 hot 3\n@after find 0 hot 3\n";
  i.state = "size 1, capacity 8, 1 table\ngrowth: none under way\nflags: none";
  i.lanes = {"before and after", "thread 1", "thread 2"};
  i.steps = {
      {1, 0, "store 8 bytes, 3", "hash_map.h:212 in insert"},
      {2, 0, "store 8 bytes, 0", "hash_map.h:213 in insert"},
      {3, 0, "create thread 1", "runner.h:88 in run"},
      {4, 0, "create thread 2", "runner.h:88 in run"},
      {5, 1, "load 8 bytes, 0", "unlocked_counter.h:31 in add", true, false, false, 3},
      {6, 2, "load 8 bytes, 0", "unlocked_counter.h:31 in add", true, true, false, 4},
      {7, 2, "store 8 bytes, 1", "unlocked_counter.h:32 in add"},
      {8, 2, "end", ""},
      {9, 1, "store 8 bytes, 1", "unlocked_counter.h:32 in add", true, true},
      {10, 1, "end", ""},
      {11, 0, "join thread 1", "runner.h:97 in run", true, false, false, 10},
      {12, 0, "load 8 bytes, 1", "unlocked_counter.h:25 in find", false, false, false, 8},
  };
  i.operations = {
      {0, 0, "insert_copy 0 hot 3 value 0", "yes", 1, 2},
      {1, 1, "add 0 hot 3", "1", 5, 9},
      {2, 2, "add 0 hot 3", "1", 6, 7},
      {0, 3, "find 0 hot 3", "yes, value 1", 12, 12},
  };
  i.failed_at = 12;
  i.failed_lane = 0;
  i.culprits = {1, 2, 3};
  return i;
}

// Two locks taken in both orders.
interleaving deadlock() {
  interleaving i;
  i.title = "deadlock: two locks in both orders in map two_locks";
  i.happened = "thread 1 waits for mutex B, held by thread 2\nthread 2 waits for mutex A, held by thread 1";
  i.program = "gauntlet 1\nthreads 2\n@1 swap 0 hot 1\n@2 swap 0 hot 2\n";
  i.state = "size 2, shard 0 locked by thread 1, shard 1 locked by thread 2";
  i.lanes = {"before and after", "thread 1", "thread 2"};
  i.steps = {
      {1, 0, "create thread 1", "runner.h:88 in run"},
      {2, 0, "create thread 2", "runner.h:88 in run"},
      {3, 0, "join thread 1", "runner.h:97 in run", false, false, true},
      {4, 1, "lock mutex A", "two_locks.h:40 in swap", true, false, false, 1},
      {5, 2, "lock mutex B", "two_locks.h:40 in swap", true, true, false, 2},
      {6, 2, "lock mutex A", "two_locks.h:41 in swap", false, false, true, 0, 4},
      {7, 1, "lock mutex B", "two_locks.h:41 in swap", true, false, true, 0, 5},
  };
  i.operations = {{1, 0, "swap 0 hot 1", "", 4, 0}, {2, 1, "swap 0 hot 2", "", 5, 0}};
  i.failed_at = 7;
  i.failed_lane = 1;
  i.culprits = {0, 1};
  return i;
}

// `count` steps of `threads` threads under a lock, in stretches of varied length; breaks with the last one.
interleaving many_steps(unsigned threads, std::uint64_t count) {
  interleaving i;
  i.title = "not_linearizable: a stale read in map striped_map, " + std::to_string(count) + " steps";
  i.happened = "find 0 hot 1 gave 4 after insert_or_assign 0 hot 1 value 9 had returned";
  i.state = "size 17, capacity 32\ngrowth: 16 to 32 slots, 5 of 16 moved\nflags: growing";
  i.lanes = {"before and after"};
  for (unsigned thread = 1; thread <= threads; ++thread) i.lanes.push_back("thread " + std::to_string(thread));
  i.program = "gauntlet 1\nthreads " + std::to_string(threads) + "\n";
  std::uint64_t random = 12345, unlocked = 0;
  std::vector<std::size_t> under_way(threads + 1, SIZE_MAX);
  unsigned lane = 0, before = 0;
  for (std::uint64_t number = 1; number <= count;) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    const std::uint64_t choice = random >> 40U;
    lane = number < 6 ? 0 : 1 + static_cast<unsigned>(choice % threads);
    const std::uint64_t length = 2 + choice / 8 % 3 * (choice / 64 % 9);
    for (std::uint64_t n = 0; n < length && number <= count; ++n, ++number) {
      const std::string line = std::to_string(100 + (choice + n * 7) % 90);
      interleaving::step s{number, lane, "load 8 bytes, " + std::to_string((choice + n) % 50),
                           "striped_map.h:" + line + " in find_in_stripe"};
      s.switched = lane != before && n == 0;
      s.decided = s.switched && choice % 3 == 0;
      if (n == 0) {
        s.what = "lock mutex A";
        s.from = unlocked;
      } else if (n + 1 == length) {
        s.what = "unlock mutex A";
        unlocked = number;
      }
      std::size_t& operation = under_way[lane];
      if (operation != SIZE_MAX && n > 0 && choice % 5 < 3) {
        i.operations[operation].last = number;
        i.operations[operation].answer = "yes, value " + std::to_string(choice % 10);
        operation = SIZE_MAX;
      } else if (operation == SIZE_MAX && n == 0) {
        operation = i.operations.size();
        i.operations.push_back({lane, operation, "find 0 hot " + std::to_string(choice % 4), "", number, 0});
        i.program += "@" + std::to_string(lane) + " " + i.operations.back().asked + "\n";
      }
      i.steps.push_back(s);
    }
    before = lane;
  }
  i.failed_at = count;
  i.failed_lane = lane;
  i.culprits = {i.operations.size() - 1};
  return i;
}

interleaving hostile() {
  interleaving i = lost_update();
  i.title = "<script>alert(\"title\")</script>";
  i.happened = "</pre><img src='http://example.com/x.png'>";
  i.program = "<b>&program;</b>\n";
  i.state = "<style>*{display:none}</style>";
  i.lanes[1] = "<i>thread</i> \"1\"";
  i.steps[5].what = "store <8> & \"more\"";
  i.steps[5].where = std::string(300, 'x') + ".h:1 in operator<<";
  i.operations[1].asked = "add '<0>'";
  i.operations[2].answer = "\x01\t<&>";
  return i;
}

// The longest line, in bytes: the samples are ASCII.
std::size_t widest(std::string_view text) {
  std::size_t width = 0, begin = 0;
  for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n', begin)) {
    width = std::max(width, end - begin);
    begin = end + 1;
  }
  return width;
}

TEST(interleaving_text, a_lost_update_is_seen_lane_by_lane) {
  EXPECT_EQ(print(lost_update()),
            R"(interleaving: not_linearizable: an update is lost in map unlocked_counter
12 steps in 3 lanes, 4 switches, 2 decisions of the schedule

operations, in order of their calls, '!' marks those that the verdict is about:
    steps  lane              asked                        answer        when
      1-2  before and after  insert_copy 0 hot 3 value 0  yes           []
  !   5-9  thread 1          add 0 hot 3                  1                   [======]
  !   6-7  thread 2          add 0 hot 3                  1                     [=]
  !    12  before and after  find 0 hot 3                 yes, value 1                     |

steps; 'o' a step, 'x' one that has to wait, '*' decided by the schedule, '>' where it showed:
        step  before and after           thread 1                   thread 2
              insert_copy 0 hot 3 value 0 -> yes
           1  o store 8 bytes, 3   hash_map.h:212 in insert
              : (2 steps)
           4  o create thread 2   runner.h:88 in run
              |                          add 0 hot 3 ..
           5  |                          o load 8 bytes, 0, sees step 3   unlocked_counter.h:31 in add
              |                          |                          add 0 hot 3 -> 1
    *      6  |                          |                          o load 8 bytes, 0, sees step 4
              |                          |                          |   unlocked_counter.h:31 in add
           7  |                          |                          o store 8 bytes, 1   unlocked_counter.h:32 in add
           8  |                          |                          o end
              |                          .. add 0 hot 3 -> 1
    *      9  |                          o store 8 bytes, 1   unlocked_counter.h:32 in add
          10  |                          o end
              find 0 hot 3 -> yes, value 1
          11  o join thread 1, sees step 10   runner.h:97 in run
  >       12  o load 8 bytes, 1, sees step 8   unlocked_counter.h:25 in find

happened:
    find 0 hot 3 gave 1; no order of the calls gives that
    witness: add 0 hot 3 by thread 1 and by thread 2 both answered 1

the map at the end:
    size 1, capacity 8, 1 table
    growth: none under way
    flags: none
)");
}

TEST(interleaving_text, who_waits_for_whom) {
  const std::string text = print(deadlock());
  EXPECT_THAT(text, HasSubstr("x join thread 1, waits   runner.h:97 in run\n"));
  EXPECT_THAT(text, HasSubstr("x lock mutex A, waits for step 4 of thread 1\n"));
  EXPECT_THAT(text, HasSubstr("  >        7 "));
  EXPECT_THAT(text, HasSubstr("x lock mutex B, waits for step 5 of thread 2   two_locks.h:41 in swap\n"));
  EXPECT_THAT(text, HasSubstr("  !    5-  thread 2  swap 0 hot 2  (pending)              [======>\n"));
}

TEST(interleaving_text, seven_lanes_fit_into_120_columns) {
  for (const unsigned threads : {1U, 2U, 3U, 6U}) {
    interleaving i = many_steps(threads, 300);
    EXPECT_LE(widest(print(i, SIZE_MAX)), 120U) << threads;
    for (auto& s : i.steps) s.what += std::string(200, 'w'), s.where += std::string(200, 'w');
    for (auto& o : i.operations) o.asked += std::string(200, 'a'), o.answer += std::string(200, 'a');
    for (auto& lane : i.lanes) lane += std::string(100, 'l');
    EXPECT_LE(widest(print(i, SIZE_MAX)), 120U) << threads;
  }
}

TEST(interleaving_text, what_is_left_out_is_said_and_never_where_it_showed) {
  interleaving i = many_steps(3, 2000);
  for (const std::uint64_t failed : {1U, 700U, 1000U, 2000U}) {
    i.failed_at = failed;
    for (const std::size_t rows_max : {1U, 2U, 7U, 80U}) {
      const std::string text = print(i, rows_max);
      EXPECT_EQ(count_of(text, "\n  > "), 1U) << failed << " " << rows_max;
      EXPECT_THAT(text, HasSubstr(" left out ...\n")) << failed << " " << rows_max;
      EXPECT_LE(count_of(text, "o lock mutex A"), rows_max) << failed;
    }
  }
  EXPECT_THAT(print(i, SIZE_MAX), Not(HasSubstr("left out")));
}

TEST(interleaving_text, a_failure_behind_the_last_step_says_so) {
  interleaving i = lost_update();
  i.failed_at = 0;
  EXPECT_THAT(print(i), HasSubstr("\n    > when all was done\n"));
  i.happened.clear();
  i.culprits.clear();
  EXPECT_THAT(print(i), Not(HasSubstr("> when all was done")));
  EXPECT_THAT(to_html(i), Not(HasSubstr("id=\"violation\"")));
}

TEST(interleaving_picture, lanes_steps_operations_and_the_violation_have_names) {
  const std::string page = to_html(lost_update());
  for (const char* id : {"lane-0", "lane-2", "step-1", "step-12", "operation-0", "operation-3", "violation"}) {
    EXPECT_EQ(count_of(page, " id=\"" + std::string(id) + "\""), 1U) << id;
  }
  EXPECT_EQ(count_of(page, "<div class=\"row"), 12U);
  EXPECT_EQ(count_of(page, "<path class=\"arrow after\" data-from"), 4U);
  EXPECT_EQ(count_of(page, "<path class=\"arrow waits\" data-from"), 0U);
  EXPECT_EQ(count_of(page, "<path class=\"switch decided\" d=\"M"), 2U + 1U);  // one is the legend's
  EXPECT_EQ(count_of(page, "<rect class=\"operation c0 culprit\""), 1U);
  EXPECT_EQ(count_of(page, "<div class=\"row failed\""), 1U);
  EXPECT_THAT(page, HasSubstr("<div class=\"cell c0\" id=\"step-12\" data-lane=\"0\""));
  EXPECT_THAT(page, HasSubstr("<div class=\"violation\"><b>✗</b> shows here</div>"));
  EXPECT_THAT(page, HasSubstr("find 0 hot 3 gave 1; no order of the calls gives that"));
  EXPECT_THAT(page, HasSubstr("@after find 0 hot 3"));
  EXPECT_THAT(page, HasSubstr("growth: none under way"));
}

TEST(interleaving_picture, arrows_lead_from_holder_to_waiter) {
  const std::string page = to_html(deadlock());
  EXPECT_THAT(page, HasSubstr("<path class=\"arrow waits\" data-from=\"4\" data-to=\"6\""));
  EXPECT_THAT(page, HasSubstr("<path class=\"arrow waits\" data-from=\"5\" data-to=\"7\""));
  EXPECT_EQ(count_of(page, ">never returned<"), 4U);  // in the picture and in the list
  EXPECT_EQ(count_of(page, "<div class=\"row"), 7U);  // beside steps of theirs
}

TEST(interleaving_picture, nothing_is_loaded_and_everything_is_escaped) {
  for (const interleaving& i : {lost_update(), deadlock(), hostile(), many_steps(3, 150)}) {
    const std::string page = to_html(i);
    for (const char* loads :
         {"<script", "<img", "<link", " src=\"", "@import", "url(http", "<i>thread", "<8>", "<b>&"}) {
      EXPECT_THAT(page, Not(HasSubstr(loads)));
    }
    EXPECT_EQ(count_of(page, "<style>"), 1U);
    EXPECT_EQ(count_of(page, "url("), count_of(page, "url(#tip"));
    for (const char* element : {"div", "section", "pre", "svg", "details", "ol", "li", "span", "aside", "main"}) {
      const std::string open = "<" + std::string(element);
      EXPECT_EQ(count_of(page, open + ">") + count_of(page, open + " "),
                count_of(page, "</" + std::string(element) + ">"))
          << element;
    }
  }
}

TEST(interleaving_picture, long_ones_are_folded_and_every_step_is_there) {
  const std::string page = to_html(many_steps(6, 2000));
  for (std::uint64_t number = 1; number <= 2000; ++number) {
    ASSERT_EQ(count_of(page, " id=\"step-" + std::to_string(number) + "\""), 1U) << number;
  }
  EXPECT_GT(count_of(page, "<details class=\"fold"), 50U);
  EXPECT_LT(page.size(), 1'000'000U);
}

TEST(interleaving_picture, what_does_not_fit_together_is_shown_all_the_same) {
  interleaving i = lost_update();
  i.steps[4].from = 77;        // never recorded
  i.steps[5].from = 9;         // later
  i.steps[7].waits_for = 7;    // its own lane
  i.lanes.clear();             // no names
  i.failed_at = 99;            // never recorded
  i.culprits = {0, 44};        // one there is
  i.operations[3].first = 13;  // no step of its own
  i.operations[3].last = 13;
  const std::string page = to_html(i);
  EXPECT_EQ(count_of(page, "<path class=\"arrow after\" data-from"), 2U);
  EXPECT_EQ(count_of(page, "<path class=\"arrow waits\" data-from"), 0U);
  EXPECT_THAT(page, HasSubstr("<div class=\"end violation\">"));
  EXPECT_THAT(page, HasSubstr("id=\"operation-3\""));
  EXPECT_EQ(count_of(page, "<div class=\"call\" title=\"find 0 hot 3\">"), 1U);
  EXPECT_THAT(page, HasSubstr("lane 2"));
  EXPECT_THAT(print(i), HasSubstr("> when all was done"));
  EXPECT_THAT(print({}), HasSubstr("0 steps in 0 lanes"));
  EXPECT_THAT(to_html({}), HasSubstr("<h1>interleaving</h1>"));
}

TEST(interleaving_picture, the_same_interleaving_gives_the_same_bytes) {
  EXPECT_EQ(to_html(many_steps(3, 150)), to_html(many_steps(3, 150)));
  EXPECT_EQ(print(many_steps(3, 150)), print(many_steps(3, 150)));
}

TEST(interleaving_picture, pages_for_the_browser) {
  const char* const folder = std::getenv("GAUNTLET_PICTURES");
  if (folder == nullptr) GTEST_SKIP() << "GAUNTLET_PICTURES names no folder";
  const auto write = [&](const char* name, const interleaving& i) {
    std::ofstream file(std::string(folder) + "/" + name + ".html");
    file << to_html(i);
    file.close();
    EXPECT_TRUE(file) << "cannot write to " << folder;
  };
  write("lost_update", lost_update());
  write("deadlock", deadlock());
  write("three_threads", many_steps(3, 150));
  write("six_threads", many_steps(6, 2000));
  write("hostile", hostile());
}

}  // namespace
}  // namespace gauntlet::check
