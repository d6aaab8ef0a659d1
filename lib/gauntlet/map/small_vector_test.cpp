// small_vector beside std::vector: inside and spilled, with allocators that differ, and with faults at every chance.
#include <gauntlet/map/composite_key.h>
#include <gauntlet/map/deep_copy.h>
#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/hash_map_test_types.h>
#include <gauntlet/map/small_vector.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <memory_resource>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using gauntlet::small_vector;
using gauntlet::testing::accounting_allocator;
using gauntlet::testing::counted;
using gauntlet::testing::fault;
using gauntlet::testing::faults;
using gauntlet::testing::memory_account;
using gauntlet::testing::moving;

TEST(small_vector, is_small_and_inside_up_to_its_bound) {
  static_assert(sizeof(small_vector<int, 4>) == 8 + 16);
  static_assert(sizeof(small_vector<char, 1>) == 16, "a pointer must fit, too");
  small_vector<int> v;
  EXPECT_TRUE(v.empty());
  for (int i = 0; i < 8; ++i) v.push_back(i);
  EXPECT_TRUE(v.is_inline());
  EXPECT_EQ(v.capacity(), 8U);
  const auto* const object = reinterpret_cast<const unsigned char*>(&v);
  const auto* const first = reinterpret_cast<const unsigned char*>(v.data());
  EXPECT_TRUE(object <= first && first < object + sizeof v);
  v.push_back(8);
  EXPECT_FALSE(v.is_inline());
  EXPECT_EQ(v, (small_vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  v.resize(3);
  EXPECT_FALSE(v.is_inline()) << "erasing brings nothing back";
  v.shrink_to_fit();
  EXPECT_TRUE(v.is_inline());
  EXPECT_EQ(v, (small_vector<int>{0, 1, 2}));
}

TEST(small_vector, has_what_a_vector_has) {
  small_vector<std::string, 2> v{"b", "d"};
  v.insert(v.begin(), "a");
  v.insert(v.begin() + 2, "c");
  v.emplace_back(3, 'e');
  EXPECT_EQ(v, (small_vector<std::string, 2>{"a", "b", "c", "d", "eee"}));
  EXPECT_EQ(*v.erase(v.begin() + 1), "c");
  EXPECT_EQ(v.erase(v.begin() + 1, v.begin() + 3) - v.begin(), 1);
  EXPECT_EQ(v, (small_vector<std::string, 2>{"a", "eee"}));
  EXPECT_EQ(v.erase(v.end(), v.end()), v.end());
  const std::array<std::string, 3> more{"x", "y", "z"};
  EXPECT_EQ(*v.insert(v.begin() + 1, more.begin(), more.end()), "x");
  EXPECT_EQ(v.front() + v.back() + v.at(1) + v[2], "aeeexy");
  EXPECT_THROW((void)v.at(5), std::out_of_range);
  v.pop_back();
  EXPECT_EQ(std::vector<std::string>(v.rbegin(), v.rend()), (std::vector<std::string>{"z", "y", "x", "a"}));
  v.assign(more.begin(), more.begin() + 1);
  EXPECT_EQ(v, (small_vector<std::string, 2>{"x"}));
  v = {"p", "q", "r"};
  EXPECT_EQ(v.size(), 3U);
  v.clear();
  EXPECT_TRUE(v.empty());
  EXPECT_EQ((small_vector<int>(3, 7)), (small_vector<int>{7, 7, 7}));
  EXPECT_EQ((small_vector<int>(2)), (small_vector<int>{0, 0}));
  std::istringstream words("1 2 3");
  EXPECT_EQ((small_vector<int, 1>(std::istream_iterator<int>(words), std::istream_iterator<int>())),
            (small_vector<int, 1>{1, 2, 3}));
  EXPECT_TRUE((small_vector<int>{1, 2} < small_vector<int>{1, 3}));
  EXPECT_TRUE((small_vector<int>{1} < small_vector<int>{1, 0}));
}

// A string that is moved to itself is left empty.
TEST(small_vector, erasing_nothing_moves_nothing) {
  small_vector<std::string, 3> v{"a long text that lies outside of the string itself", "b", "c"};
  EXPECT_EQ(v.erase(v.begin(), v.begin()), v.begin());
  EXPECT_EQ(v.front(), "a long text that lies outside of the string itself");
}

TEST(small_vector, arguments_may_be_its_own_elements) {
  for (const std::size_t size : {1U, 2U, 3U, 4U, 5U, 8U}) {
    small_vector<std::string, 2> v;
    for (std::size_t i = 0; i < size; ++i) v.push_back("a text of some length, number " + std::to_string(i));
    const std::string first = v[0], last = v.back();
    v.push_back(v[0]);
    EXPECT_EQ(v.back(), first);
    v.insert(v.begin(), v[size - 1]);
    EXPECT_EQ(v.front(), last);
    v.resize(3 * size + 5, v[1]);
    EXPECT_EQ(v.back(), first);
    small_vector<std::string, 2>& same = v;
    v = same;
    v = std::move(same);
    v.swap(same);
    EXPECT_EQ(v.size(), 3 * size + 5);
  }
}

TEST(small_vector, moves_what_can_only_be_moved) {
  small_vector<std::unique_ptr<int>, 2> v;
  for (int i = 0; i < 5; ++i) v.push_back(std::make_unique<int>(i));
  v.erase(v.begin());
  const int* const address = v[0].get();
  small_vector<std::unique_ptr<int>, 2> taken(std::move(v));
  EXPECT_TRUE(v.empty() && v.is_inline());
  EXPECT_EQ(taken[0].get(), address);
  v.push_back(std::make_unique<int>(9));
  v.swap(taken);
  EXPECT_EQ(v.size(), 4U);
  EXPECT_EQ(*taken[0], 9);
  static_assert(std::is_nothrow_move_constructible_v<small_vector<std::unique_ptr<int>>>);
  static_assert(!std::is_nothrow_move_constructible_v<small_vector<counted<moving::may_throw>>>);
}

TEST(small_vector, too_many_elements_are_refused) {
  small_vector<char> v{'a'};
  EXPECT_THROW(v.reserve(std::size_t{1} << 32), std::length_error);
  EXPECT_THROW(v.resize(std::size_t{1} << 33), std::length_error);
  EXPECT_EQ(v, (small_vector<char>{'a'}));
}

TEST(small_vector, many_appends_allocate_seldom_and_one_gets_what_it_needs) {
  small_vector<int, 4> many;
  int moves = 0;
  for (int i = 0; i < 10000; ++i) {
    const int* const before = many.data();
    many.append(&i, &i + 1);
    moves += many.data() != before;
  }
  EXPECT_LT(moves, 20);
  EXPECT_EQ(many.back(), 9999);
  small_vector<int, 4> one;
  one.append(many.begin(), many.begin() + 1000);
  EXPECT_EQ(one.capacity(), 1000u);
}

TEST(small_vector, over_aligned_elements_are_aligned_inside_and_out) {
  struct alignas(64) wide {
    int value;
  };
  small_vector<wide, 2> v;
  for (int i = 0; i < 5; ++i) {
    v.push_back({i});
    for (const wide& each : v) EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&each) % 64, 0U);
  }
}

