// A walk that is left when a visit throws goes on with all that it has not visited, whatever is erased meanwhile.
#include <gauntlet/map/detail/stepwise_walk.h>

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace gauntlet::detail {
namespace {

template <class Map>
class stepwise_walk : public ::testing::Test {};
using maps = ::testing::Types<walkable<shared_mutex_map<int, int>>, walkable<sharded_map<int, int>>>;
TYPED_TEST_SUITE(stepwise_walk, maps);

TYPED_TEST(stepwise_walk, goes_on_after_a_visit_that_threw_though_its_element_was_erased) {
  constexpr int count = 40;
  const auto every = [](int) { return true; };
  for (int fails_at = 0; fails_at < count; ++fails_at) {
    TypeParam map;
    for (int i = 0; i < count; ++i) map.insert(i, i);
    typename TypeParam::position at;
    std::set<int> seen;
    int visits = 0, failed = -1;
    const auto visit = [&](int key) {
      if (visits++ == fails_at) {
        failed = key;
        throw std::runtime_error("no memory");
      }
      seen.insert(key);
    };
    bool ended = false;
    while (!ended) {
      try {
        ended = map.walk_some(at, 7, every, visit);
      } catch (const std::runtime_error&) {
        map.erase(failed);
      }
    }
    EXPECT_EQ(seen.size(), count - 1u) << fails_at;
    EXPECT_FALSE(seen.contains(failed));
  }
}

}  // namespace
}  // namespace gauntlet::detail
