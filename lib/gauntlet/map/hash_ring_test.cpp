// The numbers of hash_ring: how even shares are, how much moves, and that nothing else does.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/map/hash_ring.h>

namespace gauntlet {
namespace {

using u64 = std::uint64_t;
using ring = hash_ring<int>;

constexpr int seeds = 100;
constexpr u64 keys = 20000;

ring ring_of(const std::vector<unsigned>& weights, std::size_t virtual_nodes, u64 seed) {
  ring r(virtual_nodes, seed);
  for (std::size_t i = 0; i < weights.size(); ++i) EXPECT_TRUE(r.add(static_cast<int>(i), weights[i]));
  return r;
}

double worst_deviation(const ring& r) {
  double worst = 0;
  r.for_each(
      [&](int member, unsigned) { worst = std::max(worst, std::abs(r.share(member) / r.fair_share(member) - 1)); });
  return worst;
}

double median_of_worst(const std::vector<unsigned>& weights, std::size_t virtual_nodes) {
  std::vector<double> all;
  for (u64 seed = 1; seed <= seeds; ++seed) all.push_back(worst_deviation(ring_of(weights, virtual_nodes, seed)));
  std::sort(all.begin(), all.end());
  return (all[seeds / 2 - 1] + all[seeds / 2]) / 2;
}

TEST(HashRing, SharesFollowTheWeights) {
  for (const auto& weights : {std::vector<unsigned>{100, 100, 80}, std::vector<unsigned>(8, 100)}) {
    const double coarse = median_of_worst(weights, 128), fine = median_of_worst(weights, 1024);
    RecordProperty("members_" + std::to_string(weights.size()) + "_128", std::to_string(coarse));
    RecordProperty("members_" + std::to_string(weights.size()) + "_1024", std::to_string(fine));
    EXPECT_LE(coarse, 0.18);
    EXPECT_LE(fine, 0.08);
    EXPECT_LT(fine, coarse);
  }
}

TEST(HashRing, MembersWithOneVirtualNodeStandApart) {
  for (u64 seed = 0; seed < seeds; ++seed) {
    const ring r = ring_of({100, 100, 100, 100}, 1, seed);
    r.for_each([&](int member, unsigned) { EXPECT_GT(r.share(member), 0) << member; });
  }
}

TEST(HashRing, SharesAddUpAndAreWhatKeysSee) {
  const ring r = ring_of({100, 100, 80}, 1024, 7);
  double sum = 0;
  std::map<int, u64> counts;
  for (u64 k = 0; k < keys; ++k) ++counts[r.owner(k)];
  r.for_each([&](int member, unsigned) {
    sum += r.share(member);
    EXPECT_NEAR(static_cast<double>(counts[member]) / keys, r.share(member), 0.015) << member;
  });
  EXPECT_NEAR(sum, 1, 1e-9);
}

TEST(HashRing, FromEightToTwelveShardsAThirdOfTheKeysMoves) {
  std::vector<double> moved;
  for (u64 seed = 1; seed <= seeds; ++seed) {
    const ring before = ring_of(std::vector<unsigned>(8, 100), 1024, seed);
    ring after = before;
    for (int i = 8; i < 12; ++i) after.add(i);
    u64 changed = 0;
    for (u64 k = 0; k < keys; ++k) {
      const int from = before.owner(k), to = after.owner(k);
      changed += from != to;
      ASSERT_TRUE(from == to || to >= 8) << "nothing moves between those that were there";
    }
    moved.push_back(static_cast<double>(changed) / keys);
  }
  std::sort(moved.begin(), moved.end());
  EXPECT_GE(moved.front(), 0.30);
  EXPECT_LE(moved.back(), 0.36);
}

TEST(HashRing, AMemberThatGoesLeavesTheOthersWhatTheyHad) {  // promise (2)
  const ring before = ring_of({100, 100, 80, 300}, 128, 3);
  ring after = before;
  ASSERT_TRUE(after.remove(1));
  EXPECT_FALSE(after.remove(1));
  EXPECT_FALSE(after.contains(1));
  for (u64 k = 0; k < keys; ++k) {
    const int from = before.owner(k);
    ASSERT_NE(after.owner(k), 1);
    if (from != 1) {
      ASSERT_EQ(after.owner(k), from);
    }
  }
  ASSERT_TRUE(after.add(1));
  for (u64 k = 0; k < keys; ++k) ASSERT_EQ(after.owner(k), before.owner(k));
}

TEST(HashRing, WeightMovesHashesToOrFromThatMemberOnly) {  // promise (2)
  const ring before = ring_of({100, 100, 80}, 128, 4);
  ring more = before, less = before;
  ASSERT_TRUE(more.set_weight(2, 200));
  ASSERT_TRUE(less.set_weight(2, 40));
  EXPECT_EQ(more.weight(2), 200U);
  EXPECT_GT(more.share(2), before.share(2));
  EXPECT_LT(less.share(2), before.share(2));
  for (u64 k = 0; k < keys; ++k) {
    const int from = before.owner(k);
    ASSERT_TRUE(more.owner(k) == from || more.owner(k) == 2);
    ASSERT_TRUE(less.owner(k) == from || from == 2);
  }
  ASSERT_TRUE(more.set_weight(2, 80));
  for (u64 k = 0; k < keys; ++k) ASSERT_EQ(more.owner(k), before.owner(k));
  EXPECT_FALSE(more.set_weight(9, 100));
  EXPECT_FALSE(more.set_weight(2, 0));
}

TEST(HashRing, TheOrderOfComingDoesNotMatter) {  // promise (1)
  hash_ring<std::string> one(64, 5), two(64, 5);
  const std::vector<std::string> names = {"a", "b", "c", "d", "e"};
  for (const auto& name : names) one.add(name);
  two.add("x");
  for (auto at = names.rbegin(); at != names.rend(); ++at) two.add(*at);
  two.remove("x");
  for (u64 k = 0; k < keys; ++k) ASSERT_EQ(one.owner(k), two.owner(k));
  EXPECT_EQ(one.owner_of_key(std::string("key")), two.owner_of_key(std::string("key")));
}

TEST(HashRing, CopiesGoToDifferentMembersTheOwnerFirst) {
  const ring r = ring_of({100, 100, 80, 50}, 16, 6);
  for (u64 k = 0; k < 500; ++k) {
    const auto found = r.owners(k, 3);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0], r.owner(k));
    EXPECT_TRUE(found[0] != found[1] && found[1] != found[2] && found[0] != found[2]);
  }
  EXPECT_EQ(r.owners(1, 9).size(), 4U);
}