// -------------------------------------------------------------------------------------------------------- as a key

TEST(small_vector, hashes_and_compares_by_content) {
  using gauntlet::content_equal, gauntlet::content_hash;
  gauntlet::hash_map<small_vector<std::uint16_t>, int> map;
  map[{80, 443}] = 1;
  map[{443, 80}] = 2;
  small_vector<std::uint16_t> spilled{80, 443};
  spilled.reserve(100);
  EXPECT_EQ(map.at(spilled), 1) << "where it lies does not count";
  const std::vector<std::uint16_t> vector{80, 443};
  EXPECT_EQ(content_hash()(spilled, 5), content_hash()(std::span(vector), 5));
  EXPECT_EQ((gauntlet::hash<small_vector<std::uint16_t>>()(spilled, 5)), content_hash()(vector, 5));
  EXPECT_TRUE(content_equal()(spilled, vector));
  gauntlet::hash_map<small_vector<std::string, 4>, int, content_hash, content_equal> paths;
  paths[{"usr", "lib"}] = 3;
  EXPECT_EQ(paths.at(std::array<std::string_view, 2>{"usr", "lib"}), 3);
  static_assert(gauntlet::borrows_bytes<small_vector<std::string_view>> && !gauntlet::borrows_bytes<small_vector<int>>);
}

