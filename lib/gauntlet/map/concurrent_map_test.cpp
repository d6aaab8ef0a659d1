// What concurrent_map has beyond the other maps of the family, and what its buckets do with terrible hashes and with
// elements of every kind. What throws: concurrent_map_exceptions_test.cpp.
#include <gauntlet/map/composite_key.h>
#include <gauntlet/map/concurrent_map_test_types.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
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

namespace {

using gauntlet::testing::accounting_allocator;
using gauntlet::testing::constant_hash;
using gauntlet::testing::healthy;
using gauntlet::testing::identity_hash;
using gauntlet::testing::memory_account;
using gauntlet::testing::paired_hash;
using gauntlet::testing::truncated_hash;
using u64 = std::uint64_t;

using tiny = gauntlet::testing::tiny_concurrent_policy;
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

template <class Key, class T, class Policy = tiny, class Hash = gauntlet::hash<Key>>
using map_with = gauntlet::testing::concurrent_with<Key, T, Policy, Hash>;

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
using borrowed_text = gauntlet::borrowed_key<std::string_view>;
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
  EXPECT_EQ(compares(borrowed_text(), gauntlet::hash<borrowed_text>()), comparing::suspects);
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
  holds_what_it_is_given<map_with<borrowed_text, int>>([&](int i) {
    turn = !turn;  // the same text at another address
    return borrowed_text((turn ? names : others)[static_cast<std::size_t>(i)]);
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

// Equal if the numbers are, whatever stands beside them. Of a size that lies in words, or not; copied as bytes, or not.
template <std::size_t Size, class Extra>
struct marked {
  std::uint32_t number = 0;
  std::uint32_t mark = 0;
  std::array<unsigned char, Size - 8> rest{};
  [[no_unique_address]] Extra extra{};
  friend bool operator==(const marked& a, const marked& b) { return a.number == b.number; }
};
struct nothing_more {};
struct copied_by_hand {
  copied_by_hand() = default;
  copied_by_hand(const copied_by_hand&) {}
  copied_by_hand& operator=(const copied_by_hand&) { return *this; }
};
using marked_bytes = marked<16, nothing_more>;
struct by_number {
  template <std::size_t Size, class Extra>
  std::size_t operator()(const marked<Size, Extra>& key) const noexcept {
    return key.number;
  }
};
struct all_alike {
  using is_avalanching = void;
  template <class Key>
  std::size_t operator()(const Key&) const noexcept {
    return 77;
  }
};
struct by_number_inside : by_number {};
struct all_alike_inside : all_alike {};

// Inline, and under a hash that sends nearly all of them into chains.
template <class Key, class Hash>
void keeps_the_key_it_has() {
  map_with<Key, int, tiny, Hash> map;
  constexpr std::uint32_t keys = 40;
  for (std::uint32_t i = 0; i < keys; ++i) ASSERT_TRUE(map.insert_or_assign(Key{i, i + 1000, {}, {}}, 1));
  for (std::uint32_t i = 0; i < keys; ++i) {
    ASSERT_FALSE(map.insert_or_assign(Key{i, 7, {}, {}}, 2));
    ASSERT_FALSE(map.insert(Key{i, 8, {}, {}}, 3));
    ASSERT_FALSE(map.try_emplace(Key{i, 9, {}, {}}, 4));
    ASSERT_FALSE(map.insert_or_visit(Key{i, 10, {}, {}}, 5, [](int& value) { value *= 10; }));
    ASSERT_EQ(map.find(Key{i, 11, {}, {}}), 20);
  }
  map.for_each([](const Key& key, int) { ASSERT_EQ(key.mark, key.number + 1000); });
  ASSERT_TRUE(healthy(map));
}

}  // namespace

template <>
inline constexpr bool gauntlet::stays_inside_key<marked_bytes, by_number_inside, std::equal_to<marked_bytes>> = true;
template <>
inline constexpr bool gauntlet::stays_inside_key<marked_bytes, all_alike_inside, std::equal_to<marked_bytes>> = true;

namespace {

TEST(concurrent_map, an_assignment_keeps_the_key_that_is_there) {
  keeps_the_key_it_has<marked_bytes, by_number>();
  keeps_the_key_it_has<marked_bytes, all_alike>();
  keeps_the_key_it_has<marked_bytes, by_number_inside>();
  keeps_the_key_it_has<marked_bytes, all_alike_inside>();
  keeps_the_key_it_has<marked<64, nothing_more>, by_number>();
  keeps_the_key_it_has<marked<64, nothing_more>, all_alike>();
  keeps_the_key_it_has<marked<16, copied_by_hand>, by_number>();
  keeps_the_key_it_has<marked<16, copied_by_hand>, all_alike>();
  map_with<double, int> zeros;
  zeros.insert(0.0, 1);
  EXPECT_FALSE(zeros.insert_or_assign(-0.0, 2));
  zeros.for_each([](double key, int value) { EXPECT_TRUE(!std::signbit(key) && value == 2); });
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
  EXPECT_EQ(map.stats().splits, sparse.splits);
  EXPECT_EQ(map.stats().merges, sparse.merges);
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

// What is taken out of a bucket is destroyed once its lock has been given back. Where it waits there is room for a few.
TEST(concurrent_map, destroys_all_that_it_takes_out_of_one_bucket) {
  map_with<u64, std::shared_ptr<int>, fixed_seed, constant_hash> map;
  const auto owned = std::make_shared<int>(0);
  for (u64 key = 0; key < 200; ++key) map.insert(key, owned);
  EXPECT_EQ(map.erase_if([](u64 key, const auto&) { return key % 2 == 0; }), 100U);
  EXPECT_EQ(owned.use_count(), 101);
  for (u64 key = 0; key < 200; ++key) ASSERT_EQ(map.contains(key), key % 2 == 1);
  EXPECT_TRUE(healthy(map));
  map.clear();
  EXPECT_EQ(owned.use_count(), 1);
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
