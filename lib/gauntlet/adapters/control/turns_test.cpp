// Turns are noted as they were, followed where they fit, and followed sensibly where they do not. No run is needed: the
// choices are made up.
#include <gauntlet/adapters/control/turns.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace gauntlet::adapters {
namespace {

// Threads that do nothing but events, as many as each has left.
class made_up_run {
 public:
  explicit made_up_run(std::vector<std::uint32_t> events) : left_(std::move(events)) {}

  // From this event on, counted over all threads, the thread cannot run until `until` events have happened.
  made_up_run& blocks(sched::thread_id thread, std::uint32_t from, std::uint32_t until) {
    blocked_.push_back({thread, from, until});
    return *this;
  }

  // Who did the events, in order.
  std::vector<unsigned> along(sched::strategy& decides) {
    std::vector<unsigned> order;
    std::vector<std::uint32_t> left = left_;
    sched::thread_id running = 0;
    decides.begin({});
    for (;;) {
      std::vector<sched::thread_id> runnable;
      for (sched::thread_id t = 0; t < left.size(); ++t) {
        if (left[t] != 0 && !is_blocked(t, order.size())) runnable.push_back(t);
      }
      if (runnable.empty()) return order;
      const bool can_go_on = std::ranges::find(runnable, running) != runnable.end();
      std::size_t picked = 0;
      if (runnable.size() > 1) picked = decides.pick({runnable, running, can_go_on, pending_, order.size() + 1});
      running = runnable.at(picked);
      --left[running];
      order.push_back(running);
      sched::event e;
      e.thread = running;
      decides.happened(e);
    }
  }

 private:
  struct block {
    sched::thread_id thread;
    std::uint32_t from, until;
  };
  bool is_blocked(sched::thread_id thread, std::size_t events) const {
    return std::ranges::any_of(
        blocked_, [&](const block& b) { return b.thread == thread && b.from <= events && events < b.until; });
  }

  std::vector<std::uint32_t> left_;
  std::vector<block> blocked_;
  std::array<sched::event, sched::threads_max> pending_{};
};

turns_of_run of(std::vector<turn> turns) {
  turns_of_run all;
  all.turns = std::move(turns);
  return all;
}

using order = std::vector<unsigned>;

TEST(turns, that_were_noted_are_followed_to_the_event) {
  const turns_of_run wanted =
      of({{0, 2, true}, {1, 1, true}, {0, 1, false}, {2, 3, true}, {1, 2, false}, {2, 1, false}});
  made_up_run run({3, 3, 4});
  along_turns along(wanted);
  notes_turns notes(along);
  for (int again = 0; again < 2; ++again) {  // a strategy is used again and again
    EXPECT_EQ(run.along(notes), (order{0, 0, 1, 0, 2, 2, 2, 1, 1, 2}));
    EXPECT_EQ(notes.noted().turns, wanted.turns);
    EXPECT_EQ(notes.noted().preemptions, 3u);
  }
}

TEST(turns, that_were_not_preempted_go_on_until_they_cannot) {
  const turns_of_run shorter = of({{0, 1, false}, {1, 3, false}, {0, 2, false}});
  along_turns along(shorter);
  EXPECT_EQ(made_up_run({3, 3}).along(along), (order{0, 0, 0, 1, 1, 1}));
  const turns_of_run preempted = of({{0, 1, true}, {1, 3, false}, {0, 2, false}});
  along_turns as_noted(preempted);
  EXPECT_EQ(made_up_run({3, 3}).along(as_noted), (order{0, 1, 1, 1, 0, 0}));
}

TEST(turns, of_a_thread_that_cannot_run_wait) {
  const turns_of_run wanted = of({{0, 1, true}, {1, 1, true}, {0, 1, true}, {2, 1, false}, {1, 1, false}});
  along_turns along(wanted);
  EXPECT_EQ(made_up_run({2, 2, 1}).blocks(1, 1, 3).along(along), (order{0, 0, 2, 1, 1}));
}

TEST(turns, may_be_fewer_than_there_are_events) {
  const turns_of_run empty;
  along_turns along(empty);
  EXPECT_EQ(made_up_run({2, 2}).along(along), (order{0, 0, 1, 1}));
}

TEST(turns, give_alternatives_by_thread_and_only_where_there_are_so_many) {
  turns_of_run wanted;
  wanted.alternatives[0] = {0, 2, 3};
  EXPECT_EQ(wanted.deviations(), 2u);
  along_turns along(wanted);
  notes_turns notes(along);
  notes.begin({});
  EXPECT_EQ(notes.pick_alternative(sched::choice_kind::store, 4), 0u);
  EXPECT_EQ(notes.pick_alternative(sched::choice_kind::store, 4), 2u);
  EXPECT_EQ(notes.pick_alternative(sched::choice_kind::store, 3), 0u) << "there is no store that old";
  EXPECT_EQ(notes.pick_alternative(sched::choice_kind::store, 3), 0u);
  EXPECT_EQ(notes.noted().alternatives[0], (std::vector<std::uint8_t>{0, 2, 0, 0}));
}

}  // namespace
}  // namespace gauntlet::adapters
