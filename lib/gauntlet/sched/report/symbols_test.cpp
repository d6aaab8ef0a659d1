// Which frames a report passes over.
#include <gauntlet/sched/report/symbols.h>
#include <gtest/gtest.h>

namespace gauntlet::sched::report {
namespace {

TEST(system_header, is_one_of_the_languages_and_the_c_library) {
  EXPECT_TRUE(is_system_header("/usr/include/c++/12/bits/stl_tree.h"));
  EXPECT_TRUE(is_system_header("/usr/bin/../lib/gcc/x86_64-linux-gnu/12/../../../../include/c++/12/mutex:108"));
  EXPECT_TRUE(is_system_header(
      "/usr/bin/../lib/gcc/x86_64-linux-gnu/12/../../../../include/x86_64-linux-gnu/c++/12/bits/gthr-default.h:749"));
  EXPECT_TRUE(is_system_header("/usr/lib/llvm-19/lib/clang/19/include/emmintrin.h:3"));
  EXPECT_TRUE(is_system_header("/usr/include/x86_64-linux-gnu/bits/stdlib-bsearch.h:33"));
  EXPECT_TRUE(is_system_header("??:0"));
}

TEST(system_header, is_none_of_a_map_that_is_installed) {
  EXPECT_FALSE(is_system_header("/usr/include/cds/intrusive/cuckoo_set.h:428"));
  EXPECT_FALSE(is_system_header("/usr/include/tbb/concurrent_map.h"));
  EXPECT_FALSE(is_system_header("work/c++/map.h:1"));
}

TEST(system_header, is_the_judges_allocator_too_behind_which_the_map_is_looked_for) {
  EXPECT_TRUE(is_system_header("/somewhere/lib/gauntlet/check/run/concurrent_types.h"));
  EXPECT_FALSE(is_system_header("/somewhere/lib/gauntlet/check/run/concurrent_runner.cpp"));
}

}  // namespace
}  // namespace gauntlet::sched::report
