// The ladder: the axioms of C++20 judge the division of each test's outcomes, and the division judges the runtime.
#include <gauntlet/sched/litmus/litmus.h>

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <gauntlet/sched/litmus/axioms.h>
#include <gauntlet/sched/random.h>

namespace gauntlet::sched {
namespace {

using ::testing::IsEmpty;

std::set<std::string> listed(std::string_view list) {
  std::set<std::string> result;
  while (!list.empty()) {
    const std::string one(list.substr(0, list.find(' ')));
    list.remove_prefix(std::min(list.size(), one.size() + 1));
    result.insert(one);
  }
  return result;
}

TEST(litmus, there_are_many_tests_with_different_names_and_a_reason_each) {
  std::set<std::string_view> names, texts;
  for (const litmus_test& t : litmus_tests()) {
    EXPECT_TRUE(names.insert(t.name).second) << t.name;
    EXPECT_TRUE(texts.insert(t.text).second || !t.finals.empty()) << t.name;
    EXPECT_FALSE(t.why.empty()) << t.name;
  }
  EXPECT_GE(names.size(), 40U);
}

TEST(litmus, each_test_divides_its_outcomes_as_the_axioms_do) {
  for (const litmus_test& t : litmus_tests()) {
    const litmus_verdict v = judge_by_axioms(t);
    EXPECT_EQ(listed(t.allowed), v.allowed) << t.name;
    EXPECT_EQ(listed(t.forbidden), v.forbidden) << t.name;
    EXPECT_EQ(listed(t.not_modelled), v.not_modelled) << t.name;
  }
}

TEST(axioms, know_well_known_results) {
  const auto allowed = [](std::string_view text, std::string_view finals = "") {
    litmus_test t;
    t.text = text;
    t.finals = finals;
    const litmus_verdict v = judge_by_axioms(t);
    std::set<std::string> all = v.allowed;
    all.insert(v.not_modelled.begin(), v.not_modelled.end());
    return all;
  };
  // Batty and others, "Overhauling SC atomics in C11 and OpenCL" (POPL 2016); Lahav and others, "Repairing sequential
  // consistency in C/C++11" (PLDI 2017).
  EXPECT_EQ(allowed("x=1 sc; y sc | y=1 sc; x sc").count("00"), 0U);
  EXPECT_EQ(allowed("x=1 sc; y rlx | y=1 sc; x rlx").count("00"), 1U);
  EXPECT_EQ(allowed("x=1 rlx | y=1 rlx | x acq; fence sc; y rlx | y acq; fence sc; x rlx").count("1010"), 0U);
  EXPECT_EQ(allowed("x=1 sc; y=1 rel | y+1 sc; y rlx | y=3 sc; x sc").count("130"), 1U) << "Z6.U";
  EXPECT_EQ(allowed("x rlx; y=1 rlx | y rlx; x=1 rlx").count("11"), 1U);
  EXPECT_EQ(allowed("x=1 rlx; x=2 rlx", "x"), (std::set<std::string>{"/2"}));
  EXPECT_EQ(allowed("x=1 rlx; x rlx"), (std::set<std::string>{"1"}));
}

// This also judges the exhaustive strategy: nothing that an interleaving shows is lost by leaving others out.
TEST(litmus, under_sequential_memory_everything_shown_is_exactly_what_interleavings_show) {
  for (const litmus_test& t : litmus_tests()) {
    const litmus_report r = explore_litmus(t, 60000, memory_model::sequential);
    std::set<std::string> seen;
    for (const auto& [text, times] : r.seen) seen.insert(text);
    const std::set<std::string> sequential = judge_by_axioms(t).sequential;
    if (r.complete) {
      EXPECT_EQ(seen, sequential) << t.name << ": " << t.text;
    } else {
      EXPECT_TRUE(std::includes(sequential.begin(), sequential.end(), seen.begin(), seen.end())) << t.name;
    }
  }
}

// No sampling: what the runtime can show at all is, outcome by outcome, what C++20 allows and the model has.
TEST(litmus, everything_that_the_runtime_can_show_is_exactly_what_is_allowed) {
  std::size_t complete = 0;
  for (const litmus_test& t : litmus_tests()) {
    const litmus_report r = explore_litmus(t, 60000);
    EXPECT_THAT(r.wrong, IsEmpty()) << t.name << ": " << t.text << "\n" << t.why;
    EXPECT_EQ(r.finding, "") << t.name;
    if (!r.complete) continue;
    ++complete;
    EXPECT_THAT(r.allowed_unseen, IsEmpty()) << t.name << ": " << t.text << "\n" << t.why;
  }
  // Four threads and their fences, which depend on everything, are too much for a test.
  EXPECT_GE(complete + 8, litmus_tests().size());
}

// Programs that nobody has thought of: two or three threads, two variables, any orders.
std::string random_litmus(random& r) {
  std::string text;
  unsigned left = 5 + r.below(2);
  const unsigned threads = 2 + r.below(2);
  for (unsigned t = 0; t < threads; ++t) {
    const unsigned operations = std::min(1 + r.below(3), left - (threads - 1 - t));
    left -= operations;
    for (unsigned i = 0; i < operations; ++i) {
      if (!text.empty()) text += i == 0 ? " | " : "; ";
      const std::string name = r.below(2) == 0 ? "x" : "y";
      const char* const loads[] = {" rlx", " acq", " sc"};
      const char* const stores[] = {" rlx", " rel", " sc"};
      switch (r.below(8)) {
        case 0:
        case 1:
          text += name + (r.below(2) == 0 ? "=1" : "=2") + stores[r.below(3)];
          break;
        case 2:
          text += name + (r.below(2) == 0 ? "+1 acq_rel" : "+1 sc");
          break;
        case 3:
          text += r.below(2) == 0 ? "fence sc" : "fence acq_rel";
          break;
        default:
          text += name + loads[r.below(3)];
          break;
      }
    }
  }
  return text;
}

TEST(litmus, of_random_programs_too_the_runtime_shows_exactly_what_is_allowed) {
  random r(31);
  unsigned complete = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string text = random_litmus(r);
    litmus_test t;
    t.text = text;
    t.finals = "xy";
    const litmus_verdict v = judge_by_axioms(t);
    const litmus_report report = explore_litmus(t, 20000);
    if (!report.complete) continue;
    ++complete;
    std::set<std::string> seen;
    for (const auto& [outcome, times] : report.seen) seen.insert(outcome);
    EXPECT_EQ(seen, v.allowed) << text;
  }
  EXPECT_GT(complete, 280U);
}

TEST(litmus, random_runs_show_what_is_allowed_and_nothing_else) {
  constexpr std::uint64_t runs = 4000;
  for (const litmus_test& t : litmus_tests()) {
    const litmus_report r = run_litmus(t, runs);
    EXPECT_EQ(r.runs, runs);
    EXPECT_THAT(r.wrong, IsEmpty()) << t.name << ": " << t.text << "\n" << t.why;
    EXPECT_EQ(r.finding, "") << t.name;
    // Large sets of outcomes need more runs than a test has; `ci/bench schedules` makes them.
    if (listed(t.allowed).size() <= 16) {
      EXPECT_THAT(r.allowed_unseen, IsEmpty()) << t.name << ": " << t.text;
    }
  }
}

}  // namespace
}  // namespace gauntlet::sched
