// pooled_append_map by example: what is shown, what stays valid, what is used again, what is given back.
#include <gauntlet/map/pooled_append_map.h>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <iostream>
#include <memory>
#include <memory_resource>
#include <new>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using gauntlet::pooled_append_map;

template <class Element>
std::vector<Element> copied(std::span<const Element> shown) {
  return {shown.begin(), shown.end()};
}

struct tiny : gauntlet::pooled_append_map_policy {
  using map_policy = gauntlet::tiny_policy;
  static constexpr std::size_t first_capacity = 2;
  static constexpr std::size_t idle_bytes_min = 64;
};
template <class Element = int>
using tiny_map = pooled_append_map<int, Element, gauntlet::hash<int>, std::equal_to<int>,
                                   std::allocator<std::pair<const int, Element>>, tiny>;

TEST(PooledAppendMap, ShowsWhatWasAppendedInOrder) {
  pooled_append_map<std::string, int, gauntlet::hash<std::string>, std::equal_to<>> log;
  EXPECT_TRUE(log.empty());
  EXPECT_TRUE(log.find("a").empty());
  EXPECT_EQ(log.append("a", 1), 1u);
  EXPECT_EQ(log.append("a", 2), 2u);
  EXPECT_EQ(log.append_range("b", std::array{3, 4, 5}), 3u);
  EXPECT_EQ(log.append_range("b", std::vector<int>()), 3u);
  EXPECT_EQ(log.append_range("c", std::vector<int>()), 0u);
  EXPECT_EQ(log.size(), 2u) << "no key without elements";
  EXPECT_EQ(log.element_count(), 5u);
  EXPECT_EQ(copied<int>(log.find("a")), (std::vector{1, 2}));
  log.find("b")[1] = 40;
  EXPECT_EQ(copied<int>(std::as_const(log).find("b")), (std::vector{3, 40, 5}));
  EXPECT_TRUE(log.contains(std::string_view("b")));
  EXPECT_EQ(log.erase("a"), 2u);
  EXPECT_EQ(log.erase("a"), 0u);
  EXPECT_EQ(
      log.erase_if([](const std::string& key, std::span<const int> all) { return key == "b" && all.size() == 3; }), 1u);
  EXPECT_TRUE(log.empty());
  EXPECT_TRUE(log.self_check());
}

TEST(PooledAppendMap, WhatWasShownStaysWhileOtherKeysComeAndGo) {
  tiny_map<> map;
  map.append_range(1, std::array{1, 2, 3});
  const std::span<const int> shown = std::as_const(map).find(1);
  for (int key = 2; key < 500; ++key) {
    map.append_range(key, std::array{key, key, key, key, key});
    if (key % 3 == 0) map.erase(key - 1);
  }
  tiny_map<> moved(std::move(map));
  EXPECT_EQ(shown.data(), moved.find(1).data());
  EXPECT_EQ(copied(shown), (std::vector{1, 2, 3}));
  moved.swap(map);
  EXPECT_EQ(shown.data(), map.find(1).data());
  EXPECT_TRUE(map.self_check());
  EXPECT_TRUE(moved.self_check());
}

TEST(PooledAppendMap, ASteadyStateAsksTheAllocatorForNothing) {
  pooled_append_map<int, std::uint64_t> map;
  const auto batch = [&map](int round) {
    for (int key = 0; key < 20; ++key) {
      for (std::uint64_t i = 0; i < 50; ++i) map.append(20 * round + key, i);
    }
    for (int key = 0; key < 20; ++key) map.erase(20 * round + key);
  };
  batch(0);
  const auto before = map.stats();
  for (int round = 1; round < 10; ++round) batch(round);
  const auto after = map.stats();
  EXPECT_EQ(after.buffers_taken - before.buffers_taken, 9 * 20 * 5u) << "of 4, 8, 16, 32 and 64 elements";
  EXPECT_EQ(after.pool_hits - before.pool_hits, after.buffers_taken - before.buffers_taken);
  EXPECT_EQ(after.buffers, 0u);
  EXPECT_TRUE(map.self_check());
}

