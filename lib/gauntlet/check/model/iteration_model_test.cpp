// The iteration model, judged by brute force: every sequence of up to six events over two keys.
//
// An event is something that happens to the map (insert or erase a key) or something that a walk shows (a key). The
// brute force knows no births: it reads the promises off the sequence itself, by looking at each visit and each
// element's whole life.
#include <gauntlet/check/model/iteration_model.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gauntlet::check {
namespace {

enum class event : unsigned char { insert_1, insert_2, erase_1, erase_2, show_1, show_2 };
constexpr unsigned event_count = 6;

struct story {
  bool present[2];            // before the walk starts
  std::vector<event> events;  // during the walk
};

unsigned key_of(event e) { return static_cast<unsigned>(e) % 2; }
bool is_insert(event e) { return e <= event::insert_2; }
bool is_erase(event e) { return e == event::erase_1 || e == event::erase_2; }
bool is_show(event e) { return e >= event::show_1; }

bool present_before(const story& s, std::size_t at, unsigned key) {
  bool there = s.present[key];
  for (std::size_t i = 0; i < at; ++i) {
    if (key_of(s.events[i]) == key && !is_show(s.events[i])) {
      there = is_insert(s.events[i]);
    }
  }
  return there;
}

// Was an insertion or erasure of the key, which changed something, among the events [from, to)?
bool lived_through(const story& s, std::size_t from, std::size_t to, unsigned key) {
  for (std::size_t i = from; i < to; ++i) {
    if (key_of(s.events[i]) == key && is_erase(s.events[i])) {
      return false;
    }
  }
  return present_before(s, from, key);
}

// 0 when every promise is kept, otherwise the number of the first one that is not.
unsigned by_brute_force(const story& s) {
  for (std::size_t at = 0; at < s.events.size(); ++at) {
    if (!is_show(s.events[at])) {
      continue;
    }
    const unsigned key = key_of(s.events[at]);
    if (!present_before(s, at, key)) {
      return 2;
    }
    for (std::size_t earlier = 0; earlier < at; ++earlier) {
      if (s.events[earlier] == s.events[at] && lived_through(s, earlier, at, key)) {
        return lived_through(s, 0, at, key) ? 1 : 3;
      }
    }
  }
  for (unsigned key = 0; key < 2; ++key) {
    bool shown = false;
    for (const event e : s.events) {
      shown = shown || (is_show(e) && key_of(e) == key);
    }
    if (lived_through(s, 0, s.events.size(), key) && !shown) {
      return 1;
    }
  }
  return 0;
}

unsigned by_model(const story& s) {
  model_map m;
  std::uint64_t births = 0;
  for (unsigned key = 0; key < 2; ++key) {
    if (s.present[key]) {
      m.insert(key, 10 + key, births++);
    }
  }
  iteration_model walk;
  walk.start(births);
  for (const event e : s.events) {
    const unsigned key = key_of(e);
    if (is_insert(e)) {
      m.insert(key, 10 + key, births++);
    } else if (is_erase(e)) {
      m.erase(key);
    } else if (const unsigned promise = walk.visit(m, key, 10 + key)) {
      return promise;
    }
  }
  return walk.missed(m) != nullptr ? 1 : 0;
}

std::string text_of(const story& s) {
  std::string text = std::string("start:") + (s.present[0] ? " 1" : "") + (s.present[1] ? " 2" : "") + ";";
  for (const event e : s.events) {
    text += std::string(is_insert(e) ? " insert " : is_erase(e) ? " erase " : " show ") + std::to_string(key_of(e) + 1);
  }
  return text;
}

TEST(iteration_model, agrees_with_brute_force_over_every_sequence_of_six_events) {
  std::uint64_t stories = 0;
  std::uint64_t verdicts[6] = {};
  for (unsigned start = 0; start < 4; ++start) {
    for (unsigned length = 0; length <= 6; ++length) {
      std::uint64_t many = 1;
      for (unsigned i = 0; i < length; ++i) {
        many *= event_count;
      }
      for (std::uint64_t code = 0; code < many; ++code) {
        story s{{(start & 1) != 0, (start & 2) != 0}, {}};
        for (std::uint64_t rest = code, i = 0; i < length; ++i, rest /= event_count) {
          s.events.push_back(static_cast<event>(rest % event_count));
        }
        const unsigned expected = by_brute_force(s);
        ASSERT_EQ(by_model(s), expected) << text_of(s);
        ++verdicts[expected];
        ++stories;
      }
    }
  }
  EXPECT_EQ(stories, 4u * 55987u);
  for (const unsigned promise : {0u, 1u, 2u, 3u}) {
    EXPECT_GT(verdicts[promise], 1000u) << "the enumeration hardly reaches promise " << promise;
  }
}

TEST(iteration_model, notices_a_value_that_is_not_current) {
  model_map m;
  m.insert(1, 5, 0);
  iteration_model walk;
  walk.start(1);
  m.update(1, 6);
  EXPECT_EQ(walk.visit(m, 1, 5), 5u);
  EXPECT_EQ(walk.visit(m, 1, 6), 0u);
  EXPECT_EQ(walk.order(), std::vector<std::uint64_t>{1});
}

TEST(iteration_model, keeps_nested_walks_apart) {
  model_map m;
  m.insert(1, 5, 0);
  m.insert(2, 6, 1);
  iteration_model outer;
  outer.start(2);
  EXPECT_EQ(outer.visit(m, 1, 5), 0u);
  iteration_model inner;
  inner.start(2);
  EXPECT_EQ(inner.visit(m, 2, 6), 0u);
  EXPECT_EQ(inner.visit(m, 1, 5), 0u);
  EXPECT_EQ(inner.missed(m), nullptr);
  ASSERT_NE(outer.missed(m), nullptr);
  EXPECT_EQ(outer.missed(m)->key, 2u);
  EXPECT_EQ(outer.visit(m, 2, 6), 0u);
  EXPECT_EQ(outer.visit(m, 2, 6), 1u);
}

}  // namespace
}  // namespace gauntlet::check
