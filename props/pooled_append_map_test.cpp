// pooled_append_map beside the simplest thing that does the same, a map of vectors: after each operation of a random
// sequence the contents, the counts and the map's own look at its buffers must be right, under good hashes and bad ones.
// And the alarm rings: a pool that gives a buffer to two owners is noticed, and the sequence reduced to four operations.
#include <algorithm>
#include <cstdint>
#include <ostream>
#include <span>
#include <sstream>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <gauntlet/broken/buffer_handed_out_twice.h>
#include <gauntlet/map/pooled_append_map.h>

#if defined(__SANITIZE_ADDRESS__)
#define GAUNTLET_TEST_UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GAUNTLET_TEST_UNDER_ASAN 1
#endif
#endif
#ifdef GAUNTLET_TEST_UNDER_ASAN
#include <sanitizer/lsan_interface.h>
#endif

namespace {

enum class kind : unsigned char { append, append_range, append_itself, erase, erase_if, clear, release, copy, move };
constexpr unsigned kinds = 9;
constexpr const char* names[kinds] = {"append", "append_range", "append_itself", "erase", "erase_if",
                                      "clear",  "release",      "copy",          "move"};

struct operation {
  kind what = kind::append;
  unsigned key = 0;
  unsigned number = 0;  // a value, or how many
};
std::ostream& operator<<(std::ostream& out, const operation& o) {
  return out << names[static_cast<unsigned>(o.what)] << ' ' << o.key << ' ' << o.number;
}
using operations = std::vector<operation>;

// Appends are more frequent than what takes away.
operation make_operation(unsigned what, unsigned key, unsigned number) {
  return {what < kinds ? static_cast<kind>(what) : kind::append, key % 8, number};
}
constexpr unsigned draws_of_kind = 2 * kinds;

using model = std::unordered_map<unsigned, std::vector<std::string>>;

std::string text(unsigned number) { return "an element that no string holds within: " + std::to_string(number); }

// What is wrong, or nothing.
template <class Map>
std::string difference(const Map& map, const model& expected) {
  std::ostringstream out;
  std::size_t elements = 0;
  for (const auto& [key, sequence] : expected) {
    elements += sequence.size();
    const auto shown = map.find(key);
    if (std::vector<std::string>(shown.begin(), shown.end()) != sequence)
      out << "key " << key << " shows something else\n";
  }
  if (map.size() != expected.size()) out << map.size() << " keys, and not " << expected.size() << "\n";
  if (map.element_count() != elements) out << map.element_count() << " elements, and not " << elements << "\n";
  std::size_t visited = 0;
  map.for_each(
      [&](unsigned key, std::span<const std::string> shown) { visited += expected.contains(key) && !shown.empty(); });
  if (visited != expected.size()) out << visited << " keys walked over, and not " << expected.size() << "\n";
  map.self_check(&out);
  return out.str();
}

template <class Map>
void apply(const operation& o, Map& map, model& expected) {
  std::vector<std::string> many;
  for (unsigned i = 0; i < o.number % 12; ++i) many.push_back(text(o.number + i));
  switch (o.what) {
    case kind::append:
      map.append(o.key, text(o.number));
      expected[o.key].push_back(text(o.number));
      break;
    case kind::append_range:
      map.append_range(o.key, many);
      if (!many.empty()) expected[o.key].insert(expected[o.key].end(), many.begin(), many.end());
      break;
    case kind::append_itself: {
      if (map.find(o.key).size() > 64) break;
      map.append_range(o.key, std::as_const(map).find(o.key));
      const auto place = expected.find(o.key);
      if (place == expected.end()) break;
      const std::vector<std::string> now = place->second;
      place->second.insert(place->second.end(), now.begin(), now.end());
      break;
    }
    case kind::erase:
      map.erase(o.key);
      expected.erase(o.key);
      break;
    case kind::erase_if:
      map.erase_if([&o](unsigned key, const auto& all) { return (key + all.size() + o.number) % 3 == 0; });
      std::erase_if(expected, [&o](const auto& e) { return (e.first + e.second.size() + o.number) % 3 == 0; });
      break;
    case kind::clear:
      if (o.number % 4 != 0) break;
      map.clear();
      expected.clear();
      break;
    case kind::release:
      o.number % 2 == 0 ? map.release() : map.shrink_to_fit();
      break;
    case kind::copy: {
      const Map copy(map);
      map.append(o.key, text(o.number));
      map = copy;
      break;
    }
    case kind::move: {
      Map moved(std::move(map));
      map.append(o.key, text(o.number));
      o.number % 2 == 0 ? map.swap(moved) : void(map = std::move(moved));
      break;
    }
  }
}

// The first thing that is wrong. A map of which that is known is left alone: what two owners would give back twice is not
// given back, and no leak of anybody's.
template <class Map>
std::string judge(const operations& all) {
  auto* const map = new Map();
  model expected;
  for (std::size_t i = 0; i < all.size(); ++i) {
    apply(all[i], *map, expected);
    if (const std::string wrong = difference(*map, expected); !wrong.empty()) {
      std::ostringstream out;
      out << "after step " << i + 1 << ", " << all[i] << ":\n" << wrong;
      return out.str();
    }
  }
  delete map;
  return {};
}

struct tiny : gauntlet::pooled_append_map_policy {
  using map_policy = gauntlet::tiny_policy;
  static constexpr std::size_t first_capacity = 2;
  static constexpr std::size_t idle_bytes_min = 512;
};
struct constant_hash {
  std::size_t operator()(unsigned) const { return 7; }
};
template <class Hash, class Policy>
using map_of = gauntlet::pooled_append_map<unsigned, std::string, Hash, std::equal_to<unsigned>,
                                           std::allocator<std::pair<const unsigned, std::string>>, Policy>;
using tiny_map = map_of<gauntlet::hash<unsigned>, tiny>;
using wrong_map = map_of<gauntlet::hash<unsigned>, gauntlet::broken::hands_out_twice<tiny>>;

rc::Gen<operations> some_operations() {
  const auto one = rc::gen::apply(make_operation, rc::gen::inRange(0u, draws_of_kind), rc::gen::inRange(0u, 8u),
                                  rc::gen::inRange(0u, 100u));
  return rc::gen::scale(2, rc::gen::container<operations>(one));
}

template <class Map>
void agrees() {
  const operations all = *some_operations();
  const std::string wrong = judge<Map>(all);
  if (!wrong.empty()) RC_FAIL(wrong);
}

RC_GTEST_PROP(PooledAppendMap, agrees_with_a_map_of_vectors, ()) { agrees<tiny_map>(); }
RC_GTEST_PROP(PooledAppendMap, agrees_with_a_map_of_vectors_when_all_keys_collide, ()) {
  agrees<map_of<constant_hash, tiny>>();
}
RC_GTEST_PROP(PooledAppendMap, agrees_with_a_map_of_vectors_with_the_usual_policy, ()) {
  agrees<map_of<gauntlet::hash<unsigned>, gauntlet::pooled_append_map_policy>>();
}

// What wrong maps leave behind is their business; LeakSanitizer need not hear of it.
class leaks_unheard {
#ifdef GAUNTLET_TEST_UNDER_ASAN
  __lsan::ScopedDisabler disabled_;
#endif
};

// Operations after each of which the map is looked at before a buffer can come back twice.
operations drawn(std::uint64_t rng_seed) {
  constexpr unsigned simple_kinds = 5;
  std::uint64_t state = rng_seed * 0x9e3779b97f4a7c15 + 1;
  const auto below = [&state](unsigned bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<unsigned>(state >> 33) % bound;
  };
  operations all;
  for (unsigned i = 0; i < 40; ++i) all.push_back(make_operation(below(simple_kinds), below(8), below(100)));
  return all;
}

// Leaves out what can be left out, one operation or two at a time: an append and the erasure of its key go together.
operations reduced(operations failing) {
  const auto without = [&failing](std::size_t i, std::size_t j) {
    operations left;
    for (std::size_t k = 0; k < failing.size(); ++k) {
      if (k != i && k != j) left.push_back(failing[k]);
    }
    return left;
  };
  const auto shrink_once = [&] {
    for (std::size_t i = 0; i < failing.size(); ++i) {
      for (std::size_t j = i; j < failing.size(); ++j) {
        operations left = without(i, j);
        if (judge<wrong_map>(left).empty()) continue;
        failing = std::move(left);
        return true;
      }
    }
    return false;
  };
  while (shrink_once()) {
  }
  return failing;
}

TEST(buffer_handed_out_twice, is_noticed_and_reduced) {
  [[maybe_unused]] const leaks_unheard unheard;
  unsigned noticed = 0;
  std::size_t smallest = 40;
  for (std::uint64_t rng_seed = 1; rng_seed <= 20; ++rng_seed) {
    const operations all = drawn(rng_seed);
    EXPECT_EQ(judge<tiny_map>(all), "");
    if (judge<wrong_map>(all).empty()) continue;
    ++noticed;
    const operations small = reduced(all);
    EXPECT_LE(small.size(), 8u);
    smallest = std::min(smallest, small.size());
    EXPECT_EQ(judge<tiny_map>(small), "");
  }
  EXPECT_GE(noticed, 10u);
  EXPECT_EQ(smallest, 4u);  // others stand at a local minimum: where a buffer lies is the heap's to say
}

// The reduced case, kept.
TEST(buffer_handed_out_twice, shows_in_four_operations) {
  [[maybe_unused]] const leaks_unheard unheard;
  const operations four = {{kind::append, 0, 1}, {kind::erase, 0, 0}, {kind::append, 1, 2}, {kind::append, 2, 3}};
  EXPECT_EQ(judge<tiny_map>(four), "");
  const std::string wrong = judge<wrong_map>(four);
  EXPECT_NE(wrong.find("key 1 shows something else"), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("buffers that overlap another one, of all: 1, 2"), std::string::npos) << wrong;
}

}  // namespace