TEST(small_vector, is_a_value_of_a_map_that_grows) {
  gauntlet::hash_map<int, small_vector<int, 2>> map;
  for (int i = 0; i < 3000; ++i) map[i % 1000].push_back(i);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(map.at(i), (small_vector<int, 2>{i, i + 1000, i + 2000}));
  const auto copy = gauntlet::deep_copy(map);
  EXPECT_EQ(copy, map);
}

// ------------------------------------------------------------------------------------------------------ allocators

TEST(small_vector, allocates_nothing_inside_and_gives_everything_back) {
  memory_account account;
  {
    using vector = small_vector<int, 4, accounting_allocator<int>>;
    vector v{accounting_allocator<int>(account)};
    for (int i = 0; i < 4; ++i) v.push_back(i);
    EXPECT_EQ(account.blocks, 0U);
    for (int i = 4; i < 100; ++i) v.push_back(i);
    EXPECT_EQ(account.blocks, 1U);
    EXPECT_EQ(account.bytes, v.capacity() * sizeof(int));
    vector w(v), x(std::move(v));
    EXPECT_EQ(account.blocks, 2U);
    w = x;
    x.resize(50);
    x.shrink_to_fit();
    EXPECT_EQ(x.capacity(), 50U);
    x.resize(2);
    x.shrink_to_fit();
    EXPECT_EQ(account.blocks, 1U);
    w.swap(x);
    EXPECT_EQ(w.size(), 2U);
    EXPECT_EQ(x.size(), 100U);
  }
  EXPECT_EQ(account.blocks, 0U);
  EXPECT_EQ(account.bytes, 0U);
}

// Each account for itself: what one block does wrong, another one might do wrong the other way round.
void expect_balance(const memory_account& one, const memory_account& other) {
  for (const memory_account* each : {&one, &other}) EXPECT_EQ(each->bytes | each->blocks, 0U);
}

template <bool Propagates>
void check_two_allocators() {
  memory_account left, right;
  using allocator = accounting_allocator<std::string, Propagates>;
  using vector = small_vector<std::string, 2, allocator>;
  const std::string text = "a text that is too long for the string itself";
  for (const std::size_t size : {0U, 1U, 2U, 3U, 9U}) {
    for (const std::size_t other_size : {0U, 2U, 5U}) {
      {
        vector a(size, text, allocator(left)), b(other_size, "b", allocator(right));
        b = a;
        EXPECT_EQ(b, a);
        EXPECT_EQ(b.get_allocator().account, Propagates ? &left : &right);
      }
      expect_balance(left, right);
      {
        vector a(size, text, allocator(left)), b(other_size, "b", allocator(right));
        b = std::move(a);
        EXPECT_EQ(b, vector(size, text, allocator(right)));
        EXPECT_TRUE(a.empty());
        EXPECT_EQ(b.get_allocator().account, Propagates ? &left : &right);
      }
      expect_balance(left, right);
      {
        vector a(size, text, allocator(left)), b(std::move(a), allocator(right));
        EXPECT_EQ(b, vector(size, text, allocator(right)));
        EXPECT_TRUE(a.empty());
      }
      expect_balance(left, right);
      if constexpr (Propagates) {
        vector a(size, text, allocator(left)), b(other_size, "b", allocator(right));
        a.swap(b);
        EXPECT_EQ(b, vector(size, text, allocator(right)));
        EXPECT_EQ(a, vector(other_size, "b", allocator(right)));
        EXPECT_EQ(b.get_allocator().account, &left);
      }
      expect_balance(left, right);
    }
  }
}
TEST(small_vector, allocators_that_propagate) { check_two_allocators<true>(); }
TEST(small_vector, allocators_that_stay) { check_two_allocators<false>(); }

TEST(small_vector, hands_its_resource_to_its_elements) {
  std::array<std::byte, 4096> buffer;
  std::pmr::monotonic_buffer_resource arena(buffer.data(), buffer.size(), std::pmr::null_memory_resource());
  gauntlet::pmr::small_vector<std::pmr::string, 2> v(&arena);
  for (int i = 0; i < 5; ++i) v.emplace_back("a text that is too long for the string itself");
  EXPECT_EQ(v[4].get_allocator().resource(), &arena);
}

