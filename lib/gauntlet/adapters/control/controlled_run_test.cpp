// A controlled run is a run like any other, judged the same way, and comes out the same every time.
#include <gauntlet/adapters/control/controlled_run.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <regex>
#include <utility>
#include <variant>
#include <vector>

#include <gauntlet/check/program/text.h>
#include <gauntlet/check/report/report.h>
#include <gauntlet/check/run/registry.h>

namespace gauntlet::adapters {
namespace {

using check::failure_kind;
using check::program;
using check::verdict;
using ::testing::HasSubstr;

program text_program(std::string_view body) {
  auto read = check::parse("gauntlet 1\ntarget concurrent_schedule\n" + std::string(body));
  if (auto* p = std::get_if<program>(&read)) return std::move(*p);
  ADD_FAILURE() << std::get<check::parse_error>(read).message;
  return {};
}

verdict judged(std::string_view map, const program& p, const controlled_options& options = {}) {
  const check::registration* const found = check::find_subject(map);
  if (found == nullptr) {
    ADD_FAILURE() << "no map " << map;
    return {};
  }
  return run_controlled(p, found->concurrent, options);
}

constexpr std::string_view two_updates =
    "threads 2\n"
    "insert_copy 0 hot 0 value 1\n"
    "@1 fetch_update 0 hot 0 value 1\n"
    "@2 fetch_update 0 hot 0 value 1\n";

TEST(controlled_run, a_right_map_holds_along_any_schedule) {
  for (const std::string_view map : {"sharded_map", "shared_mutex_map"}) {
    const verdict v = judged(map, text_program(two_updates), {.schedules = 500});
    EXPECT_TRUE(v) << map << ": " << v.message;
    EXPECT_GT(v.operations_run, 1000u);
  }
}

TEST(controlled_run, counts_the_schedules_up_to_the_one_that_fails) {
  const program p = text_program(two_updates);
  EXPECT_EQ(judged("sharded_map", p).schedules_run, 1u);
  EXPECT_EQ(judged("sharded_map", p, {.schedules = 20}).schedules_run, 21u);
  const program inserts = text_program("threads 2\n@1 insert_copy 0 hot 0 value 1\n@2 insert_copy 0 hot 1 value 1\n");
  const verdict failed = judged("copy_then_publish", inserts, {.schedules = 2000});
  EXPECT_FALSE(failed);
  EXPECT_GT(failed.schedules_run, 1u);
  EXPECT_LT(failed.schedules_run, 2000u);
}

TEST(controlled_run, tries_all_schedules_with_few_preemptions_and_says_so) {
  const program p = text_program(two_updates);
  const verdict held = judged("sharded_map", p, {.preemptions = 2});
  EXPECT_TRUE(held) << held.message;
  EXPECT_THAT(held.searched, HasSubstr("all "));
  EXPECT_THAT(held.searched, HasSubstr("at most 2 preemptions"));
  EXPECT_GT(held.schedules_run, 100u);
  const verdict cut = judged("sharded_map", p, {.preemptions = 2, .preemptions_within = 5000});
  EXPECT_LT(cut.schedules_run, held.schedules_run);
  EXPECT_THAT(cut.searched, HasSubstr("not all"));
  const verdict both = judged("sharded_map", p, {.schedules = 20, .preemptions = 2});
  EXPECT_EQ(both.schedules_run, held.schedules_run + 20);
  EXPECT_EQ(both.searched, held.searched);
  const verdict found = judged("lost_update", p, {.preemptions = 1});
  EXPECT_EQ(found.kind, failure_kind::not_linearizable) << found.message;
  EXPECT_FALSE(found.decisions.empty());
  // An old value is seen without any preemption, and counts as one.
  program publishes = text_program(
      "memory weak\nthreads 2\n@1 insert_copy 0 hot 0 value 1\n@1 insert_copy 0 hot 1 value 1\n@2 find 0 hot 1\n"
      "@2 find 0 hot 0\n");
  EXPECT_FALSE(judged("relaxed_publication", publishes, {.preemptions = 2}));
}

// What is over when an operation does its first event was over when it began, although its thread was there before.
TEST(controlled_run, an_operation_begins_with_its_first_event) {
  const program p = text_program(
      "threads 3\n"
      "insert_copy 0 hot 0 value 1\n"
      "@1 find 0 hot 0\n"
      "@1 find 0 hot 0\n"
      "@2 erase_key 0 hot 0\n"
      "@3 find 0 hot 0\n");
  const verdict found = judged("remembered_too_long", p, {.schedules = 2000});
  EXPECT_EQ(found.kind, failure_kind::not_linearizable) << found.message;
  EXPECT_TRUE(judged("remembering_map", p, {.schedules = 2000}));
}

TEST(controlled_run, a_defect_is_found_with_the_decisions_that_lead_there_again) {
  program p = text_program(two_updates);
  EXPECT_TRUE(judged("lost_update", p)) << "without decisions nobody interrupts anybody";
  const verdict found = judged("lost_update", p, {.schedules = 500});
  ASSERT_EQ(found.kind, failure_kind::not_linearizable) << found.message;
  ASSERT_FALSE(found.decisions.empty());
  EXPECT_THAT(found.interleaving, HasSubstr("thread 2"));
  EXPECT_THAT(found.interleaving, HasSubstr("_lock.h"));
  EXPECT_THAT(found.picture, HasSubstr("violation"));

  p.decisions = found.decisions;
  p = std::get<program>(check::parse(check::print(p)));
  for (int time = 0; time < 2; ++time) {
    const verdict again = judged("lost_update", p);
    EXPECT_EQ(again.kind, found.kind);
    EXPECT_EQ(again.place, found.place);
    EXPECT_EQ(again.message, found.message);
    EXPECT_EQ(again.decisions, found.decisions);
    EXPECT_EQ(again.interleaving, found.interleaving);
  }
  EXPECT_TRUE(judged("shared_mutex_map", p)) << "the right map holds along the same decisions";
}

TEST(controlled_run, what_no_history_shows_is_judged_too) {
  const verdict race =
      judged("erase_without_lock", text_program("threads 2\n@1 insert_copy 0 hot 0 value 1\n@2 erase_key 0 hot 0\n"));
  EXPECT_EQ(race.kind, failure_kind::data_race) << race.message;
  EXPECT_THAT(race.message, HasSubstr("thread 1"));
  EXPECT_THAT(race.message, HasSubstr("thread 2"));

  const verdict stuck =
      judged("deadlock_on_merge", text_program("threads 2\n@1 merge 0 3\n@2 merge 3 0\n"), {.schedules = 500});
  EXPECT_EQ(stuck.kind, failure_kind::deadlock) << stuck.message;
  EXPECT_THAT(stuck.message, HasSubstr("waits for"));
  EXPECT_THAT(stuck.message, HasSubstr("held by"));
}

TEST(controlled_run, a_lock_that_an_exception_leaves_taken_is_found) {
  const program p = text_program(
      "threads 1\ninsert_copy 0 hot 0 value 1\nfault function value 0\nupdate 0 hot 0 value 2\n@1 find 0 hot 0\n");
  const verdict held = judged("sharded_map", p);
  EXPECT_TRUE(held) << held.message;
  const verdict stuck = judged("lock_kept_after_exception", p);
  EXPECT_EQ(stuck.kind, failure_kind::deadlock) << stuck.message;
  EXPECT_THAT(stuck.interleaving, HasSubstr("injected"));
}

TEST(controlled_run, a_wait_that_ends_for_no_reason_is_looked_through_by_who_looks_again) {
  const program p = text_program("threads 2\n@1 insert_copy 0 hot 0 value 1\n@2 insert_copy 0 hot 1 value 2\n");
  const verdict right = judged("handover_map", p, {.schedules = 500});
  EXPECT_TRUE(right) << right.message;
  const verdict woken = judged("waits_once", p, {.schedules = 500, .spurious = false});
  EXPECT_TRUE(woken) << woken.message;
  EXPECT_EQ(judged("waits_once", p, {.schedules = 500}).kind, failure_kind::data_race);
}

TEST(controlled_run, what_is_wrong_when_all_was_done_is_said_and_is_no_leak) {
  const program p = text_program("threads 1\n@1 fault allocation value 0\n@1 insert_copy 0 hot 1 value 2\n");
  EXPECT_TRUE(judged("sharded_map", p));
  const verdict v = judged("failed_insertion_is_counted", p);
  EXPECT_EQ(v.kind, failure_kind::wrong_contents) << v.message;
  EXPECT_THAT(v.message, HasSubstr("size() is 1, empty() is false, for_each shows 0 elements"));
}

TEST(controlled_run, who_sees_an_element_and_not_what_was_done_before_it_is_noticed) {
  for (const std::string_view sees : {"find 0 hot 0", "erase_key 0 hot 0", "walk 0\nend"}) {
    const program p = text_program("threads 2\ninsert_copy 0 hot 0 value 1\n@1 insert_or_assign 0 hot 0 value 2\n@2 " +
                                   std::string(sees) + "\n");
    EXPECT_TRUE(judged("open_slots_map", p, {.schedules = 200})) << sees;
    const verdict v = judged("relaxed_slots", p);
    if (sees.starts_with("erase")) {
      EXPECT_TRUE(v) << "an erasure tells nothing of the value";
      continue;
    }
    ASSERT_EQ(v.kind, failure_kind::unsynchronized) << sees << ": " << v.message;
    EXPECT_THAT(v.message, HasSubstr("which was written by"));
    EXPECT_THAT(v.message, HasSubstr("insert_or_assign"));
  }
}

class another_map : public check::concurrent_subject {
 public:
  explicit another_map(std::unique_ptr<concurrent_subject> map) : map_(std::move(map)) {}
  std::string_view name() const override { return map_->name(); }
  check::contract contract_of(check::opcode code) const override { return map_->contract_of(code); }
  check::precedence order() const override { return map_->order(); }
  void begin() override { map_->begin(); }
  check::result apply(const check::request& r) override { return map_->apply(r); }
  check::result collect(const check::request& r, unsigned lane, std::vector<check::element>& shown,
                        check::concurrent_executor* told) override {
    return map_->collect(r, lane, shown, told);
  }
  void contents(unsigned target, std::vector<check::element>& out) const override { map_->contents(target, out); }
  std::string self_check(unsigned target) const override { return map_->self_check(target); }
  std::string state(unsigned target) const override { return map_->state(target); }
  void hold(unsigned lane, const std::vector<check::element>& shown) override { map_->hold(lane, shown); }
  std::string destroy() override { return map_->destroy(); }
  std::string finish() override { return map_->finish(); }