TEST(HashRing, ChangesShowExactlyTheArcsThatMove) {  // promise (4)
  const ring before = ring_of({100, 100, 80}, 32, 8);
  ring after = before;
  after.add(3);
  after.remove(0);
  struct arc {
    u64 first, last;
    int from, to;
  };
  std::vector<arc> arcs;
  before.visit_changes(after, [&](u64 first, u64 last, int from, int to) {
    ASSERT_LE(first, last);
    ASSERT_TRUE(arcs.empty() || arcs.back().last < first);
    ASSERT_NE(from, to);
    arcs.push_back({first, last, from, to});
  });
  for (u64 k = 0; k < keys; ++k) {
    const u64 place = before.place_of(k);
    const auto in =
        std::find_if(arcs.begin(), arcs.end(), [place](const arc& a) { return a.first <= place && place <= a.last; });
    const int from = before.owner(k), to = after.owner(k);
    ASSERT_EQ(in != arcs.end(), from != to);
    if (in != arcs.end()) {
      ASSERT_EQ(in->from, from);
      ASSERT_EQ(in->to, to);
    }
  }
  before.visit_changes(before, [](u64, u64, int, int) { ADD_FAILURE(); });
  EXPECT_THROW(before.visit_changes(ring(32, 9), [](u64, u64, int, int) {}), std::invalid_argument);
}

TEST(HashRing, AnEmptyRingAndASingleMember) {
  ring r(1);
  EXPECT_TRUE(r.empty());
  EXPECT_THROW((void)r.owner(1), std::out_of_range);
  EXPECT_TRUE(r.owners(1, 2).empty());
  EXPECT_FALSE(r.add(5, 0));
  EXPECT_TRUE(r.add(5, 1));
  EXPECT_FALSE(r.add(5, 100));
  EXPECT_EQ(r.weight(5), 1U);
  EXPECT_EQ(r.points(), 1U);
  EXPECT_EQ(r.owner(123), 5);
  EXPECT_EQ(r.share(5), 1.0);
  EXPECT_TRUE(r.remove(5));
  EXPECT_TRUE(r.empty());
}

TEST(HashRing, ArcsCoverTheRingAndNameTheOwners) {
  EXPECT_EQ(ring().size(), 0u);
  ring().visit_arcs([](u64, int) { ADD_FAILURE() << "of nobody"; });
  for (std::size_t members = 1; members < 5; ++members) {
    const ring r = ring_of(std::vector<unsigned>(members, 100), 16, members);
    std::map<u64, int> owners;
    u64 before = 0;
    r.visit_arcs([&](u64 last, int owner) {
      EXPECT_TRUE(owners.empty() || last > before);
      before = last;
      owners.emplace(last, owner);
    });
    EXPECT_EQ(before, ~u64{0});
    for (u64 hash = 0; hash < 1000; ++hash) EXPECT_EQ(owners.lower_bound(r.place_of(hash))->second, r.owner(hash));
  }
}

}  // namespace
}  // namespace gauntlet
