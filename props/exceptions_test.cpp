// Exception guarantees: whichever call of the hash, the equality, a copy or the allocator throws, a single insertion
// has no effect, and no operation leaves the map out of order.

#include <new>
#include <sstream>

#include "maps.h"

namespace {

using namespace props;

struct thrown {};

// Counts down over everything that may throw in these maps; at zero it throws. Negative: off.
int fuse = -1;
void burn() {
  if (fuse >= 0 && fuse-- == 0) throw thrown();
}

struct fused_hash {
  using is_avalanching = void;
  std::size_t operator()(std::uint64_t key) const {
    burn();
    return key * 0x9e3779b97f4a7c15U;
  }
};
struct fused_equal {
  bool operator()(std::uint64_t a, std::uint64_t b) const {
    burn();
    return a == b;
  }
};
struct fused_value {
  std::uint64_t number = 0;
  fused_value(std::uint64_t n) : number(n) {}  // NOLINT(google-explicit-constructor)
  fused_value(const fused_value& other) : number(other.number) { burn(); }
  fused_value& operator=(const fused_value& other) {
    burn();
    number = other.number;
    return *this;
  }
};
template <class T>
struct fused_allocator {
  using value_type = T;
  fused_allocator() = default;
  template <class U>
  fused_allocator(const fused_allocator<U>&) {}  // NOLINT(google-explicit-constructor)
  T* allocate(std::size_t n) {
    burn();
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, std::size_t n) { std::allocator<T>().deallocate(p, n); }
  friend bool operator==(const fused_allocator&, const fused_allocator&) { return true; }
};

using fused_pairs = fused_allocator<std::pair<const std::uint64_t, fused_value>>;
using fused_hash_map =
    gauntlet::hash_map<std::uint64_t, fused_value, fused_hash, fused_equal, fused_pairs, gauntlet::tiny_policy>;
using fused_bucket_map = gauntlet::bucket_map<std::uint64_t, fused_value, fused_hash, fused_equal, fused_pairs,
                                              gauntlet::tiny_bucket_policy>;

template <class Map>
std::vector<element> contents_of(const Map& map) {
  std::vector<element> all;
  for (const auto& [key, value] : map) all.emplace_back(key, value.number);
  std::sort(all.begin(), all.end());
  return all;
}

// Runs `operation` on a map of `elements` with a fuse of 0, 1, 2, ... and later of every so many until it no longer
// throws; calls `judge` after each throw with the contents before and after.
template <class Map, class Operation, class Judge>
void burn_through(const std::vector<element>& elements, Operation operation, Judge judge) {
  for (int length = 0; length < 100000; length += 1 + length / 16) {
    fuse = -1;
    Map map;
    for (const auto& [key, value] : elements) map.try_emplace(key, value);
    const auto before = contents_of(map);
    bool threw = false;
    fuse = length;
    try {
      operation(map);
    } catch (const thrown&) {
      threw = true;
    }
    fuse = -1;
    std::ostringstream dump;
    if (!map.self_check(&dump)) RC_FAIL(dump.str());
    if (!threw) return;
    judge(before, contents_of(map));
    // The map goes on being usable.
    map.insert_or_assign(7, fused_value(7));
    RC_ASSERT(map.at(7).number == 7U);
  }
  RC_FAIL("the operation never completed");
}

const auto unchanged = [](const std::vector<element>& before, const std::vector<element>& after) {
  RC_ASSERT(before == after);
};

template <class Map>
class Exceptions : public testing::Test {};
using fused_maps = testing::Types<fused_hash_map, fused_bucket_map>;
TYPED_TEST_SUITE(Exceptions, fused_maps);

TYPED_TEST(Exceptions, AThrowingInsertionHasNoEffect) {
  EXPECT_TRUE(rc::check([] {
    const auto elements = *some_elements();
    const auto key = *some_key();
    burn_through<TypeParam>(elements, [&](TypeParam& m) { m.try_emplace(key, std::uint64_t{1}); }, unchanged);
    burn_through<TypeParam>(elements, [&](TypeParam& m) { m.emplace(key, fused_value(1)); }, unchanged);
    burn_through<TypeParam>(elements, [&](TypeParam& m) { m.insert({key, fused_value(1)}); }, unchanged);
  }));
}

TYPED_TEST(Exceptions, AThrowingErasureHasNoEffect) {
  EXPECT_TRUE(rc::check([] {
    const auto elements = *some_elements();
    const auto key = *some_key();
    burn_through<TypeParam>(elements, [&](TypeParam& m) { m.erase(key); }, unchanged);
  }));
}

TYPED_TEST(Exceptions, AThrowingReserveOrShrinkKeepsTheContents) {
  EXPECT_TRUE(rc::check([] {
    const auto elements = *some_elements();
    const auto amount = *rc::gen::inRange<std::size_t>(0, 150);
    burn_through<TypeParam>(elements, [&](TypeParam& m) { m.reserve(amount); }, unchanged);
    burn_through<TypeParam>(elements, [&](TypeParam& m) { m.rehash(amount); }, unchanged);
    burn_through<TypeParam>(elements, [&](TypeParam& m) { m.shrink_to_fit(); }, unchanged);
  }));
}

TYPED_TEST(Exceptions, AThrowingCopyLeavesTheSourceAlone) {
  EXPECT_TRUE(rc::check(
      [] { burn_through<TypeParam>(*some_elements(), [&](TypeParam& m) { TypeParam copy(m); }, unchanged); }));
}

TYPED_TEST(Exceptions, AThrowingMergeLosesNoElement) {
  EXPECT_TRUE(rc::check([] {
    const auto elements = *some_elements();
    const auto others = *some_elements();
    for (int length = 0; length < 100000; length += 1 + length / 16) {
      fuse = -1;
      TypeParam target;
      TypeParam source;
      for (const auto& [key, value] : elements) target.try_emplace(key, value);
      for (const auto& [key, value] : others) source.try_emplace(key, value);
      auto all = contents_of(target);
      const auto from_source = contents_of(source);
      all.insert(all.end(), from_source.begin(), from_source.end());
      std::sort(all.begin(), all.end());
      bool threw = false;
      fuse = length;
      try {
        target.merge(source);
      } catch (const thrown&) {
        threw = true;
      }
      fuse = -1;
      auto now = contents_of(target);
      const auto left = contents_of(source);
      now.insert(now.end(), left.begin(), left.end());
      std::sort(now.begin(), now.end());
      RC_ASSERT(now == all);
      RC_ASSERT(target.self_check() && source.self_check());
      if (!threw) return;
    }
    RC_FAIL("merge never completed");
  }));
}

}  // namespace