 private:
  std::unique_ptr<concurrent_subject> map_;
};

struct says_that_it_races final : another_map {
  using another_map::another_map;
  bool races_are_judged() const override { return false; }
};

TEST(controlled_run, a_known_race_does_not_end_the_hunt) {
  const program p = text_program("threads 2\n@1 insert_copy 0 hot 0 value 1\n@2 erase_key 0 hot 0\n");
  const check::concurrent_subject_factory racing = check::find_subject("erase_without_lock")->concurrent;
  EXPECT_EQ(run_controlled(p, racing).kind, failure_kind::data_race);
  const verdict v = run_controlled(
      p, [&](const check::program_header& h) { return std::make_unique<says_that_it_races>(racing(h)); });
  EXPECT_TRUE(v) << v.message;
}

struct by_the_clock final : another_map {
  using another_map::another_map;
  check::precedence order() const override { return check::precedence::real_time; }
};

struct finds_nothing final : another_map {
  using another_map::another_map;
  check::result apply(const check::request& r) override {
    return r.code == check::opcode::find ? check::result{} : another_map::apply(r);
  }
};

// What it allocates nobody gives back.
struct loses_memory : another_map {
  using another_map::another_map;
  check::result apply(const check::request& r) override {
    if (r.code == check::opcode::find) static_cast<void>(::operator new(8));
    return another_map::apply(r);
  }
};
struct loses_memory_and_finds_nothing final : loses_memory {
  using loses_memory::loses_memory;
  check::result apply(const check::request& r) override {
    const check::result answer = loses_memory::apply(r);
    return r.code == check::opcode::find ? check::result{} : answer;
  }
};

TEST(controlled_run, an_answer_that_is_wrong_is_told_before_the_memory_that_was_lost) {
  const program p = text_program("threads 1\n@1 insert_copy 0 hot 0 value 1\n@1 find 0 hot 0\n");
  const check::concurrent_subject_factory map = check::find_subject("shared_mutex_map")->concurrent;
  const verdict lost =
      run_controlled(p, [&](const check::program_header& h) { return std::make_unique<loses_memory>(map(h)); });
  EXPECT_EQ(lost.kind, failure_kind::memory_misuse) << lost.message;
  const verdict wrong = run_controlled(
      p, [&](const check::program_header& h) { return std::make_unique<loses_memory_and_finds_nothing>(map(h)); });
  EXPECT_EQ(wrong.kind, failure_kind::not_linearizable) << wrong.message;
}

TEST(controlled_run, in_weak_memory_a_map_may_answer_from_before_unless_it_promises_the_order_of_time) {
  const program p = text_program(
      "threads 2\nmemory weak\n@1 insert_copy 0 hot 0 value 1\n@1 insert_or_assign 0 hot 0 value 2\n"
      "@2 find 0 hot 0\n@2 find 0 hot 0\n");
  const check::concurrent_subject_factory slots = check::find_subject("open_slots_map")->concurrent;
  const verdict held = run_controlled(p, slots, {.schedules = 2000});
  EXPECT_TRUE(held) << held.message;
  const verdict late = run_controlled(
      p, [&](const check::program_header& h) { return std::make_unique<by_the_clock>(slots(h)); }, {.schedules = 2000});
  EXPECT_EQ(late.kind, failure_kind::not_linearizable) << late.message;
}

TEST(controlled_run, in_weak_memory_no_map_may_forget_what_its_thread_has_seen) {
  const program p = text_program(
      "threads 2\nmemory weak\n@1 insert_copy 0 hot 0 value 1\n@2 insert_or_assign 0 hot 0 value 2\n"
      "@2 find 0 hot 0\n");
  const check::concurrent_subject_factory slots = check::find_subject("open_slots_map")->concurrent;
  const verdict v =
      run_controlled(p, [&](const check::program_header& h) { return std::make_unique<finds_nothing>(slots(h)); });
  EXPECT_EQ(v.kind, failure_kind::not_linearizable) << v.message;
  EXPECT_THAT(v.message, HasSubstr("no order that keeps what happens before what"));
}

TEST(controlled_run, a_long_program_whose_operations_end_is_not_called_a_livelock) {
  const std::string keys_that_collide = "hash constant\nthreads 1\ninsert_copy 0 hot 0 value 1 count 8\n";
  std::string copies;
  for (int i = 0; i < 20; ++i) copies += "@1 copy_construct 0 3\n";
  const program p = text_program(keys_that_collide + copies);
  const verdict whole = judged("rcu_map", p);
  EXPECT_TRUE(whole && !whole.undecided) << whole.message;
  const verdict cut = judged("rcu_map", p, {.events_max = 2000});
  EXPECT_TRUE(cut) << cut.message;
  EXPECT_TRUE(cut.undecided);
  EXPECT_LT(cut.operations_run, whole.operations_run);
  // An operation that has been under way for most of the steps there may be does not get on.
  bool is_stuck = false;
  for (std::uint32_t steps = 10; steps < 100; steps += 10) {
    const verdict v =
        judged("rcu_map", text_program("threads 1\n@1 insert_copy 0 hot 0 value 1\n"), {.events_max = steps});
    is_stuck |= v.kind == failure_kind::no_progress;
  }
  EXPECT_TRUE(is_stuck);
}

TEST(controlled_run, what_one_schedule_leaves_undecided_another_one_does_not_decide) {
  std::string copies = "hash constant\nthreads 1\ninsert_copy 0 hot 0 value 1 count 8\n";
  for (int i = 0; i < 20; ++i) copies += "@1 copy_construct 0 3\n";
  const program p = text_program(copies);
  // The program's own run has a map that takes long, those after it one that does not.
  const check::concurrent_subject_factory slow = check::find_subject("rcu_map")->concurrent;
  const check::concurrent_subject_factory quick = check::find_subject("shared_mutex_map")->concurrent;
  unsigned different = 0;
  for (std::uint32_t steps = 500; steps < 6000; steps += 500) {
    if (!run_controlled(p, slow, {.events_max = steps}).undecided) continue;
    if (run_controlled(p, quick, {.events_max = steps}).undecided) continue;
    ++different;
    unsigned made = 0;  // one for the options and two for each run
    const verdict v =
        run_controlled(p, [&](const check::program_header& h) { return ++made <= 3 ? slow(h) : quick(h); },
                       {.schedules = 2, .events_max = steps});
    EXPECT_TRUE(v.undecided) << steps;
  }
  EXPECT_GT(different, 0u);
}

TEST(controlled_run, who_waits_is_shown_with_who_holds) {
  program p = text_program("threads 2\n@1 insert_copy 0 hot 0 value 1\n@2 insert_copy 0 hot 1 value 2\n");
  std::size_t waits = 0;
  for (std::uint32_t at = 1; at < 40; ++at) {  // thread 2 comes in between, somewhere in what thread 1 does
    p.decisions.assign(1, {at, check::decision_kind::run, 2, 0, 0});
    std::string divergence;
    const auto story = interleaving_of(p, check::find_subject("merging_map")->concurrent, divergence);
    ASSERT_TRUE(story.has_value());
    for (const auto& waiting : story->steps) {
      if (waiting.waits_for == 0) continue;
      ++waits;
      const auto holder = std::find_if(story->steps.begin(), story->steps.end(),
                                       [&](const auto& s) { return s.number == waiting.waits_for; });
      ASSERT_NE(holder, story->steps.end());
      EXPECT_NE(holder->lane, waiting.lane);
      EXPECT_THAT(holder->what, HasSubstr("lock"));
      EXPECT_LT(holder->number, waiting.number);
    }
  }
  EXPECT_GT(waits, 0u);
}

TEST(controlled_run, what_a_step_has_read_or_written_is_shown_addresses_in_hexadecimal) {
  program p = text_program("threads 2\n@1 insert_copy 0 hot 0 value 1\n@2 insert_copy 0 hot 1 value 2\n");
  std::string divergence;
  const auto story = interleaving_of(p, check::find_subject("concurrent_map")->concurrent, divergence);
  ASSERT_TRUE(story.has_value());
  std::size_t addresses = 0;
  for (const auto& s : story->steps) {
    addresses += s.what.starts_with("load 8 bytes, 0x6");
    EXPECT_FALSE(std::regex_search(s.what, std::regex(", [0-9]{6}"))) << s.what;
  }
  EXPECT_GT(addresses, 0u);
}

TEST(controlled_run, a_deadlock_is_drawn_with_who_holds_what_each_waits_for) {
  program p = text_program("threads 2\n@1 merge 0 3\n@2 merge 3 0\n");
  const verdict stuck = judged("deadlock_on_merge", p, {.schedules = 500});
  ASSERT_EQ(stuck.kind, failure_kind::deadlock) << stuck.message;
  p.decisions = stuck.decisions;
  std::string divergence;
  const auto story = interleaving_of(p, check::find_subject("deadlock_on_merge")->concurrent, divergence);
  ASSERT_TRUE(story.has_value());
  std::map<unsigned, unsigned> held_by;  // lane that waits for ever: lane that holds what it waits for
  for (const auto& s : story->steps) {
    if (s.what.find("for ever") == std::string::npos || s.waits_for == 0) continue;
    const auto holder = std::find_if(story->steps.begin(), story->steps.end(),
                                     [&](const auto& other) { return other.number == s.waits_for; });
    ASSERT_NE(holder, story->steps.end());
    EXPECT_THAT(holder->what, HasSubstr("lock"));
    held_by[s.lane] = holder->lane;
  }
  EXPECT_EQ(held_by, (std::map<unsigned, unsigned>{{1, 2}, {2, 1}}));
  EXPECT_THAT(stuck.picture, HasSubstr("class=\"arrow waits\""));
  EXPECT_THAT(stuck.interleaving, HasSubstr("for ever"));
}

TEST(controlled_run, an_old_schedule_on_another_map_says_where_it_no_longer_fits) {
  program p = text_program(two_updates);
  p.decisions = judged("lost_update", p, {.schedules = 500}).decisions;
  ASSERT_FALSE(p.decisions.empty());
  std::string divergence;
  const auto same = interleaving_of(p, check::find_subject("lost_update")->concurrent, divergence);
  ASSERT_TRUE(same.has_value());
  EXPECT_EQ(divergence, "");
  EXPECT_EQ(same->operations.size(), 3u);
  interleaving_of(p, check::find_subject("concurrent_map")->concurrent, divergence);
  EXPECT_THAT(divergence, HasSubstr("choice "));
}

}  // namespace
}  // namespace gauntlet::adapters