TEST(PooledAppendMap, IdleMemoryIsBoundedAndGivenBackOnRequest) {
  tiny_map<> map;
  std::vector<int> many(100);
  for (int key = 0; key < 64; ++key) map.append_range(key, many);
  EXPECT_EQ(map.stats().idle_bytes, 0u);
  for (int key = 0; key < 64; ++key) {
    map.erase(key);
    const auto now = map.stats();
    ASSERT_LE(now.idle_bytes, std::max<std::size_t>(64, now.buffer_bytes));
    ASSERT_TRUE(map.self_check());
  }
  EXPECT_LE(map.stats().idle_bytes, 64u);
  map.append(1, 1);
  map.append(2, 1);
  map.erase(1);
  EXPECT_GT(map.stats().idle_buffers, 0u);
  map.shrink_to_fit();
  EXPECT_EQ(map.stats().idle_buffers, 0u);
  EXPECT_EQ(map.stats().buffers, 1u);
  map.clear();
  map.release();
  EXPECT_EQ(map.stats().idle_bytes + map.stats().buffer_bytes, 0u);
  EXPECT_TRUE(map.self_check());
}

TEST(PooledAppendMap, ElementsMayComeFromTheMapItself) {
  tiny_map<std::string> map;
  map.append(1, "an element too long for a string to hold within");
  for (int i = 0; i < 6; ++i) {
    map.append_range(1, std::as_const(map).find(1));
    map.append(2, map.find(1).back());
    map.append(1, map.find(1).front());
  }
  EXPECT_EQ(map.find(1).size(), 127u);
  for (const std::string& each : map.find(1)) EXPECT_EQ(each, map.find(2).front());
  EXPECT_TRUE(map.self_check());
}

TEST(PooledAppendMap, MovesElementsThatCanNotBeCopied) {
  tiny_map<std::unique_ptr<int>> map;
  for (int i = 0; i < 20; ++i) map.append(i % 3, std::make_unique<int>(i));
  int sum = 0;
  map.for_each([&sum](int, std::span<const std::unique_ptr<int>> all) {
    for (const auto& each : all) sum += *each;
  });
  EXPECT_EQ(sum, 190);
  EXPECT_EQ(map.erase_if([](int key, auto) { return key != 0; }), 2u);
  EXPECT_EQ(map.find(0).size(), 7u);
  auto moved = std::move(map);
  EXPECT_EQ(*moved.find(0)[6], 18);
  map = std::move(moved);
  EXPECT_EQ(*map.find(0)[0], 0);
}

TEST(PooledAppendMap, CopiesAreMapsOfTheirOwn) {
  tiny_map<> map;
  for (int i = 0; i < 100; ++i) map.append(i % 7, i);
  tiny_map<> copy(map);
  EXPECT_EQ(copy, map);
  copy.append(3, -1);
  EXPECT_NE(copy, map);
  map = copy;
  EXPECT_EQ(copy, map);
  map.find(3)[0] = -2;
  EXPECT_NE(copy, map);
  const tiny_map<>& same = map;
  map = same;
  EXPECT_TRUE(map.self_check());
  EXPECT_TRUE(copy.self_check());
}

// Its copies fail when a test wants.
struct fragile {
  int number = 0;
  static inline int copies_left = 0;
  fragile(int n) : number(n) {}  // NOLINT: a number is one
  fragile(const fragile& other) : number(other.number) {
    if (copies_left-- <= 0) throw std::runtime_error("copy");
  }
  fragile(fragile&&) noexcept = default;
  fragile& operator=(const fragile&) = default;
  fragile& operator=(fragile&&) noexcept = default;
};

TEST(PooledAppendMap, AnAppendThatThrowsChangesNothing) {
  const std::vector<int> numbers(5);
  for (int copies = 0; copies < 5; ++copies) {
    tiny_map<fragile> map;
    fragile::copies_left = 1000;
    const std::vector<fragile> five(numbers.begin(), numbers.end());
    map.append(1, fragile(1));
    const fragile* const before = map.find(1).data();
    for (const int key : {1, 2}) {
      fragile::copies_left = copies;
      EXPECT_THROW(map.append_range(key, five), std::runtime_error);
      EXPECT_EQ(map.size(), 1u);
      EXPECT_EQ(map.element_count(), 1u);
      EXPECT_EQ(map.find(1).data(), before);
      EXPECT_TRUE(map.self_check());
    }
    fragile::copies_left = copies;
    EXPECT_THROW(tiny_map<fragile>(map).append_range(1, five), std::runtime_error);
  }
}

