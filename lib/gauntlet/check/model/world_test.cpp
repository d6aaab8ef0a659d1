// The model, judged by something simpler, in a small world enumerated completely.
//
//   map under test  <-  model (ordered vector, births)  <-  this file: the history itself
//
// The simpler thing keeps no state at all: it answers every question by reading the list of what was asked so far,
// backwards, until it meets the operation that decides. Every program of up to four operations over two keys, two
// values and two maps from a vocabulary of twelve operations is tried.
#include <gauntlet/check/model/world.h>

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gauntlet::check {
namespace {

using history = std::vector<request>;

// The value of `key` in map `target` after the first `length` operations of the history: by reading backwards.
std::optional<std::uint64_t> value_in(const history& h, std::size_t length, unsigned target, std::uint64_t key) {
  if (length == 0) {
    return std::nullopt;
  }
  const request& r = h[length - 1];
  const auto before = [&](unsigned map) { return value_in(h, length - 1, map, key); };
  const bool here = r.target == target;
  const bool there = r.other == target;
  switch (r.code) {
    case opcode::insert_copy:
      return here && r.key == key && !before(target) ? std::optional(r.value) : before(target);
    case opcode::insert_or_assign:
      return here && r.key == key ? std::optional(r.value) : before(target);
    case opcode::update:
      return here && r.key == key && before(target) ? std::optional(r.value) : before(target);
    case opcode::subscript_read:
      return here && r.key == key && !before(target) ? std::optional<std::uint64_t>(0) : before(target);
    case opcode::erase_key:
      return here && r.key == key ? std::nullopt : before(target);
    case opcode::erase_if:
      return here && before(target) && predicate_holds(r, key, *before(target)) ? std::nullopt : before(target);
    case opcode::clear:
      return here ? std::nullopt : before(target);
    case opcode::copy_assign:
      return here ? before(r.other) : before(target);
    case opcode::move_assign:
      return here ? before(r.other) : there ? std::nullopt : before(target);
    case opcode::swap:
      return here ? before(r.other) : there ? before(r.target) : before(target);
    case opcode::merge:
      if (here) {
        return before(target) ? before(target) : before(r.other);
      }
      return there && !before(r.target) ? std::nullopt : before(target);
    default:
      return before(target);
  }
}

std::vector<request> vocabulary() {
  std::vector<request> words;
  for (const std::uint64_t key : {std::uint64_t{1}, std::uint64_t{2}}) {
    for (const std::uint64_t value : {std::uint64_t{5}, std::uint64_t{6}}) {
      words.push_back({.code = opcode::insert_copy, .key = key, .value = value});
      words.push_back({.code = opcode::insert_or_assign, .key = key, .value = value});
    }
    words.push_back({.code = opcode::update, .key = key, .value = 6});
    words.push_back({.code = opcode::erase_key, .key = key});
    words.push_back({.code = opcode::subscript_read, .target = 1, .other = 1, .key = key});
  }
  words.push_back({.code = opcode::erase_if, .argument = 0});
  words.push_back({.code = opcode::clear});
  for (const opcode code : {opcode::copy_assign, opcode::move_assign, opcode::swap, opcode::merge}) {
    words.push_back({.code = code, .target = 0, .other = 1});
    words.push_back({.code = code, .target = 1, .other = 0});
  }
  return words;
}

std::string text_of(const history& h) {
  std::string text;
  for (const request& r : h) {
    text += std::string(info(r.code).name) + " " + std::to_string(r.target) + " " + std::to_string(r.other) + " key " +
            std::to_string(r.key) + " value " + std::to_string(r.value) + "\n";
  }
  return text;
}

// What the history says the last operation gave.
result answer_of(const history& h) {
  const std::size_t last = h.size() - 1;
  const request& r = h[last];
  const auto size = [&](std::size_t length, unsigned map) {
    return std::uint64_t{value_in(h, length, map, 1).has_value()} + value_in(h, length, map, 2).has_value();
  };
  const std::optional<std::uint64_t> was = value_in(h, last, r.target, r.key);
  const std::optional<std::uint64_t> is = value_in(h, last + 1, r.target, r.key);
  switch (r.code) {
    case opcode::insert_copy:
    case opcode::insert_or_assign:
      return {.flag = !was, .has_value = true, .value = *is};
    case opcode::update:
      return was ? result{.flag = true, .has_value = true, .value = r.value} : result{};
    case opcode::subscript_read:
      return {.has_value = true, .value = *is, .number = size(last + 1, r.target)};
    case opcode::erase_key:
      return {.number = was ? 1u : 0u};
    case opcode::erase_if:
      return {.number = size(last, r.target) - size(last + 1, r.target)};
    case opcode::clear:
      return {};
    default:
      return {.value = size(last + 1, r.other), .number = size(last + 1, r.target)};
  }
}

void agree(const world& w, const history& h) {
  for (unsigned map = 0; map < 2; ++map) {
    std::size_t size = 0;
    for (const std::uint64_t key : {std::uint64_t{1}, std::uint64_t{2}}) {
      const std::optional<std::uint64_t> told = value_in(h, h.size(), map, key);
      const entry* const found = w.maps[map].find(key);
      ASSERT_EQ(found != nullptr, told.has_value()) << "map " << map << " key " << key << " after\n" << text_of(h);
      if (told) {
        ASSERT_EQ(found->value, *told) << "map " << map << " key " << key << " after\n" << text_of(h);
        ++size;
      }
    }
    ASSERT_EQ(w.maps[map].size(), size) << text_of(h);
  }
}

std::uint64_t explore(const world& w, history& h, unsigned depth) {
  static const std::vector<request> words = vocabulary();
  if (depth == 0 || ::testing::Test::HasFatalFailure()) {
    return 1;
  }
  std::uint64_t programs = 0;
  for (const request& word : words) {
    world next = w;
    const result got = step(next, word, {});
    h.push_back(word);
    EXPECT_EQ(got, answer_of(h)) << to_string(got) << " against " << to_string(answer_of(h)) << "\n" << text_of(h);
    agree(next, h);
    programs += explore(next, h, depth - 1);
    h.pop_back();
    if (::testing::Test::HasFailure()) {
      break;
    }
  }
  return programs;
}

TEST(model, agrees_with_the_history_in_every_program_of_four_operations) {
  history h;
  const std::uint64_t programs = explore({}, h, 4);
  EXPECT_EQ(programs, 331776u) << "24 words, four deep";
}

TEST(model, keeps_its_entries_in_ascending_order_and_its_births_apart) {
  world w;
  for (const std::uint64_t key : {7u, 3u, 9u, 3u, 1u}) {
    step(w, {.code = opcode::insert_copy, .key = key, .value = key}, {});
  }
  ASSERT_EQ(w.maps[0].size(), 4u);
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_LT(w.maps[0][i - 1].key, w.maps[0][i].key);
  }
  const std::uint64_t born = w.maps[0].find(3)->birth;
  step(w, {.code = opcode::erase_key, .key = 3}, {});
  step(w, {.code = opcode::insert_copy, .key = 3, .value = 3}, {});
  EXPECT_NE(w.maps[0].find(3)->birth, born);
}

TEST(model, holds_a_node_between_operations_and_keeps_it_when_it_cannot_be_inserted) {
  world w;
  step(w, {.code = opcode::insert_copy, .key = 3, .value = 30}, {});
  const result out = step(w, {.code = opcode::extract_key, .key = 3}, {});
  EXPECT_EQ(out, (result{.flag = true, .has_value = true, .value = 30, .number = 3}));
  step(w, {.code = opcode::insert_copy, .key = 3, .value = 31}, {});
  EXPECT_EQ(step(w, {.code = opcode::insert_node}, {}),
            (result{.flag = false, .has_value = true, .value = 31, .number = 1}));
  step(w, {.code = opcode::erase_key, .key = 3}, {});
  EXPECT_EQ(step(w, {.code = opcode::insert_node}, {}), (result{.flag = true, .has_value = true, .value = 30}));
  EXPECT_FALSE(w.node.has_value());
}

// Keys 9 and 1, in this order, in map 1; key 5 in map 0.
world with_younger_smaller_keys(const model_rules& rules) {
  world w;
  step(w, {.code = opcode::insert_copy, .target = 1, .key = 9, .value = 90}, rules);
  step(w, {.code = opcode::insert_copy, .target = 1, .key = 1, .value = 10}, rules);
  step(w, {.code = opcode::insert_copy, .target = 0, .key = 5, .value = 50}, rules);
  return w;
}

TEST(order_of_births, is_kept_by_copies_moves_and_merges_where_the_map_keeps_it) {
  const model_rules rules{.keeps_insertion_order = true};
  for (const opcode code : {opcode::copy_construct, opcode::copy_assign, opcode::move_construct, opcode::move_assign}) {
    world w = with_younger_smaller_keys(rules);
    step(w, {.code = code, .target = 0, .other = 1}, rules);
    EXPECT_LT(w.maps[0].find(9)->birth, w.maps[0].find(1)->birth) << info(code).name;
  }
  world w = with_younger_smaller_keys(rules);
  step(w, {.code = opcode::insert_copy, .target = 1, .key = 5, .value = 51}, rules);
  step(w, {.code = opcode::merge, .target = 0, .other = 1}, rules);
  EXPECT_LT(w.maps[0].find(5)->birth, w.maps[0].find(9)->birth);
  EXPECT_LT(w.maps[0].find(9)->birth, w.maps[0].find(1)->birth);
  ASSERT_EQ(w.maps[1].size(), 1u);
  EXPECT_EQ(w.maps[1].find(5)->value, 51u);
}

TEST(order_of_births, stays_when_a_value_changes_and_is_the_last_after_another_insertion) {
  const model_rules rules{.keeps_insertion_order = true};
  world w = with_younger_smaller_keys(rules);
  step(w, {.code = opcode::insert_or_assign, .target = 1, .key = 9, .value = 91}, rules);
  EXPECT_LT(w.maps[1].find(9)->birth, w.maps[1].find(1)->birth);
  step(w, {.code = opcode::erase_key, .target = 1, .key = 9}, rules);
  step(w, {.code = opcode::insert_copy, .target = 1, .key = 9, .value = 92}, rules);
  EXPECT_GT(w.maps[1].find(9)->birth, w.maps[1].find(1)->birth);
}

}  // namespace
}  // namespace gauntlet::check
