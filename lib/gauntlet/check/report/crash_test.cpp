// Crashes as sanitizers and libraries print them, and the place that a reduction keeps.
#include <gauntlet/check/report/crash.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace gauntlet::check {
namespace {

TEST(place_of_crash, is_the_error_and_the_first_frame_of_the_map) {
  const std::string_view text =
      "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x5020000014f4 at pc 0x562713b75b02\n"
      "WRITE of size 4 at 0x5020000014f4 thread T0\n"
      "    #0 0x1 in operator delete(void*) (/bin/x+0x1)\n"
      "    #1 0x2 in std::vector<gauntlet::slot, std::allocator<gauntlet::slot> >::push_back(int) /usr/include/v.h:1\n"
      "    #2 0x3 in gauntlet::check::subject_of<gauntlet::adapters::a>::apply(int) /s/subject_of.h:1\n"
      "    #3 0x4 in gauntlet::hash_map<int, gauntlet::hash<int> >::split(unsigned long) const /s/hash_map.h:7\n";
  EXPECT_EQ(place_of_crash(text, SIGABRT, 0), "AddressSanitizer heap-use-after-free in gauntlet::hash_map::split");
}

TEST(place_of_crash, falls_back_to_the_judge_then_to_the_error_alone) {
  EXPECT_EQ(place_of_crash("==1==ERROR: AddressSanitizer: SEGV on unknown address\n"
                           "    #0 0x1 in gauntlet::check::run(gauntlet::check::program const&) a.cpp:1\n",
                           0, 1),
            "AddressSanitizer SEGV in gauntlet::check::run");
  EXPECT_EQ(place_of_crash("==1==ERROR: AddressSanitizer: SEGV on unknown address\n"
                           "    #0 0x1 in strangers::map<int>::find(int) m.h:1\n"
                           "    #1 0x2 in gauntlet::driver::replay(int) d.cpp:1\n"
                           "    #2 0x3 in gauntlet::adapters::wrapper<int>::find(int) w.h:1\n",
                           0, 1),
            "AddressSanitizer SEGV in strangers::map::find");
  EXPECT_EQ(
      place_of_crash(
          "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x5130000000a0 at pc 0x1\n"
          "READ of size 8 at 0x5130000000a0 thread T0\n"
          "    #0 0x1 in pair<const unsigned long &, 0UL> /usr/lib/gcc/12/../../../../include/c++/12/tuple:1805:9\n"
          "    #1 0x2 in auto my::api<my::map<int, gauntlet::check::test_hash<int>>, int>::put<int const&>(int const&) "
          "/somewhere/map.h:40:15\n"
          "    #2 0x3 in gauntlet::check::subject_of<gauntlet::adapters::a>::apply(int) /s/subject_of.h:1\n",
          0, 1),
      "AddressSanitizer heap-use-after-free in my::api::put");
  EXPECT_EQ(
      place_of_crash(
          "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x5120000003e8 at pc 0x1\n"
          "    #0 0x1 in pair<const unsigned long &, 0UL> /usr/lib/gcc/12/../../../../include/c++/12/tuple:1818:9\n"
          "    #1 0x1 in construct /s/lib/gauntlet/check/types/test_allocator.h:38:67\n"
          "    #2 0x2 in std::pair<my::map<int, int>::iterator, bool> my::map<int, int>::put<int const&>(int const&) "
          "/somewhere/map.h:40:15\n",
          0, 1),
      "AddressSanitizer heap-use-after-free in my::map::put");
  EXPECT_EQ(
      place_of_crash("==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x5120000003e8 at pc 0x1\n"
                     "    #0 0x1 in clear /somewhere/map.h:89:75\n"
                     "    #1 0x1 in gauntlet::check::subject_of<gauntlet::adapters::a>::destroy() /s/subject_of.h:1\n",
                     0, 1),
      "AddressSanitizer heap-use-after-free in clear");
  EXPECT_EQ(place_of_crash("==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x5120000003e8 at pc 0x1\n"
                           "    #0 0x1 in without_a_line\n"
                           "    #1 0x1 in judge_once /s/fuzz/driver/replay.cpp:7:3\n"
                           "    #2 0x1 in my::map<int>::operator bool() const /somewhere/map.h:89:75\n",
                           0, 1),
            "AddressSanitizer heap-use-after-free in my::map::operator");
  EXPECT_EQ(
      place_of_crash("==1==ERROR: AddressSanitizer: stack-overflow on address 0x7ff\n    #0 0x1 (/bin/x+0x3)\n", 0, 1),
      "AddressSanitizer stack-overflow");
}

TEST(place_of_crash, knows_the_other_sanitizers) {
  EXPECT_EQ(place_of_crash("WARNING: ThreadSanitizer: data race (pid=81)\n  Write of size 8 at 0x7b by thread T2:\n"
                           "    #0 gauntlet::sharded_map<int, int>::erase(int const&) a.h:3 (x+0x2)\n",
                           0, 66),
            "ThreadSanitizer data race in gauntlet::sharded_map::erase");
  EXPECT_EQ(place_of_crash("==9==ERROR: LeakSanitizer: detected memory leaks\n", 0, 23),
            "LeakSanitizer detected memory leaks");
  EXPECT_EQ(place_of_crash("a.h:5:1: runtime error: index 17 out of bounds for type 'int[16]'\n", SIGABRT, 0),
            "UndefinedBehaviorSanitizer index # out of bounds for type 'int[#]'");
}

TEST(place_of_crash, knows_aborts_and_bare_signals) {
  EXPECT_EQ(place_of_crash("fatal error: concurrent map writes\nthread 3 met 4\n", SIGABRT, 0),
            "fatal error: concurrent map writes");
  EXPECT_EQ(place_of_crash("x: a.h:12: void f(): Assertion `size == 3' failed.\n", SIGABRT, 0),
            "Assertion `size == #' failed.");
  EXPECT_EQ(place_of_crash("", SIGSEGV, 0), "SIGSEGV");
  EXPECT_EQ(place_of_crash("", 0, 7), "exit status 7");
}

TEST(place_of_crash, passes_over_frames_without_a_name) {
  constexpr std::string_view stack =
      "    #0 0x1 in __sanitizer_print_stack_trace (/bin/x+0x1) (BuildId: 1c)\n"
      "    #1 0x2 in gauntlet::driver::say_where(int) /x/fuzz/driver/child.cpp:2:3\n"
      "    #2 0x7ffa7785a04f  (/lib/x86_64-linux-gnu/libc.so.6+0x3c04f) (BuildId: 93)\n"
      "    #3 0x4 in my::map<int>::locate(int) const /x/map.h:194:17\n";
  EXPECT_EQ(function_of_stack(stack), "my::map::locate");
  EXPECT_EQ(place_of_crash("==1==ERROR: AddressSanitizer: ABRT on unknown address 0x1\n" + std::string(stack), 0, 1),
            "AddressSanitizer ABRT in my::map::locate");
}

TEST(place_of_crash, is_the_same_for_two_runs_of_one_failure) {
  EXPECT_EQ(place_of_crash("==1==ERROR: AddressSanitizer: SEGV on unknown address 0x1f (pc 0x2 T1)\n", 0, 1),
            place_of_crash("==2==ERROR: AddressSanitizer: SEGV on unknown address 0x3f (pc 0x9 T7)\n", 0, 1));
}

TEST(without_the_judge, leaves_the_map_and_who_freed) {
  const std::string text =
      "==1==ERROR: AddressSanitizer: heap-use-after-free\n"
      "    #0 0x1 in my::map::find(int) /somewhere/map.h:1\n"
      "    #1 0x2 in gauntlet::check::execution::apply(int) e.cpp:1\n"
      "    #2 0x3 in main m.cpp:1\n"
      "freed by thread T0 here:\n"
      "    #0 0x4 in my::map::erase(int) /somewhere/map.h:2\n"
      "    #1 0x5 in gauntlet::check::run(int) r.cpp:1\n"
      "SUMMARY: AddressSanitizer\n"
      "Shadow bytes\n";
  EXPECT_EQ(without_the_judge(text),
            "==1==ERROR: AddressSanitizer: heap-use-after-free\n"
            "    #0 0x1 in my::map::find(int) /somewhere/map.h:1\n"
            "    (called by the judge)\n"
            "freed by thread T0 here:\n"
            "    #0 0x4 in my::map::erase(int) /somewhere/map.h:2\n"
            "    (called by the judge)\n");
  const std::string shortened = without_the_judge("a" + std::string(1000, 'b') + "c");
  EXPECT_EQ(shortened.size(), 406u);
  EXPECT_EQ(shortened.front(), 'a');
  EXPECT_EQ(shortened[404], 'c');
}

TEST(wilson, agrees_with_the_published_formula) {
  EXPECT_NEAR(wilson(0, 10).high, 0.2775, 0.0001);
  EXPECT_NEAR(wilson(5, 10).low, 0.2366, 0.0001);
  EXPECT_NEAR(wilson(5, 10).high, 0.7634, 0.0001);
  EXPECT_DOUBLE_EQ(wilson(0, 10).low, 0);
  EXPECT_DOUBLE_EQ(wilson(10, 10).high, 1);
  EXPECT_DOUBLE_EQ(wilson(0, 0).high, 1);
}

}  // namespace
}  // namespace gauntlet::check