// Throws when so many calls, or assignments, are over. Small keys have one home, so that an erasure hashes others.
struct fragile_hash {
  using is_avalanching = void;
  static inline long calls_left = -1, assignments_left = -1;
  fragile_hash() = default;
  fragile_hash(const fragile_hash&) = default;
  fragile_hash& operator=(const fragile_hash&) {
    count_down(assignments_left);
    return *this;
  }
  std::size_t operator()(int key) const {
    count_down(calls_left);
    return key < 1000 ? 0x1000 : static_cast<std::size_t>(key) * 0x9e3779b97f4a7c15;
  }
  static void count_down(long& left) {
    if (left >= 0 && left-- == 0) throw std::runtime_error("hash");
  }
};
template <class Element>
using fragile_map = pooled_append_map<int, Element, fragile_hash>;

TEST(PooledAppendMap, AnErasureThatThrowsLeavesTheSequence) {
  for (long calls = 0;; ++calls) {
    fragile_map<std::string> map;
    for (int key = 0; key < 20; ++key) map.append(key, "a text too long for a string to hold within");
    fragile_hash::calls_left = calls;
    bool done = false;
    try {
      EXPECT_EQ(map.erase_if([](int key, auto) { return key != 7; }), 19u);
      done = true;
    } catch (const std::runtime_error&) {
    }
    fragile_hash::calls_left = -1;
    EXPECT_EQ(map.size(), map.element_count());
    ASSERT_TRUE(map.self_check(&std::cerr)) << "after " << calls << " calls";
    EXPECT_EQ(map.find(7).size(), 1u);
    map.for_each([](int, auto all) { EXPECT_EQ(all[0].front(), 'a'); });
    if (done) break;
  }
}

TEST(PooledAppendMap, APredicateThatThrowsHasErasedWhatItChose) {
  tiny_map<> map;
  for (int key = 0; key < 20; ++key) map.append(key, key);
  int asked = 0;
  EXPECT_THROW(map.erase_if([&asked](int, auto) { return ++asked > 8 ? throw std::runtime_error("asked") : true; }),
               std::runtime_error);
  EXPECT_EQ(map.size(), 12u);
  EXPECT_EQ(map.element_count(), 12u);
  EXPECT_TRUE(map.self_check());
}

TEST(PooledAppendMap, AnAppendThatThrowsLeavesNoKeyWhateverElseThrows) {
  fragile::copies_left = 1000;
  const std::vector<fragile> two(2, fragile(1));
  fragile_map<fragile> map;
  for (int key = 1000; key < 2400; ++key) map.append(key, fragile(key));
  // Some of these keys have their homes full: to erase one would hash it.
  for (int key = 5000; key < 6000; ++key) {
    for (long calls = 1; calls < 4; ++calls) {
      fragile::copies_left = 1;
      fragile_hash::calls_left = calls;
      EXPECT_THROW(map.append_range(key, two), std::runtime_error);
      fragile_hash::calls_left = -1;
      ASSERT_FALSE(map.contains(key)) << key << " after " << calls << " calls";
    }
  }
  EXPECT_TRUE(map.self_check());
}

TEST(PooledAppendMap, AnAssignmentThatThrowsLeavesAnEmptyMap) {
  fragile_map<std::string> map, other;
  map.append(1, "a text too long for a string to hold within");
  other.append(2, "another text too long for a string to hold within");
  fragile_hash::assignments_left = 0;
  EXPECT_THROW(map = std::move(other), std::runtime_error);
  fragile_hash::assignments_left = -1;
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.element_count(), 0u);
  EXPECT_TRUE(map.self_check());
  EXPECT_EQ(other.find(2).size(), 1u);  // NOLINT(bugprone-use-after-move): nothing has moved
  EXPECT_TRUE(other.self_check());
}

// Lets so many allocations through.
class failing_resource : public std::pmr::memory_resource {
 public:
  int left = 1 << 30;
  std::size_t bytes = 0;

