// What concurrent_map has beyond the other maps of the family, and what its buckets do with terrible hashes, with types
// that throw, with memory that runs out, and with elements of every kind.
#include <gauntlet/map/composite_key.h>
#include <gauntlet/map/concurrent_map.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gauntlet/map/hash_map_test_types.h>

namespace {

using gauntlet::testing::accounting_allocator;
using gauntlet::testing::constant_hash;
using gauntlet::testing::counted;
using gauntlet::testing::fault;
using gauntlet::testing::faults;
using gauntlet::testing::healthy;
using gauntlet::testing::identity_hash;
using gauntlet::testing::memory_account;
using gauntlet::testing::moving;
using gauntlet::testing::paired_hash;
using gauntlet::testing::throwing_equal;
using gauntlet::testing::throwing_hash;
using gauntlet::testing::truncated_hash;
using u64 = std::uint64_t;

struct tiny : gauntlet::concurrent_map_policy {
  static constexpr unsigned buckets_per_table = 2;
  static constexpr unsigned slots_per_bucket = 2;
  static constexpr unsigned cells_per_table = 1;
  static constexpr unsigned changes_per_merge_look = 1;
  static constexpr unsigned merge_below_one_in = 2;
  static constexpr unsigned count_stripes = 2;
  static constexpr bool checked = true;
  static std::uint64_t seed() noexcept { return 0x243f6a8885a308d3; }
};
struct tiny_portable : tiny {
  using tags = gauntlet::detail::portable_tags;
};
struct least : tiny {
  static constexpr unsigned buckets_per_table = 1;
  static constexpr unsigned cells_per_table = 0;
  static constexpr unsigned count_stripes = 1;
};
// Full size, with the same hashes in every run.
struct fixed_seed : gauntlet::concurrent_map_policy {
  static std::uint64_t seed() noexcept { return tiny::seed(); }
};

template <class Key, class T, class Policy = tiny, class Hash = gauntlet::hash<Key>,
          class KeyEqual = std::equal_to<Key>>
using map_with = gauntlet::concurrent_map<Key, T, Hash, KeyEqual, std::allocator<std::pair<const Key, T>>, Policy>;

// A small random sequence, the same in every run.
class xorshift {
 public:
  u64 below(u64 bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return (state_ >> 11) % bound;
  }

