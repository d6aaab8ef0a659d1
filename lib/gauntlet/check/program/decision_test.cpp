// Decisions travel with their program: both forms keep them, the mutator reaches and the reducer drops them.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include <gauntlet/check/fuzzing/mutate.h>
#include <gauntlet/check/program/codec.h>
#include <gauntlet/check/program/text.h>
#include <gauntlet/check/reduce/reduce.h>

namespace gauntlet::check {
namespace {

constexpr std::string_view of_two_threads =
    "gauntlet 1\n"
    "threads 2\n"
    "heap quarantine\n"
    "memory weak\n"
    "@1 insert_copy 0 hot 0 value 1\n"
    "@2 find 0 hot 0\n"
    "choice 3 run 2 of 3 before store\n"
    "choice 9 read 1 of 2\n"
    "choice 300 wake 4\n";

std::string error_of(std::string_view text) {
  auto result = parse(text);
  const auto* error = std::get_if<parse_error>(&result);
  return error == nullptr ? "no error" : std::to_string(error->line) + ": " + error->message;
}

TEST(decisions, both_forms_keep_them) {
  const auto read = parse(of_two_threads);
  ASSERT_TRUE(std::holds_alternative<program>(read)) << error_of(of_two_threads);
  const program& p = std::get<program>(read);
  ASSERT_EQ(p.decisions.size(), 3u);
  EXPECT_EQ(p.decisions[0], (decision{3, decision_kind::run, 2, 3, 3}));
  EXPECT_EQ(p.decisions[2].at, 300u);
  EXPECT_EQ(print(p), of_two_threads);
  EXPECT_EQ(decode(encode(p)), p);
}

TEST(decisions, belong_to_threads_come_in_order_and_have_limits) {
  const std::string head = "gauntlet 1\nthreads 2\n";
  EXPECT_EQ(error_of("gauntlet 1\nchoice 1 run 0\n"), "2: a decision in a program without 'threads'");
  EXPECT_EQ(error_of(head + "choice 5 run 1\nchoice 5 run 2\n"),
            "4: decisions stand in order of time, each for a choice of its own; choice 5 comes behind 5");
  EXPECT_EQ(error_of(head + "choice 5 run 1\n@1 size 0\n"), "4: operations come before the decisions of the schedule");
  EXPECT_EQ(error_of(head + "choice 0 run 1\n"), "3: number of the choice '0' is out of range, expected 1 to 16777215");
  EXPECT_EQ(error_of(head + "choice 1 jump 1\n"),
            "3: unknown kind of decision 'jump', expected one of: run, read, fail, fire, wake");
  EXPECT_EQ(error_of(head + "choice 1 run 256\n"), "3: alternative '256' is out of range, expected 0 to 255");
  std::string many = head;
  for (std::size_t i = 1; i <= decisions_max + 1; ++i) many += "choice " + std::to_string(i) + " run 1\n";
  EXPECT_EQ(error_of(many), std::to_string(3 + decisions_max) + ": a program has at most 16384 decisions");
}

TEST(decisions, without_threads_there_are_none_and_a_choice_is_decided_once) {
  program p = std::get<program>(parse(of_two_threads));
  std::swap(p.decisions.front(), p.decisions.back());
  p.decisions.push_back({3, decision_kind::fail, 1, 0, 0});
  normalize(p);
  EXPECT_EQ(p.decisions.size(), 3u);
  EXPECT_TRUE(std::is_sorted(p.decisions.begin(), p.decisions.end(),
                             [](const decision& a, const decision& b) { return a.at < b.at; }));
  p.header.threads = 0;
  normalize(p);
  EXPECT_TRUE(p.decisions.empty());
  EXPECT_EQ(p.header.memory, memory_order_mode::sequential);
}

TEST(decisions, the_mutator_reaches_every_kind_and_keeps_programs_normal) {
  mutation_options options;
  options.concurrent = options.scheduled = true;
  options.operations_max = 12;
  random_source random(3);
  std::set<decision_kind> kinds;
  std::set<std::uint64_t> numbers, alternatives, lengths;
  std::set<unsigned> heaps, memories, spins;
  program p;
  for (int step = 0; step < 20000; ++step) {
    mutate(p, random, options);
    program again = p;
    normalize(again);
    ASSERT_EQ(again, p);
    ASSERT_EQ(decode(encode(p)), p);
    lengths.insert(p.decisions.size());
    heaps.insert(static_cast<unsigned>(p.header.heap));
    memories.insert(static_cast<unsigned>(p.header.memory));
    spins.insert(static_cast<unsigned>(p.header.spins));
    for (const decision& d : p.decisions) {
      kinds.insert(d.kind);
      numbers.insert(d.at);
      alternatives.insert(d.alternative);
    }
  }
  EXPECT_EQ(kinds.size(), decision_kind_count);
  EXPECT_GT(numbers.size(), 300u);
  EXPECT_GE(alternatives.size(), 7u);
  EXPECT_GT(lengths.size(), 8u);
  EXPECT_EQ(heaps.size(), heap_reuse_count);
  EXPECT_EQ(memories.size(), memory_order_mode_count);
  EXPECT_EQ(spins.size(), spin_mode_count);
}

TEST(decisions, only_a_scheduled_target_has_them) {
  program p = std::get<program>(parse(of_two_threads));
  random_source random(1);
  mutation_options options;
  options.concurrent = true;
  mutate(p, random, options);
  EXPECT_TRUE(p.decisions.empty());
  EXPECT_EQ(p.header.heap, heap_reuse::at_once);
  EXPECT_EQ(p.header.spins, spin_mode::brief);
}

// Fails when, whatever the program, thread 2 comes at two choices. What the judge found is taken over.
TEST(decisions, the_reducer_keeps_those_that_matter) {
  program p = std::get<program>(parse(of_two_threads));
  p.decisions.clear();
  for (std::uint32_t at = 1; at <= 40; ++at) p.decisions.push_back({at, decision_kind::run, 2, 0, 0});
  const failure_signature wrong{"not_linearizable", ""};
  const auto result = reduce(p, wrong, [&](program& candidate) {
    std::size_t hits = 0;
    for (decision& d : candidate.decisions) {
      hits += d.at == 7 || d.at == 31;
      d.of = 3;  // as a judge that saw the choice would say
    }
    return hits == 2 ? wrong : failure_signature{};
  });
  EXPECT_TRUE(result.finished);
  ASSERT_EQ(result.smallest.decisions.size(), 2u);
  EXPECT_EQ(result.smallest.decisions[0], (decision{7, decision_kind::run, 2, 3, 0}));
  EXPECT_EQ(result.smallest.decisions[1], (decision{31, decision_kind::run, 2, 3, 0}));
}

// After a step that changes the program the old numbers mean nothing; a judge that searches anew says what it found.
TEST(decisions, the_reducer_takes_over_the_schedule_that_was_found_again) {
  program p = std::get<program>(parse(of_two_threads));
  const failure_signature wrong{"data_race", ""};
  const auto result = reduce(p, wrong, [&](program& candidate) {
    if (candidate.decisions.empty()) return failure_signature{};
    const auto found = static_cast<std::uint32_t>(10 * candidate.operations.size() + 1);
    candidate.decisions.assign(1, {found, decision_kind::run, 1, 2, 3});
    return wrong;
  });
  EXPECT_TRUE(result.smallest.operations.empty());
  ASSERT_EQ(result.smallest.decisions.size(), 1u);
  EXPECT_EQ(result.smallest.decisions[0].at, 1u);
}

}  // namespace
}  // namespace gauntlet::check