// ---------------------------------------------------------------------------------------------------------- faults

// Does `act` to a vector of `size` elements with a fault at its 1st, 2nd, 3rd ... chance, until it gets through.
// After a fault: nothing leaks, nothing is lost; strong: nothing has changed.
template <moving Moving, class Act>
void fail_everywhere(const char* what, bool strong, Act act) {
  using element = counted<Moving>;
  using vector = small_vector<element, 3, accounting_allocator<element>>;
  for (const std::size_t size : {0U, 1U, 2U, 3U, 4U, 6U, 7U, 12U}) {
    for (long chance = 1;; ++chance) {
      memory_account account;
      const long alive = element::alive;
      bool failed = false;
      {
        vector v{accounting_allocator<element>(account)};
        for (std::size_t i = 0; i < size; ++i) v.emplace_back(i);
        const auto values = [&v] {
          std::vector<std::uint64_t> all;
          for (const element& each : v) all.push_back(each.value);
          return all;
        };
        const auto before = values();
        const long alive_before = element::alive;
        faults::countdown = chance;
        try {
          act(v);
        } catch (const fault&) {
          failed = true;
        }
        faults::countdown = -1;
        if (failed && strong) {
          EXPECT_EQ(values(), before) << what << ", " << size << " elements, fault " << chance;
          EXPECT_EQ(element::alive, alive_before) << what;
          for (const element& each : v) EXPECT_FALSE(each.moved_from) << what;
        }
      }
      EXPECT_EQ(element::alive, alive) << what << ", " << size << " elements, fault " << chance;
      EXPECT_EQ(account.blocks, 0U) << what << ", " << size << " elements, fault " << chance;
      if (!failed) break;
      ASSERT_LT(chance, 1000);
    }
  }
}

template <moving Moving>
void check_faults(bool strong) {
  using element = counted<Moving>;
  fail_everywhere<Moving>("emplace_back", strong, [](auto& v) { v.emplace_back(7U); });
  fail_everywhere<Moving>("reserve", strong, [](auto& v) { v.reserve(20); });
  fail_everywhere<Moving>("resize", strong, [](auto& v) { v.resize(v.size() + 5); });
  fail_everywhere<Moving>("shrink_to_fit", strong, [](auto& v) { v.shrink_to_fit(); });
  fail_everywhere<Moving>("emplace in the middle", false,
                          [](auto& v) { v.emplace(v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), 7U); });
  fail_everywhere<Moving>("erase", false, [](auto& v) {
    if (!v.empty()) v.erase(v.begin());
  });
  fail_everywhere<Moving>("move", false, [](auto& v) { auto other = std::move(v); });
  fail_everywhere<Moving>("swap", false, [](auto& v) {
    std::remove_reference_t<decltype(v)> other(v.get_allocator());
    other.emplace_back(1U);
    v.swap(other);
  });
  if constexpr (std::is_copy_constructible_v<element>) {
    fail_everywhere<Moving>("append", strong, [](auto& v) {
      const long before = faults::countdown;
      faults::countdown = -1;
      const std::vector<element> more(5);
      faults::countdown = before;
      v.append(more.begin(), more.end());
    });
    fail_everywhere<Moving>("copy", strong, [](auto& v) { auto other = v; });
    fail_everywhere<Moving>("copy assignment", Moving == moving::never_throws, [](auto& v) {
      std::remove_reference_t<decltype(v)> other(v.get_allocator());
      other.emplace_back(1U);
      other.emplace_back(2U);
      v = other;
    });
    fail_everywhere<Moving>("push_back of an element", strong, [](auto& v) {
      if (!v.empty()) v.push_back(v[0]);
    });
  }
}

TEST(small_vector, faults_where_moving_never_throws) { check_faults<moving::never_throws>(true); }
TEST(small_vector, faults_where_moving_may_throw) { check_faults<moving::may_throw>(true); }
TEST(small_vector, faults_where_moving_may_throw_and_nothing_can_be_copied) {
  check_faults<moving::may_throw_and_no_copy>(false);
}

}  // namespace
