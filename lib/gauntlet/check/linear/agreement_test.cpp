// The checker and the brute force give the same verdict on random small histories, half of them wrong.
//
// Every second history is right by construction; the others are corrupted until the brute force calls them wrong, and
// every attempt is compared as well. What must not matter is varied: the order in which events stand, gaps between
// stamps, the width of keys. An ordinary run compares some tens of thousands;
//
//   GAUNTLET_HISTORIES=1000000 build/release/bin/check_tests --gtest_filter='agreement.*'
//
// compares a million. The numbers that were compared are printed.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/check/linear/brute_force.h>
#include <gauntlet/check/linear/checker.h>
#include <gauntlet/check/linear/random_history.h>

namespace gauntlet::check {
namespace {

std::size_t histories() {
  const char* const asked = std::getenv("GAUNTLET_HISTORIES");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 60000;
}

history_shape random_shape(random_source& random) {
  history_shape shape;
  shape.lanes = 2 + static_cast<unsigned>(random.below(3));
  shape.keys = 1 + random.below(4);
  shape.events = 3 + random.below(8);
  shape.mix = static_cast<point_mix>(random.below(4));
  if (random.chance(30)) shape.reach = random.chance(50) ? whole_maps::one : whole_maps::two;
  shape.with_contents = random.chance(25);
  return shape;
}

void shuffle_events(history& h, random_source& random) {
  for (std::size_t i = h.events.size(); i > 1; --i) std::swap(h.events[i - 1], h.events[random.below(i)]);
}

// Keeps the order of stamps, and nothing else about them.
void stretch_stamps(history& h, random_source& random) {
  const stamp factor = 1 + random.below(random.chance(50) ? 8 : 1'000'000'000'000);
  const stamp start = random.below(3) * random.below(1000);
  for (event& e : h.events) {
    e.called = start + e.called * factor + random.below(factor);
    if (!e.pending()) e.returned = start + e.returned * factor + random.below(factor);
  }
}

// Keys that differ in their high bits alone, or everywhere. Odd keys stay odd: erase_if asks.
void widen_keys(history& h, random_source& random) {
  const bool high_bits = random.chance(50);
  const std::uint64_t salt = (1 + random.below(1'000'000'000)) << 33;
  const auto widened = [high_bits, salt](std::uint64_t key) {
    return high_bits ? (key >> 1) * salt | (key & 1) : key * (salt + 0x9E3779B97F4A7C15ull);
  };
  for (auto& elements : h.initial) {
    for (element& e : elements) e.first = widened(e.first);
  }
  for (event& e : h.events) {
    e.asked.key = widened(e.asked.key);
    for (element& shown : e.shown) shown.first = widened(shown.first);
  }
}

judgement compare(const history& h) {
  const judgement truth = brute_force(h, {});
  const history_verdict verdict = check_history(h);
  EXPECT_TRUE(verdict.well_formed && ill_formed(h).empty()) << verdict.text;
  EXPECT_TRUE(verdict.exact);
  EXPECT_EQ(verdict.text.empty(), verdict.says == judgement::right);
  EXPECT_EQ(to_string(verdict.says), to_string(truth)) << print(history_file{truth, {}, {}, h}) << verdict.text;
  return truth;
}

TEST(agreement, of_checker_and_brute_force_on_random_histories_half_of_them_wrong) {
  ASSERT_GE(histories(), 2u) << "GAUNTLET_HISTORIES must be a number";
  random_source random(11);
  std::size_t right = 0, wrong = 0, still_right = 0;
  for (std::size_t i = 0; i < histories() && !HasFailure(); ++i) {
    const history_shape shape = random_shape(random);
    history h = random_history(random, shape);
    if (random.chance(25)) shuffle_events(h, random);
    if (random.chance(25)) stretch_stamps(h, random);
    const bool wide = random.chance(25);
    if (i % 2 == 0) {
      if (wide) widen_keys(h, random);
      ASSERT_EQ(compare(h), judgement::right) << "right by construction";
      ++right;
      continue;
    }
    while (true) {
      corrupt(h, random);
      history compared = h;
      if (wide) widen_keys(compared, random);
      if (compare(compared) == judgement::wrong) break;
      ++still_right;
      if (still_right % 64 == 0) h = random_history(random, shape);  // may hold nothing that can be wrong
    }
    ++wrong;
  }
  std::printf("compared: %zu right and %zu wrong histories, and %zu corrupted ones that were right still\n", right,
              wrong, still_right);
  EXPECT_EQ(right, (histories() + 1) / 2);
  EXPECT_EQ(wrong, histories() / 2);
}

// By what happens before what: on one key of one map the verdicts are the same. With several, or operations on whole maps, the
// brute force asks for one order of everything, which is more than is promised; what the checker calls wrong is wrong.
TEST(agreement, of_checker_and_brute_force_by_what_happens_before_what) {
  random_source random(14);
  const check_options options{.order = precedence::happens_before};
  std::size_t right = 0, wrong = 0, late = 0, exactly = 0, wrong_beyond_one_key = 0;
  for (std::size_t i = 0; i < histories() && !HasFailure(); ++i) {
    history_shape shape = random_shape(random);
    if (random.chance(50)) shape.keys = 1;
    history h = random_history(random, shape);
    if (random.chance(25)) shuffle_events(h, random);
    const bool one_place = shape.keys == 1 && shape.reach == whole_maps::none && !shape.with_contents;
    if (one_place) std::erase_if(h.events, [](const event& e) { return e.asked.target != 0; });
    if (h.events.empty()) continue;
    make_aware(h, random, static_cast<unsigned>(random.below(100)));
    for (std::uint64_t n = random.below(3); n > 0; --n) corrupt(h, random);
    if (std::any_of(h.events.begin(), h.events.end(), [](const event& e) { return e.pending(); })) continue;
    const judgement truth = brute_force(h, {}, precedence::happens_before);
    const history_verdict verdict = check_history(h, options);
    ASSERT_TRUE(verdict.well_formed) << verdict.text;
    if (one_place) {
      ++exactly;
      ASSERT_EQ(to_string(verdict.says), to_string(truth)) << print(history_file{truth, {}, {}, h}) << verdict.text;
    } else if (verdict.says == judgement::wrong) {
      ASSERT_EQ(to_string(truth), "wrong") << print(history_file{truth, {}, {}, h}) << verdict.text;
      ++wrong_beyond_one_key;
    }
    right += truth == judgement::right;
    wrong += truth == judgement::wrong;
    late += verdict.says == judgement::right && check_history(h).says == judgement::wrong;
  }
  std::printf("compared: %zu right, %zu wrong; %zu that the order of time calls wrong are right\n", right, wrong, late);
  EXPECT_GT(right, histories() / 4);
  EXPECT_GT(wrong, histories() / 10);
  EXPECT_GT(late, histories() / 100);
  EXPECT_GT(exactly, histories() / 20);
  EXPECT_GT(wrong_beyond_one_key, histories() / 100);
}

// Breaks one rule of well-formedness, perhaps.
void malform(history& h, random_source& random) {
  event& e = h.events[random.below(h.events.size())];
  const event& other = h.events[random.below(h.events.size())];
  switch (random.below(12)) {
    case 0:
      e.called = other.called;
      break;
    case 1:
      e.returned = other.called;
      break;
    case 2:
      e.where = other.where;
      break;
    case 3:
      e.where = static_cast<unsigned>(random.below(1'000'000));
      break;
    case 4:
      std::swap(e.called, e.returned);
      break;
    case 5:
      e.returned = never;
      break;
    case 6:
      e.called = never;
      break;
    case 7:
      e.asked.code = static_cast<opcode>(random.below(opcode_count));
      break;
    case 8:
      (random.chance(50) ? e.asked.target : e.asked.other) = static_cast<unsigned>(random.below(4));
      break;
    case 9:
      e.asked.argument = static_cast<unsigned>(random.below(300));
      break;
    case 10:
      e.answer.has_value = !e.answer.has_value;
      if (random.chance(50)) e.answer.status = outcome::unsupported;
      break;
    case 11:
      h.initial[random.below(history_map_count)].push_back({random.below(4), 1});
      break;
  }
}

// What is not well formed is told by a quick test that has no say of its own: it agrees with ill_formed, text and all.
TEST(agreement, of_checker_and_ill_formed_on_what_is_not_well_formed) {
  random_source random(12);
  std::size_t well = 0, ill = 0;
  for (unsigned i = 0; i < 30000; ++i) {
    history h = random_history(random, random_shape(random));
    if (random.chance(25)) shuffle_events(h, random);
    if (random.chance(25)) stretch_stamps(h, random);
    for (std::uint64_t n = random.below(3); n > 0; --n) malform(h, random);
    const std::string problem = ill_formed(h);
    const history_verdict verdict = check_history(h);
    ASSERT_EQ(verdict.well_formed, problem.empty()) << problem << print(history_file{{}, {}, {}, h}) << verdict.text;
    if (!problem.empty()) {
      ASSERT_EQ(verdict.text, "not a well-formed history: " + problem);
      ASSERT_EQ(verdict.says, judgement::undecided);
    }
    ++(problem.empty() ? well : ill);
  }
  EXPECT_GT(well, 5000u);
  EXPECT_GT(ill, 5000u);
}

// A verdict does not depend on whether it is explained.
TEST(agreement, of_verdicts_with_and_without_a_witness) {
  random_source random(15);
  std::size_t wrong = 0, by_happens_before = 0;
  for (unsigned i = 0; i < 4000; ++i) {
    history h = random_history(random, random_shape(random));
    if (random.chance(70)) corrupt(h, random);
    check_options options;
    if (random.chance(50)) {
      options.order = precedence::happens_before;
      make_aware(h, random, 50);
    }
    const history_verdict told = check_history(h, options);
    options.explain = false;
    const history_verdict bare = check_history(h, options);
    ASSERT_EQ(bare.says, told.says);
    ASSERT_EQ(bare.used, told.used);
    ASSERT_EQ(bare.event, told.event);
    ASSERT_EQ(bare.configurations, told.configurations);
    ASSERT_EQ(bare.text, told.says == judgement::wrong ? "" : told.text);
    wrong += told.says == judgement::wrong;
    by_happens_before += told.says == judgement::wrong && told.used == method::by_happens_before;
  }
  EXPECT_GT(wrong, 1000u);
  EXPECT_GT(by_happens_before, 300u);
}

// A history's verdict is its own: not that of what was judged before it with the same memory.
TEST(agreement, of_verdicts_whatever_was_judged_before) {
  random_source random(13);
  std::vector<std::pair<history, history_verdict>> judged;
  for (unsigned i = 0; i < 200; ++i) {
    history_shape shape = random_shape(random);
    if (i % 10 == 0) shape = {.lanes = 5, .keys = 300, .events = 3000};
    history h = random_history(random, shape);
    if (random.chance(50)) corrupt(h, random);
    if (random.chance(10)) malform(h, random);
    if (random.chance(20)) stretch_stamps(h, random);
    history_verdict verdict = check_history(h);
    judged.emplace_back(std::move(h), std::move(verdict));
  }
  for (unsigned i = 0; i < 2000; ++i) {
    const auto& [h, before] = judged[random.below(judged.size())];
    const history_verdict now = check_history(h);
    ASSERT_EQ(now.says, before.says);
    ASSERT_EQ(now.text, before.text);
    ASSERT_EQ(now.event, before.event);
    ASSERT_EQ(now.configurations, before.configurations);
  }
}

}  // namespace
}  // namespace gauntlet::check
