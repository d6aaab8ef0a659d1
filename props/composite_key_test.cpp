// Laws of composite keys: equal content, equal hash, whatever holds it; different content, different hash; and hashes that
// are spread over all their bits.
//
// The judge of equality is std's ==, over types that own; text and numbers come from small sets, so that equal parts,
// parts that are each other's prefix, and parts that move across a boundary are common.
#include <gauntlet/map/composite_key.h>
#include <gauntlet/map/hash_map.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace {

using gauntlet::content_equal;
using gauntlet::content_hash;

using number = std::int32_t;
using owner = std::tuple<std::string, std::vector<std::string>, std::optional<number>, std::vector<number>,
                         std::variant<number, std::string>>;
using view = std::tuple<std::string_view, std::deque<std::string_view>, std::optional<number>, std::span<const number>,
                        std::variant<number, std::string_view>>;

view view_of(const owner& key) {
  const auto& [text, texts, maybe, numbers, either] = key;
  std::variant<number, std::string_view> other;
  if (either.index() == 0) {
    other = std::get<0>(either);
  } else {
    other = std::string_view(std::get<1>(either));
  }
  return {text, std::deque<std::string_view>(texts.begin(), texts.end()), maybe, numbers, other};
}

rc::Gen<std::string> some_text() {
  return rc::gen::resize(3, rc::gen::container<std::string>(rc::gen::element('a', 'b', '\0')));
}
rc::Gen<number> some_number() { return rc::gen::element<number>(0, 1, -1, 2, 1 << 20); }
rc::Gen<owner> some_owner() {
  return rc::gen::tuple(
      some_text(), rc::gen::resize(3, rc::gen::container<std::vector<std::string>>(some_text())),
      rc::gen::map(rc::gen::pair(rc::gen::arbitrary<bool>(), some_number()),
                   [](const std::pair<bool, number>& p) { return p.first ? std::optional(p.second) : std::nullopt; }),
      rc::gen::resize(3, rc::gen::container<std::vector<number>>(some_number())),
      rc::gen::map(rc::gen::tuple(rc::gen::arbitrary<bool>(), some_number(), some_text()),
                   [](const std::tuple<bool, number, std::string>& t) {
                     return std::get<0>(t) ? std::variant<number, std::string>(std::get<1>(t))
                                           : std::variant<number, std::string>(std::get<2>(t));
                   }));
}

RC_GTEST_PROP(CompositeKeys, AViewOfTheSameContentIsEqualAndHashesAlike, (std::uint64_t seed)) {
  const owner key = *some_owner();
  const owner copy = key;
  RC_ASSERT(content_equal()(key, copy));
  RC_ASSERT(content_equal()(key, view_of(copy)));
  RC_ASSERT(content_equal()(view_of(copy), key));
  RC_ASSERT(content_hash()(key, seed) == content_hash()(view_of(copy), seed));
  RC_ASSERT(content_hash()(key, seed) == gauntlet::hash<owner>()(copy, seed));
}

RC_GTEST_PROP(CompositeKeys, EqualityAndHashesTellContentsApart, (std::uint64_t seed)) {
  const owner a = *some_owner(), b = *some_owner();
  RC_CLASSIFY(a == b);
  RC_ASSERT(content_equal()(a, b) == (a == b));
  RC_ASSERT(content_equal()(a, view_of(b)) == (a == b));
  // Of 64 bits: by chance no two are equal in the life of this test.
  RC_ASSERT((content_hash()(a, seed) == content_hash()(b, seed)) == (a == b));
}

RC_GTEST_PROP(CompositeKeys, MovingABoundaryIsAnotherKey, (std::uint64_t seed)) {
  const auto texts = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(some_text()));
  std::string all;
  for (const std::string& each : texts) all += each;
  const auto cut = *rc::gen::inRange<std::size_t>(0, all.size() + 1);
  const std::vector<std::string> other{all.substr(0, cut), all.substr(cut)};
  RC_ASSERT((content_hash()(texts, seed) == content_hash()(other, seed)) == (texts == other));
}

