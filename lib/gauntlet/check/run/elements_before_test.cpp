#include <gauntlet/check/run/elements_before.h>
#include <gtest/gtest.h>

#include <set>

namespace gauntlet::check {
namespace {

TEST(elements_before, are_those_that_are_there_and_those_that_were) {
  program_header h;
  h.threads = 2;
  h.hot_keys = 3;
  h.capacity = 200;
  h.erased_before = 5;
  std::set<std::uint64_t> keys;
  for (const element& e : elements_before(h)) keys.insert(e.first);
  EXPECT_EQ(keys.size(), 200u);
  for (std::uint64_t hot = 0; hot < h.hot_keys; ++hot) EXPECT_FALSE(keys.contains(hot)) << "programs name it";
  const std::vector<element> erased = elements_erased_before(h);
  ASSERT_EQ(erased.size(), 5u);
  for (std::uint64_t hot = 0; hot < h.hot_keys; ++hot) EXPECT_EQ(erased[hot].first, hot);
  for (const element& e : erased) EXPECT_TRUE(keys.insert(e.first).second) << e.first;
}

TEST(elements_before, are_few_where_all_collide) {
  program_header h;
  h.capacity = h.erased_before = 200;
  h.hash = hash_quality::constant;
  EXPECT_EQ(elements_before(h).size(), 16u);
  EXPECT_EQ(elements_erased_before(h).size(), 16u);
}

}  // namespace
}  // namespace gauntlet::check