 private:
  void* do_allocate(std::size_t size, std::size_t alignment) override {
    if (left-- <= 0) throw std::bad_alloc();
    bytes += size;
    return std::pmr::new_delete_resource()->allocate(size, alignment);
  }
  void do_deallocate(void* at, std::size_t size, std::size_t alignment) override {
    bytes -= size;
    std::pmr::new_delete_resource()->deallocate(at, size, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

TEST(PooledAppendMap, MemoryComesFromTheAllocatorAndGoesBackThere) {
  failing_resource resource, other;
  {
    gauntlet::pmr::pooled_append_map<int, int> map(&resource), second(&other);
    for (int allowed = 0; allowed < 40; ++allowed) {
      for (int key = 0; key < 50; ++key) {
        const std::size_t size = map.find(key).size(), all = map.element_count();
        resource.left = allowed % 3;
        try {
          map.append_range(key, std::vector<int>(10, key));
        } catch (const std::bad_alloc&) {
          EXPECT_EQ(map.find(key).size(), size);
          EXPECT_EQ(map.element_count(), all);
        }
      }
      ASSERT_TRUE(map.self_check());
    }
    resource.left = 1 << 30;
    second = map;
    EXPECT_EQ(second, map);
    EXPECT_EQ(second.get_allocator().resource(), &other);
    map.append(7, 7);
    second = std::move(map);
    EXPECT_TRUE(map.empty());  // NOLINT(bugprone-use-after-move): promised to be empty
    EXPECT_EQ(second.find(7).back(), 7);
    EXPECT_TRUE(second.self_check());
  }
  EXPECT_EQ(resource.bytes, 0u);
  EXPECT_EQ(other.bytes, 0u);
}

struct sole_key {
  explicit sole_key(int n) : number(n) {}
  sole_key(sole_key&&) noexcept = default;
  sole_key& operator=(sole_key&&) noexcept = default;
  sole_key(const sole_key&) = delete;
  friend bool operator==(const sole_key&, const sole_key&) = default;
  int number;
};
struct sole_key_hash {
  std::size_t operator()(const sole_key& key) const { return gauntlet::hash<int>()(key.number); }
};

TEST(PooledAppendMap, MovesToAnotherAllocatorKeysThatCanNotBeCopied) {
  failing_resource resource, other;
  {
    using map_type = gauntlet::pmr::pooled_append_map<sole_key, std::unique_ptr<int>, sole_key_hash>;
    map_type from(&resource), to(&other);
    for (int i = 0; i < 300; ++i) from.append(sole_key(i % 40), std::make_unique<int>(i));
    to = std::move(from);
    EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): promised to be empty
    EXPECT_EQ(from.element_count(), 0u);
    EXPECT_TRUE(from.self_check());
    EXPECT_EQ(to.size(), 40u);
    EXPECT_EQ(to.element_count(), 300u);
    EXPECT_EQ(*to.find(sole_key(7)).back(), 287);
    EXPECT_TRUE(to.self_check());
    // What runs out of memory half way loses elements, but no buffer.
    for (int allowed = 0; allowed < 60; ++allowed) {
      resource.left = allowed;
      try {
        from = std::move(to);
        to = std::move(from);
      } catch (const std::bad_alloc&) {
        EXPECT_TRUE(from.self_check());
        EXPECT_TRUE(to.self_check());
      }
    }
    EXPECT_LT(to.size(), 40u);
  }
  EXPECT_EQ(resource.bytes, 0u);
  EXPECT_EQ(other.bytes, 0u);
}

// More elements than there can be memory for; nobody gets to look at them.
struct endless {
  struct iterator {
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    difference_type at = 0;
    int operator*() const { return 0; }
    iterator& operator++() { return ++at, *this; }
    iterator operator++(int) { return {at++}; }
    friend bool operator==(iterator, iterator) = default;
    friend difference_type operator-(iterator a, iterator b) { return a.at - b.at; }
  };
  static iterator begin() { return {}; }
  static iterator end() { return {std::ptrdiff_t{1} << 62}; }
};

TEST(PooledAppendMap, RefusesSequencesThatCanNotBe) {
  static_assert(std::ranges::forward_range<endless> && std::ranges::sized_range<endless>);
  tiny_map<> map;
  EXPECT_THROW(map.append_range(1, endless()), std::length_error);
  EXPECT_TRUE(map.empty());
  EXPECT_TRUE(map.self_check());
}

}  // namespace
