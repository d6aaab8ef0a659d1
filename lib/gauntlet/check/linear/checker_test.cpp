// The checker against its judge: completely in small worlds, at random in larger ones; and each kind of corrupted
// answer in a right history. The ladder: two ordered maps, brute force over every order, the checker.
#include <gauntlet/check/linear/checker.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/linear/brute_force.h>
#include <gauntlet/check/linear/random_history.h>

namespace gauntlet::check {
namespace {

// ------------------------------------------------------------------------------------------------------ small worlds

event asked(opcode code, std::uint64_t key = 0, std::uint64_t value = 0) {
  event e;
  e.asked.code = code;
  e.asked.other = reach_of(code) == reach::two_maps ? 1 : 0;
  e.asked.key = key;
  e.asked.value = value;
  return e;
}
event says(event e, bool flag) {
  e.answer.flag = flag;
  return e;
}
event sees(event e, std::uint64_t value) {
  e.answer.flag = e.answer.has_value = true;
  e.answer.value = value;
  return e;
}
event counts(event e, std::uint64_t number) {
  e.answer.number = number;
  e.answer.flag = e.asked.code == opcode::size && number == 0;
  return e;
}
event shows(event e, std::vector<element> elements) {
  e.shown = std::move(elements);
  return e;
}
event on_map_1(event e) {
  e.asked.target = 1;
  e.asked.other = 0;
  return e;
}

// All ways in which `count` intervals can lie to each other: sequences of calls (in order of the events) and returns.
// Each event has the lane that was free first, so a lane never does two things at once.
void for_each_overlap(std::size_t count, unsigned lanes_max,
                      const std::function<void(const std::vector<event>&)>& use) {
  std::vector<event> shape(count);
  const std::function<void(std::size_t, stamp)> go = [&](std::size_t called, stamp now) {
    std::set<unsigned> busy;
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < called; ++i) {
      if (!shape[i].pending()) continue;
      open.push_back(i);
      busy.insert(shape[i].where);
    }
    if (called == count && open.empty()) return use(shape);
    if (called < count && open.size() < lanes_max) {
      unsigned lane = 1;
      while (busy.count(lane) != 0) ++lane;
      shape[called].where = lane;
      shape[called].called = now;
      go(called + 1, now + 1);
    }
    for (const std::size_t i : open) {
      shape[i].returned = now;
      go(called, now + 1);
      shape[i].returned = never;
    }
  };
  go(0, 1);
}

struct tally {
  std::uint64_t right = 0, wrong = 0;
};

// Every history of `count` events from the alphabet, in every overlap, must get the brute force's verdict.
// `exact`: also when the checker says right (it may be too kind only where it says that it is).
tally judge_world(const std::vector<event>& alphabet, std::size_t count, const contract_table& contracts,
                  bool exact = true, unsigned lanes_max = 3, bool with_pending = false) {
  tally seen;
  check_options options;
  options.contracts = contracts;
  options.explain = false;
  for_each_overlap(count, lanes_max, [&](const std::vector<event>& shape) {
    if (testing::Test::HasFailure()) return;
    std::vector<std::size_t> word(count, 0);
    while (true) {
      history h;
      for (std::size_t i = 0; i < count; ++i) {
        event e = alphabet[word[i]];
        e.where = shape[i].where;
        e.called = shape[i].called;
        e.returned = shape[i].returned;
        h.events.push_back(std::move(e));
      }
      if (with_pending) {  // the event that returns last never does
        std::max_element(h.events.begin(), h.events.end(), [](const event& a, const event& b) {
          return a.returned < b.returned;
        })->returned = never;
      }
      const judgement truth = brute_force(h, contracts);
      const history_verdict verdict = check_history(h, options);
      ++(truth == judgement::right ? seen.right : seen.wrong);
      const bool agree = verdict.says == truth || (!exact && !verdict.exact && verdict.says == judgement::right);
      if (!agree || !verdict.well_formed) {
        options.explain = true;
        ADD_FAILURE() << "the checker says " << to_string(verdict.says) << " (" << to_string(verdict.used) << ")\n"
                      << print(history_file{truth, contracts, {}, h}) << check_history(h, options).text;
        return;
      }
      std::size_t i = 0;
      while (i < count && ++word[i] == alphabet.size()) word[i++] = 0;
      if (i == count) return;
    }
  });
  return seen;
}

contract_table all(contract c) {
  contract_table table;
  table.of.fill(c);
  for (const opcode point : {opcode::find, opcode::contains, opcode::insert_copy, opcode::try_emplace,
                             opcode::insert_or_assign, opcode::erase_key, opcode::extract_key, opcode::compare_exchange,
                             opcode::fetch_update, opcode::update, opcode::upsert, opcode::compare_erase}) {
    table[point] = contract::linearizable;
  }
  return table;
}

std::vector<event> every_answer_on_one_key() {
  std::vector<event> alphabet;
  for (const bool flag : {false, true}) {
    for (const opcode code : {opcode::contains, opcode::erase_key}) alphabet.push_back(says(asked(code), flag));
    for (const std::uint64_t value : {1u, 2u}) {
      for (const opcode code :
           {opcode::insert_copy, opcode::insert_or_assign, opcode::compare_exchange, opcode::update}) {
        alphabet.push_back(says(asked(code, 0, value), flag));
      }
    }
  }
  for (const opcode code : {opcode::find, opcode::extract_key}) {
    alphabet.push_back(says(asked(code), false));
    for (const std::uint64_t value : {1u, 2u}) alphabet.push_back(sees(asked(code), value));
  }
  alphabet.push_back(says(asked(opcode::fetch_update, 0, 1), false));
  alphabet.push_back(sees(asked(opcode::fetch_update, 0, 1), 1));
  event seeing = sees(asked(opcode::try_emplace, 0, 1), 2);
  seeing.answer.flag = false;
  alphabet.push_back(seeing);
  for (const bool inserted : {false, true}) {
    event adding = sees(asked(opcode::upsert, 0, 1), inserted ? 1 : 2);
    adding.answer.flag = inserted;
    alphabet.push_back(adding);
    alphabet.push_back(says(asked(opcode::compare_erase, 0, 2), inserted));
  }
  return alphabet;
}

void expect_both(const tally& seen) {
  EXPECT_GT(seen.right, 0u);
  EXPECT_GT(seen.wrong, 0u);
}

TEST(checker, agrees_with_brute_force_on_three_events_of_one_key_with_every_answer) {
  const tally seen = judge_world(every_answer_on_one_key(), 3, {});
  EXPECT_GT(seen.right + seen.wrong, 300000u);
  expect_both(seen);
}

TEST(checker, agrees_with_brute_force_when_an_event_never_returns) {
  expect_both(judge_world(every_answer_on_one_key(), 2, {}, true, 3, true));
  expect_both(judge_world(
      {sees(asked(opcode::find), 1), says(asked(opcode::find), false), says(asked(opcode::insert_copy, 0, 1), true),
       says(asked(opcode::erase_key), true), sees(asked(opcode::fetch_update, 0, 1), 1)},
      4, {}, true, 3, true));
}

TEST(checker, agrees_with_brute_force_on_four_and_five_events_of_one_key) {
  expect_both(
      judge_world({says(asked(opcode::insert_copy, 0, 1), true), says(asked(opcode::insert_copy, 0, 2), false),
                   says(asked(opcode::insert_or_assign, 0, 2), false), says(asked(opcode::erase_key), true),
                   sees(asked(opcode::find), 1), sees(asked(opcode::find), 2), says(asked(opcode::find), false)},
                  4, {}));
  expect_both(judge_world({says(asked(opcode::insert_copy, 0, 1), true), says(asked(opcode::erase_key), true),
                           sees(asked(opcode::find), 1), says(asked(opcode::find), false)},
                          5, {}));
}

std::vector<event> whole_map_alphabet() {
  std::vector<event> alphabet = {
      says(asked(opcode::insert_copy, 0, 1), true), says(asked(opcode::insert_copy, 1, 2), true),
      says(asked(opcode::erase_key, 0), true),      sees(asked(opcode::find, 1), 2),
      says(asked(opcode::find, 1), false),          asked(opcode::clear),
  };
  for (const std::uint64_t number : {0u, 1u, 2u}) alphabet.push_back(counts(asked(opcode::size), number));
  for (const opcode code : {opcode::walk, opcode::snapshot}) {
    alphabet.push_back(asked(code));
    alphabet.push_back(shows(asked(code), {{0, 1}}));
    alphabet.push_back(shows(asked(code), {{1, 2}}));
    alphabet.push_back(shows(asked(code), {{0, 1}, {1, 2}}));
  }
  for (const std::uint64_t number : {0u, 1u, 2u}) {
    event e = counts(asked(opcode::erase_if), number);
    e.asked.argument = 3;
    alphabet.push_back(e);
  }
  return alphabet;
}

TEST(checker, agrees_with_brute_force_on_linearizable_operations_on_the_whole_map) {
  expect_both(judge_world(whole_map_alphabet(), 3, all(contract::linearizable)));
  expect_both(judge_world({says(asked(opcode::insert_copy, 0, 1), true), says(asked(opcode::insert_copy, 1, 2), true),
                           asked(opcode::clear), shows(asked(opcode::snapshot), {{0, 1}}),
                           shows(asked(opcode::snapshot), {{1, 2}}), counts(asked(opcode::size), 2)},
                          4, all(contract::linearizable)));
}

// Two weak counts at once are each bounded, not weighed against each other: there the checker may be too kind.
TEST(checker, agrees_with_brute_force_on_weak_operations_on_the_whole_map) {
  expect_both(judge_world(whole_map_alphabet(), 3, all(contract::weak), false));
  std::vector<event> without_counts;
  for (const event& e : whole_map_alphabet()) {
    if (e.asked.code != opcode::size && e.asked.code != opcode::erase_if) without_counts.push_back(e);
  }
  expect_both(judge_world(without_counts, 3, all(contract::weak)));
}

TEST(checker, agrees_with_brute_force_on_quiescent_operations) {
  expect_both(judge_world(whole_map_alphabet(), 2, all(contract::quiescent)));
}

TEST(checker, agrees_with_brute_force_on_operations_on_two_maps) {
  const std::vector<event> alphabet = {says(asked(opcode::insert_copy, 0, 1), true),
                                       on_map_1(says(asked(opcode::insert_copy, 0, 1), true)),
                                       says(asked(opcode::insert_copy, 1, 2), true),
                                       sees(asked(opcode::find, 0), 1),
                                       on_map_1(says(asked(opcode::find, 0), false)),
                                       says(asked(opcode::equal), true),
                                       says(asked(opcode::equal), false),
                                       asked(opcode::swap),
                                       asked(opcode::copy_assign),
                                       asked(opcode::merge),
                                       shows(on_map_1(asked(opcode::snapshot)), {{0, 1}})};
  expect_both(judge_world(alphabet, 3, all(contract::linearizable)));
  expect_both(judge_world(alphabet, 2, all(contract::weak)));
}

// ---------------------------------------------------------------------------------------------------- random histories

// `too_kind_max`: how often the checker may say right where the brute force says wrong.
void judge_random(std::size_t histories, std::size_t events, whole_maps reach, const contract_table& given,
                  double too_kind_max, std::uint64_t rng_seed, bool mixed = false) {
  random_source random(rng_seed);
  contract_table contracts = given;
  check_options options;
  std::size_t right = 0, wrong = 0, too_kind = 0, undecided = 0;
  for (std::size_t i = 0; i < histories; ++i) {
    history h = random_history(random, {.lanes = 2 + static_cast<unsigned>(random.below(3)),
                                        .keys = 1 + random.below(3),
                                        .events = events,
                                        .reach = reach});
    const bool corrupted = random.chance(60);
    if (corrupted) corrupt(h, random);
    if (mixed) {
      for (const event& e : h.events) {
        if (reach_of(e.asked.code) != reach::one_key) {
          contracts[e.asked.code] = static_cast<contract>(random.below(3));
        }
      }
    }
    options.contracts = contracts;
    const judgement truth = brute_force(h, contracts);
    const history_verdict verdict = check_history(h, options);
    ASSERT_TRUE(verdict.well_formed) << verdict.text;
    ASSERT_TRUE(corrupted || truth != judgement::wrong) << print(history_file{truth, contracts, {}, h});
    undecided += truth == judgement::undecided;
    if (truth == judgement::wrong && verdict.says == judgement::right && !verdict.exact) {
      ++too_kind;
      if (too_kind_max == 0) ADD_FAILURE() << print(history_file{truth, contracts, {}, h});
    } else {
      ASSERT_EQ(verdict.says, truth) << print(history_file{truth, contracts, {}, h}) << verdict.text;
    }
    ASSERT_EQ(verdict.says == judgement::right, verdict.text.empty()) << verdict.text;
    ++(truth == judgement::right ? right : wrong);
  }
  EXPECT_EQ(undecided != 0, mixed);
  EXPECT_GT(right, histories / 4);
  EXPECT_GT(wrong, histories / 8);
  EXPECT_LE(static_cast<double>(too_kind), too_kind_max * static_cast<double>(wrong));
}

TEST(checker, agrees_with_brute_force_on_random_histories_of_single_keys) {
  judge_random(60000, 7, whole_maps::none, {}, 0, 1);
}

TEST(checker, agrees_with_brute_force_on_random_histories_with_linearizable_operations_on_whole_maps) {
  judge_random(30000, 7, whole_maps::two, all(contract::linearizable), 0, 2);
}

TEST(checker, accuses_no_right_random_history_with_weak_operations_on_the_whole_map) {
  judge_random(10000, 5, whole_maps::one, all(contract::weak), 0.02, 3);
}

TEST(checker, agrees_with_brute_force_on_random_histories_with_contracts_of_all_kinds) {
  judge_random(10000, 5, whole_maps::two, {}, 0.05, 7, true);
}

TEST(checker, is_never_stricter_by_projection_than_over_whole_map_states) {
  random_source random(4);
  std::size_t caught = 0, missed = 0;
  check_options exact, projecting;
  projecting.whole_map_events_max = 0;
  for (std::size_t i = 0; i < 5000; ++i) {
    history h = random_history(random, {.lanes = 4, .keys = 3, .events = 10, .reach = whole_maps::two});
    if (random.chance(50)) corrupt(h, random);
    const history_verdict truth = check_history(h, exact), verdict = check_history(h, projecting);
    if (truth.says == judgement::right) {
      ASSERT_EQ(verdict.says, judgement::right) << verdict.text;
    }
    if (truth.says == judgement::wrong) ++(verdict.says == judgement::wrong ? caught : missed);
    EXPECT_NE(verdict.used, method::whole_map);
  }
  EXPECT_GT(caught, 5 * missed);
}

// ---------------------------------------------------------------------------------------------- long ones, and the
// rest

TEST(checker, explains_long_right_histories_and_catches_one_wrong_answer_in_them) {
  random_source random(5);
  for (const std::uint64_t keys : {1u, 16u, 1000u}) {
    history h = random_history(random, {.lanes = 8, .keys = keys, .events = 20000});
    const history_verdict verdict = check_history(h);
    EXPECT_EQ(verdict.says, judgement::right) << verdict.text;
    EXPECT_EQ(verdict.used, method::per_key);
    for (std::size_t i = 15000;; ++i) {
      event& e = h.events[i];
      if (e.asked.code != opcode::find || !e.answer.flag) continue;
      e.answer.value = 1000000;
      break;
    }
    EXPECT_EQ(check_history(h).says, judgement::wrong);
  }
}

TEST(checker, is_undecided_when_the_budget_runs_out) {
  random_source random(6);
  check_options options;
  options.budget = 100;
  const history_verdict verdict =
      check_history(random_history(random, {.lanes = 8, .keys = 1, .events = 500}), options);
  EXPECT_EQ(verdict.says, judgement::undecided);
  EXPECT_NE(verdict.text.find("budget"), std::string::npos);
}

TEST(checker, judges_no_history_that_is_not_well_formed) {
  history h;
  h.events.push_back(says(asked(opcode::contains), false));
  h.events.push_back(says(asked(opcode::contains), false));
  for (event& e : h.events) e.where = 1, e.called = 1, e.returned = 4;
  EXPECT_FALSE(check_history(h).well_formed) << "stamps used twice";
  h.events[1].called = 2, h.events[1].returned = 3;
  EXPECT_FALSE(check_history(h).well_formed) << "one lane does two things at once";
  h.events[1].called = 5, h.events[1].returned = 5;
  EXPECT_FALSE(check_history(h).well_formed) << "returns when it is called";
  h.events[1].returned = 6;
  EXPECT_TRUE(check_history(h).well_formed);
  h.events[0].asked.code = opcode::reserve;
  EXPECT_FALSE(check_history(h).well_formed) << "not an operation of a history";
}

TEST(checker, says_which_contract_broke_and_shows_a_witness) {
  history h;
  h.initial[0] = {{7, 1}, {8, 2}};
  event walk = shows(asked(opcode::walk), {{7, 1}});
  walk.where = 1, walk.called = 1, walk.returned = 2;
  h.events = {walk};
  check_options options;
  EXPECT_EQ(check_history(h, options).broken, contract::linearizable);
  options.contracts[opcode::walk] = contract::weak;
  const history_verdict verdict = check_history(h, options);
  EXPECT_EQ(verdict.says, judgement::wrong);
  EXPECT_EQ(verdict.broken, contract::weak);
  EXPECT_EQ(verdict.text,
            "key 8: no order explains the answer of\n"
            "  1 1 2 walk 0 = shown 7:1\n"
            "the longest prefix that can be explained (lane, call, return, operation = answer):\n"
            "possible at that moment:\n"
            "  value 2\n");
}

// Each of two threads stores into one map and misses what the other one has stored in the other map: as with two keys.
TEST(checker_by_what_happens_before_what, does_not_ask_two_maps_to_agree) {
  history h;
  const auto add = [&h](event e, unsigned lane) {
    e.where = lane;
    e.called = 2 * h.events.size() + 1;
    e.returned = e.called + 1;
    h.events.push_back(std::move(e));
  };
  add(says(asked(opcode::try_emplace, 5, 1), true), 1);
  add(on_map_1(says(asked(opcode::try_emplace, 5, 1), true)), 2);
  add(says(asked(opcode::find, 5), false), 2);
  add(on_map_1(says(asked(opcode::find, 5), false)), 1);
  random_source random(1);
  make_aware(h, random, 0);
  EXPECT_EQ(to_string(check_history(h).says), "wrong");
  EXPECT_EQ(to_string(check_history(h, {.order = precedence::happens_before}).says), "right");
  make_aware(h, random, 100);
  EXPECT_EQ(to_string(check_history(h, {.order = precedence::happens_before}).says), "wrong")
      << "who has heard of the store may not miss it";
}

}  // namespace
}  // namespace gauntlet::check