 private:
  u64 state_ = 0x9E3779B97F4A7C15U;
};

// ------------------------------------------------------------------------------------------------ the example

TEST(concurrent_map, counts_words_from_any_number_of_threads) {
  gauntlet::concurrent_map<std::string, u64> words;
  const auto count = [&words](std::string_view text) {
    for (std::size_t from = 0; from < text.size();) {
      const std::size_t to = std::min(text.find(' ', from), text.size());
      words.insert_or_visit(std::string(text.substr(from, to - from)), 1, [](u64& seen) { ++seen; });
      from = to + 1;
    }
  };
  std::thread one(count, "the quick brown fox jumps over the lazy dog");
  std::thread two(count, "the dog sleeps");
  one.join();
  two.join();
  EXPECT_EQ(words.find("the"), 3U);
  EXPECT_EQ(words.find("dog"), 2U);
  EXPECT_EQ(words.erase_if([](const std::string&, u64 seen) { return seen == 1; }), 7U);
  EXPECT_EQ(words.size(), 2U);
}

// ---------------------------------------------------------------------------------- agreement with std::map, any hash

template <class Map>
void agree_with_model(u64 keys, int rounds) {
  Map map;
  std::map<u64, u64> model;
  xorshift random;
  for (int round = 0; round < rounds; ++round) {
    const bool shrinking = round * 4 / rounds % 2 == 1;
    const u64 key = random.below(keys), value = random.below(1000);
    const u64 what = random.below(shrinking ? 12 : 8);
    const bool there = model.contains(key);
    if (what < 2) {
      ASSERT_EQ(map.insert_or_assign(key, value), !there);
      model[key] = value;
    } else if (what < 4) {
      ASSERT_EQ(map.insert(key, value), !there);
      model.emplace(key, value);
    } else if (what == 4) {
      ASSERT_EQ(map.update(key, [value](u64& old) { old += value; }), there);
      if (there) model[key] += value;
    } else if (what == 5) {
      ASSERT_EQ(map.insert_or_visit(key, value, [](u64& old) { old = 7; }), !there);
      model[key] = there ? 7 : value;
    } else if (what == 6) {
      ASSERT_EQ(map.extract(key), there ? std::optional<u64>(model[key]) : std::nullopt);
      model.erase(key);
    } else {
      ASSERT_EQ(map.erase(key), there);
      model.erase(key);
    }
    ASSERT_EQ(map.find(key), model.contains(key) ? std::optional<u64>(model[key]) : std::nullopt);
    ASSERT_EQ(map.approximate_size(), model.size());
    if (round % (rounds / 50) != 0) continue;
    ASSERT_TRUE(healthy(map));
    std::map<u64, u64> shown;
    map.for_each([&shown](u64 k, u64 v) { EXPECT_TRUE(shown.emplace(k, v).second); });
    ASSERT_EQ(shown, model);
    ASSERT_EQ(map.size(), model.size());
    ASSERT_EQ(map.empty(), model.empty());
  }
  map.shrink_to_fit();
  ASSERT_TRUE(healthy(map));
  for (u64 key = 0; key < keys; ++key) ASSERT_EQ(map.contains(key), model.contains(key));
}

TEST(concurrent_map, agrees_with_a_model_under_any_hash_and_policy) {
  agree_with_model<map_with<u64, u64>>(60, 20000);
  agree_with_model<map_with<u64, u64>>(2000, 20000);
  agree_with_model<map_with<u64, u64, tiny_portable>>(300, 20000);
  agree_with_model<map_with<u64, u64, least>>(300, 20000);
  agree_with_model<map_with<u64, u64, least, truncated_hash>>(50, 10000);
  agree_with_model<map_with<u64, u64, fixed_seed>>(5000, 40000);
  agree_with_model<map_with<u64, u64, tiny, constant_hash>>(40, 10000);
  agree_with_model<map_with<u64, u64, tiny, identity_hash>>(200, 10000);
  agree_with_model<map_with<u64, u64, tiny_portable, truncated_hash>>(100, 10000);
  agree_with_model<map_with<u64, u64, tiny, paired_hash>>(200, 10000);
  agree_with_model<map_with<u64, u64, fixed_seed, constant_hash>>(100, 5000);
}

// --------------------------------------------------------------------------------------------- elements of every kind

template <class Map, class MakeKey>
void holds_what_it_is_given(MakeKey make_key) {
  Map map;
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(map.insert(make_key(i), i));
  for (int i = 0; i < 200; ++i) ASSERT_FALSE(map.insert(make_key(i), i + 1));
  for (int i = 0; i < 300; ++i) ASSERT_EQ(map.contains(make_key(i)), i < 200) << i;
  for (int i = 0; i < 200; i += 2) ASSERT_TRUE(map.erase(make_key(i)));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(map.find(make_key(i)), i % 2 == 1 ? std::optional<int>(i) : std::nullopt);
  ASSERT_EQ(map.size(), 100U);
  ASSERT_TRUE(healthy(map));
}

using view_key = gauntlet::borrowed_key<std::string_view>;
struct padded_key {
  int number;
  char letter;
  bool operator==(const padded_key&) const = default;
};
struct own_key {
  std::uint32_t a, b;
  bool operator==(const own_key&) const = default;
};
using two_ints = std::array<int, 2>;
struct hash_of_own {
  std::size_t operator()(const two_ints& key) const noexcept { return static_cast<std::size_t>(key[0]); }
  std::size_t operator()(const std::array<u64, 2>& key) const noexcept { return key[0]; }
  std::size_t operator()(const padded_key& key) const noexcept { return static_cast<std::size_t>(key.number); }
  std::size_t operator()(const own_key& key) const noexcept { return key.a; }
};
enum class colour : unsigned char {};

TEST(concurrent_map, takes_keys_of_every_kind) {
  using gauntlet::detail::comparing;
  const auto compares = []<class Key, class Hash>(Key, Hash) {
    return gauntlet::detail::concurrent_types<Key, int, Hash, std::equal_to<Key>,
                                              std::allocator<std::pair<const Key, int>>, tiny>::compares();
  };
  EXPECT_EQ(compares(1, gauntlet::hash<int>()), comparing::decided_by_bytes);
  EXPECT_EQ(compares(two_ints(), hash_of_own()), comparing::decided_by_bytes);
  EXPECT_EQ(compares(1.5, gauntlet::hash<double>()), comparing::asks_on_copies);
  EXPECT_EQ(compares(own_key(), hash_of_own()), comparing::suspects);
  EXPECT_EQ(compares(view_key(), gauntlet::hash<view_key>()), comparing::suspects);
  EXPECT_EQ(compares(padded_key(), hash_of_own()), comparing::asks_under_lock);

  holds_what_it_is_given<map_with<int, int>>([](int i) { return i; });
  holds_what_it_is_given<map_with<two_ints, int, tiny, hash_of_own>>([](int i) { return two_ints{i / 2, i}; });
  holds_what_it_is_given<map_with<std::pair<int, int>, int>>([](int i) { return std::pair(i, -i); });
  holds_what_it_is_given<map_with<double, int>>([](int i) { return i / 2.0; });
  holds_what_it_is_given<map_with<own_key, int, tiny, hash_of_own>>(
      [](int i) { return own_key{static_cast<std::uint32_t>(i / 3), static_cast<std::uint32_t>(i)}; });
  holds_what_it_is_given<map_with<padded_key, int, tiny, hash_of_own>>(
      [](int i) { return padded_key{i / 3, static_cast<char>(i % 3)}; });
  std::vector<std::string> names, others;
  for (int i = 0; i < 300; ++i) names.push_back(std::to_string(i)), others.push_back(std::to_string(i));
  bool turn = false;
  holds_what_it_is_given<map_with<view_key, int>>([&](int i) {
    turn = !turn;  // the same text at another address
    return view_key((turn ? names : others)[static_cast<std::size_t>(i)]);
  });
  holds_what_it_is_given<map_with<std::string, int>>([](int i) { return std::to_string(i); });
  map_with<colour, int> colours;
  EXPECT_TRUE(colours.insert(colour{200}, 1));
  EXPECT_EQ(colours.find(colour{200}), 1);
  EXPECT_FALSE(colours.contains(colour{1}));
}

TEST(concurrent_map, a_double_finds_what_equality_says_and_not_what_bytes_say) {
  map_with<double, int> map;
  map.insert(0.0, 1);
  EXPECT_EQ(map.find(-0.0), 1);
  map.insert(std::numeric_limits<double>::quiet_NaN(), 2);
  EXPECT_FALSE(map.contains(std::numeric_limits<double>::quiet_NaN()));
}

struct alignas(8) sixteen {
  u64 low, high;
  bool operator==(const sixteen&) const = default;
};

TEST(concurrent_map, keeps_keys_and_values_of_sixteen_bytes_in_words_and_larger_ones_in_nodes) {
  using two = std::array<u64, 2>;
  map_with<two, sixteen, tiny, hash_of_own> words;
  for (u64 i = 0; i < 100; ++i) words.insert(two{i, ~i}, sixteen{i, i * i});
  for (u64 i = 0; i < 100; ++i) EXPECT_EQ(words.find(two{i, ~i}), (sixteen{i, i * i}));
  EXPECT_TRUE(healthy(words));
  using large = std::array<u64, 40>;
  map_with<u64, large> nodes;
  for (u64 i = 0; i < 100; ++i) nodes.insert(i, large{i});
  for (u64 i = 0; i < 100; ++i) EXPECT_EQ((*nodes.find(i))[0], i);
  EXPECT_TRUE(healthy(nodes));
}

// ------------------------------------------------------------------------------------------------ growing and shrinking

TEST(concurrent_map, allocates_nothing_until_there_is_an_element) {
  memory_account account;
  using allocator = accounting_allocator<std::pair<const u64, u64>>;
  gauntlet::concurrent_map<u64, u64, gauntlet::hash<u64>, std::equal_to<u64>, allocator, tiny> map{allocator(account)};
  EXPECT_FALSE(map.contains(1));
  EXPECT_FALSE(map.erase(1));
  EXPECT_FALSE(map.update(1, [](u64&) {}));
  EXPECT_EQ(map.size(), 0U);
  EXPECT_EQ(map.erase_if([](u64, u64) { return true; }), 0U);
  map.shrink_to_fit();
  EXPECT_EQ(account.blocks, 0U);
  EXPECT_EQ(map.stats().bytes, 0U);
  map.insert(1, 1);
  EXPECT_NE(account.blocks, 0U);
  map.erase(1);
  map.shrink_to_fit();
  EXPECT_EQ(account.blocks, 0U);
}

TEST(concurrent_map, splits_when_it_fills_merges_when_it_empties_and_gives_memory_back_when_told) {
  map_with<u64, u64, fixed_seed> map;
  constexpr u64 elements = 20000;
  for (u64 key = 0; key < elements; ++key) map.insert(key, key);
  const auto full = map.stats();
  EXPECT_EQ(full.size, elements);
  EXPECT_EQ(full.splits, full.tables - 1);
  EXPECT_EQ(full.cells_allocated, 0U) << "a good hash needs no more cells than the tables bring";
  EXPECT_LT(full.bytes, elements * 64);
  for (u64 key = 0; key < elements; ++key) {
    if (key % 100 != 0) {
      map.erase(key);
    }
  }
  const auto sparse = map.stats();
  EXPECT_GT(sparse.merges, 0U);
  EXPECT_EQ(sparse.tables + sparse.spare_tables, full.tables);
  EXPECT_TRUE(healthy(map));
  map.shrink_to_fit();
  EXPECT_LT(map.stats().bytes, full.bytes / 20);
  EXPECT_EQ(map.size(), elements / 100);
  EXPECT_TRUE(healthy(map));
}

TEST(concurrent_map, reserve_makes_the_directory_and_no_tables) {
  map_with<u64, u64, fixed_seed> map;
  map.reserve(100000);
  EXPECT_EQ(map.stats().tables, 1U);
  EXPECT_GE(map.stats().directory_entries, 256U);
  for (u64 key = 0; key < 20000; ++key) map.insert(key, key);
  EXPECT_EQ(map.stats().directories_outgrown, 0U);
  EXPECT_TRUE(healthy(map));
}

TEST(concurrent_map, a_hash_that_does_not_spread_costs_cells_and_not_tables) {
  map_with<u64, u64, fixed_seed, constant_hash> map;
  for (u64 key = 0; key < 500; ++key) map.insert(key, key);
  EXPECT_LT(map.stats().tables, 12U);
  EXPECT_GT(map.stats().cells_allocated, 100U);
  EXPECT_TRUE(healthy(map));
  map.clear();
  EXPECT_TRUE(healthy(map));
}

// ------------------------------------------------------------------------------------------------------- whole maps

TEST(concurrent_map, a_walk_of_several_threads_shows_every_element_once) {
  map_with<u64, u64, fixed_seed> map;
  constexpr u64 elements = 10000;
  for (u64 key = 0; key < elements; ++key) map.insert(key, key);
  for (const std::size_t threads : {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{40}}) {
    std::vector<std::atomic<int>> shown(elements);
    map.for_each(threads, [&shown](u64 key, u64) { ++shown[key]; });
    for (const auto& times : shown) ASSERT_EQ(times.load(), 1);
  }
  EXPECT_THROW(map.for_each(3,
                            [](u64 key, u64) {
                              if (key == 77) throw std::runtime_error("visitor");
                            }),
               std::runtime_error);
  map_with<u64, u64> none;
  none.for_each(2, [](u64, u64) { FAIL(); });
}

TEST(concurrent_map, moves_and_merges_between_allocators_keep_the_books) {
  memory_account here, there;
  using nodes = gauntlet::concurrent_map<u64, std::string, gauntlet::hash<u64>, std::equal_to<u64>,
                                         accounting_allocator<std::pair<const u64, std::string>>, tiny>;
  using nodes_allocator = nodes::allocator_type;
  {
    nodes a{nodes_allocator(here)}, b{nodes_allocator(there)}, c{nodes_allocator(there)};
    for (u64 key = 0; key < 50; ++key) {
      b.insert(key, "a text that is too long to lie in the string itself");
      c.insert(key + 25, "another text, too long to lie in the string itself");
    }
    c.merge(b);
    EXPECT_EQ(c.size(), 75U);
    EXPECT_EQ(b.size(), 25U);
    a.merge(b);
    EXPECT_EQ(a.size(), 25U);
    EXPECT_TRUE(b.empty());
    a = std::move(c);
    EXPECT_EQ(a.size(), 75U);
    EXPECT_TRUE(c.empty());  // NOLINT(bugprone-use-after-move): promised to be empty
    EXPECT_TRUE(healthy(a) && healthy(b) && healthy(c));
    EXPECT_EQ(a.get_allocator(), nodes_allocator(here));
  }
  EXPECT_EQ(here.blocks, 0U);
  EXPECT_EQ(there.blocks, 0U);
}

// -------------------------------------------------------------------------------------------------- what throws

// Each chance to fail in turn: until an operation gets through, the map must be what it was.
template <class Map, class Operation>
void has_no_effect_until_it_succeeds(Map& map, Operation operation) {
  for (long chance = 1;; ++chance) {
    const std::size_t size = map.approximate_size();
    faults::countdown = chance;
    try {
      operation();
      faults::countdown = -1;
      break;
    } catch (const fault&) {  // then it is to have changed nothing
    }
    ASSERT_EQ(map.approximate_size(), size);
    ASSERT_TRUE(healthy(map)) << "after failure " << chance;
  }
  ASSERT_TRUE(healthy(map));
}

template <moving Moving>
void survives_throwing_elements() {
  using element = counted<Moving>;
  memory_account account;
  using allocator = accounting_allocator<std::pair<const element, element>>;
  {
    gauntlet::concurrent_map<element, element, throwing_hash, throwing_equal, allocator, tiny> map{
        throwing_hash(), throwing_equal(), allocator(account)};
    for (u64 i = 0; i < 40; ++i) {
      has_no_effect_until_it_succeeds(map, [&] { map.try_emplace(element(i), i); });
    }
    has_no_effect_until_it_succeeds(map, [&] { map.update(element(3), [](element& e) { e.value = 4; }); });
    has_no_effect_until_it_succeeds(map, [&] { EXPECT_TRUE(map.contains(element(3))); });
    for (u64 i = 0; i < 20; ++i) has_no_effect_until_it_succeeds(map, [&] { map.erase(element(i)); });
    for (u64 i = 20; i < 25; ++i) has_no_effect_until_it_succeeds(map, [&] { (void)map.extract(element(i)); });
    has_no_effect_until_it_succeeds(map, [&] { map.shrink_to_fit(); });
    EXPECT_EQ(map.size(), 15U);
    std::size_t asked = 0;
    EXPECT_THROW(map.erase_if([&](const element&, const element&) { return ++asked < 6 ? true : throw fault(); }),
                 fault);
    EXPECT_EQ(map.size(), 10U);
    EXPECT_TRUE(healthy(map));
  }
  EXPECT_EQ(account.blocks, 0U);
  EXPECT_EQ(element::alive, 0);
}

TEST(concurrent_map, survives_everything_that_throws) {
  survives_throwing_elements<moving::never_throws>();
  survives_throwing_elements<moving::may_throw>();
  survives_throwing_elements<moving::may_throw_and_no_copy>();
}

TEST(concurrent_map, in_words_survives_a_hash_an_equality_and_an_allocator_that_throw) {
  memory_account account;
  using allocator = accounting_allocator<std::pair<const u64, u64>>;
  {
    gauntlet::concurrent_map<u64, u64, throwing_hash, throwing_equal, allocator, tiny> map{
        throwing_hash(), throwing_equal(), allocator(account)};
    for (u64 i = 0; i < 100; ++i) has_no_effect_until_it_succeeds(map, [&] { map.insert(i, i); });
    has_no_effect_until_it_succeeds(map, [&] { map.insert_or_assign(5, 6); });
    for (u64 i = 0; i < 90; ++i) has_no_effect_until_it_succeeds(map, [&] { EXPECT_TRUE(map.erase(i)); });
    has_no_effect_until_it_succeeds(map, [&] { map.shrink_to_fit(); });
    EXPECT_EQ(map.size(), 10U);
  }
  EXPECT_EQ(account.blocks, 0U);
}

TEST(concurrent_map, in_words_a_visitor_that_throws_has_changed_nothing) {
  map_with<int, int> map{{1, 10}};
  EXPECT_THROW(map.update(1, [](int& value) { value = 11, throw std::runtime_error("visitor"); }), std::runtime_error);
  EXPECT_EQ(map.find(1), 10);
}

// A merge that finds no memory for a chain undoes what it has done.
TEST(concurrent_map, an_erasure_whose_merge_finds_no_memory_succeeds) {
  memory_account account;
  using allocator = accounting_allocator<std::pair<const u64, u64>>;
  {
    gauntlet::concurrent_map<u64, u64, truncated_hash, std::equal_to<u64>, allocator, tiny> map{
        truncated_hash(), std::equal_to<u64>(), allocator(account)};
    for (int round = 0; round < 20; ++round) {
      for (u64 i = 0; i < 60; ++i) map.insert(i, i);
      for (u64 i = 0; i < 60; ++i) {
        faults::countdown = 1;
        ASSERT_TRUE(map.erase((i * 7 + static_cast<u64>(round)) % 60));
        faults::countdown = -1;
        ASSERT_TRUE(healthy(map));
      }
    }
  }
  EXPECT_EQ(account.blocks, 0U);
}

// ------------------------------------------------------------------------------------------------------ the self-check

// A hash that lies once it has been told to.
struct lying_hash {
  using is_avalanching = void;
  static inline u64 lie = 0;
  std::size_t operator()(u64 key) const noexcept { return gauntlet::mix(key ^ lie, 77); }
};

TEST(concurrent_map, the_self_check_finds_elements_whose_hash_has_changed) {
  map_with<u64, u64, tiny, lying_hash> map;
  for (u64 i = 0; i < 20; ++i) map.insert(i, i);
  EXPECT_TRUE(map.self_check());
  lying_hash::lie = 1;
  std::ostringstream dump;
  EXPECT_FALSE(map.self_check(&dump));
  EXPECT_NE(dump.str().find("recounted"), std::string::npos) << dump.str();
  lying_hash::lie = 0;
}

}  // namespace
