// How long a spin_park_lock lets its waiters spin. That it locks: concurrent_maps_stress_test.cpp.
#include <gauntlet/map/detail/spin_park_lock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace {

using gauntlet::detail::spin_park_lock, gauntlet::detail::spin_park_tuning;

constexpr std::int32_t least = spin_park_tuning::least_pauses, most = spin_park_tuning::most_pauses;

std::int32_t after(int lessons, std::int32_t budget, std::int32_t wish) {
  for (; lessons > 0; --lessons) budget = spin_park_lock::learnt(budget, wish);
  return budget;
}

TEST(budget_of_a_spin_park_lock, grows_while_long_waits_end_with_the_lock) {
  EXPECT_GT(after(1, least, most), least);
  EXPECT_GT(after(30, least, most), most * 9 / 10);
  EXPECT_GT(after(30, least, std::numeric_limits<std::int32_t>::max()), most * 9 / 10);
  EXPECT_LE(after(1000, least, std::numeric_limits<std::int32_t>::max()), most);
}

TEST(budget_of_a_spin_park_lock, shrinks_when_waits_are_short_or_in_vain) {
  EXPECT_EQ(after(30, most, 0), least);
  EXPECT_EQ(after(101, most, least), after(100, most, least)) << "it has settled";
  EXPECT_LT(after(100, most, least), least + 8);
  EXPECT_EQ(after(1, least, 0), least) << "parking and waking takes as long";
}

}  // namespace