RC_GTEST_PROP(CompositeKeys, OrderCounts, (std::uint64_t seed)) {
  const auto a = *some_text(), b = *some_text();
  const auto m = *some_number(), n = *some_number();
  const content_hash hash;
  RC_ASSERT((hash(std::pair(a, b), seed) == hash(std::pair(b, a), seed)) == (a == b));
  RC_ASSERT((hash(std::vector{m, n}, seed) == hash(std::vector{n, m}, seed)) == (m == n));
  RC_ASSERT(hash(std::pair(std::optional(m), std::optional<number>()), seed) !=
            hash(std::pair(std::optional<number>(), std::optional(m)), seed));
}

RC_GTEST_PROP(CompositeKeys, AMapByContentAgreesWithAnOrderedOne, ()) {
  gauntlet::hash_map<owner, int, content_hash, content_equal> map;
  std::map<owner, int> model;
  const auto keys = *rc::gen::container<std::vector<owner>>(some_owner());
  int value = 0;
  for (const owner& key : keys) {
    map[key] = ++value;
    model[key] = value;
  }
  RC_ASSERT(map.size() == model.size());
  for (const auto& [key, expected] : model) RC_ASSERT(map.at(view_of(key)) == expected);
  RC_ASSERT(map.self_check());
}

// 10^5 pairs of different keys, none with equal hashes.
TEST(CompositeKeys, AHundredThousandPairsOfDifferentKeysHashDifferently) {
  std::mt19937_64 random(1);
  const auto below = [&random](std::uint64_t bound) { return random() % bound; };
  const auto text = [&] {
    std::string made(below(4), 'a');
    for (char& each : made) each = static_cast<char>('a' + below(2));
    return made;
  };
  const auto key = [&] {
    std::vector<std::string> texts(below(3));
    for (std::string& each : texts) each = text();
    std::vector<number> numbers(below(4));
    for (number& each : numbers) each = static_cast<number>(below(3));
    return owner(text(), texts, below(2) == 0 ? std::nullopt : std::optional(static_cast<number>(below(2))), numbers,
                 below(2) == 0 ? std::variant<number, std::string>(static_cast<number>(below(3)))
                               : std::variant<number, std::string>(text()));
  };
  int pairs = 0;
  while (pairs < 100'000) {
    const owner a = key(), b = key();
    if (a == b) continue;
    ++pairs;
    const std::uint64_t seed = random();
    ASSERT_NE(content_hash()(a, seed), content_hash()(b, seed));
  }
}

// Chi-squared of 256 bins, for each byte of the hash, over keys that differ in little. For 255 degrees of freedom 350 is
// exceeded once in 30,000 times; seeds are fixed, so it is or it is not.
TEST(CompositeKeys, EveryByteOfTheHashIsSpread) {
  constexpr int count = 1 << 16;
  const auto expect_spread = [](const char* what, auto make) {
    std::vector<std::array<int, 256>> bins(8);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t h = content_hash()(make(i), 0x243f6a8885a308d3);
      for (unsigned byte = 0; byte < 8; ++byte) ++bins[byte][h >> (8 * byte) & 255];
    }
    for (unsigned byte = 0; byte < 8; ++byte) {
      double chi = 0;
      for (const int seen : bins[byte]) chi += std::pow(seen - count / 256.0, 2) / (count / 256.0);
      EXPECT_LT(chi, 350) << what << ", byte " << byte;
    }
  };
  expect_spread("pairs of small numbers", [](int i) { return std::pair(i & 255, i >> 8); });
  expect_spread("vectors of bits", [](int i) {
    std::vector<number> bits;
    for (int b = 0; b < 16; ++b) bits.push_back(i >> b & 1);
    return bits;
  });
  expect_spread("a text and a number", [](int i) { return std::tuple(std::to_string(i & 1023), i >> 10); });
  expect_spread("optionals", [](int i) { return std::pair(std::optional(i), std::optional<int>()); });
  expect_spread("nested", [](int i) { return std::vector<std::vector<number>>{{i & 255}, {i >> 8}}; });
}

}  // namespace
