// Maps of one subject have different seeds, and those of the next one the same again: else a seed that is lost would not
// show, or not twice.
#include <gauntlet/adapters/bucket_map.h>
#include <gauntlet/adapters/counted_seed.h>
#include <gauntlet/adapters/hash_map.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

namespace gauntlet::adapters {
namespace {

template <class Map>
std::vector<int> order_of_a_new_map() {
  Map map;
  for (int i = 0; i < 64; ++i) map.emplace(i, i);
  std::vector<int> order;
  for (auto c = map.walk(); c; c.next()) order.push_back(c->first);
  return order;
}

template <class Adapter>
void expect_seeds_that_differ() {
  using map_type = typename Adapter::map_type;
  const auto make = with_counted_seeds([](const check::program_header&) { return nullptr; });
  make({});
  const std::vector<int> first = order_of_a_new_map<map_type>(), second = order_of_a_new_map<map_type>();
  EXPECT_EQ(first.size(), 64u);
  EXPECT_NE(first, second);
  make({});
  EXPECT_EQ(order_of_a_new_map<map_type>(), first);
}

template <template <class, class, class, class, class> class Adapter>
using of_int = Adapter<int, int, gauntlet::hash<int>, std::equal_to<int>, std::allocator<std::pair<const int, int>>>;

TEST(counted_seed, differs_from_map_to_map_and_not_from_run_to_run) {
  expect_seeds_that_differ<of_int<own_hash_hash_map>>();
  expect_seeds_that_differ<of_int<own_hash_bucket_map>>();
}

}  // namespace
}  // namespace gauntlet::adapters
