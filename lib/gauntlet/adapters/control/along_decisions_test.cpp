// Decisions are followed exactly where they were recorded and sensibly where they were not. No run is needed: the choices
// are made up.
#include <gauntlet/adapters/control/along_decisions.h>

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace gauntlet::adapters {
namespace {

using check::decision;
using check::decision_kind;

struct made_up {
  std::vector<sched::thread_id> runnable;
  sched::thread_id running;
  bool can_go_on = true;
};

class along_decisions_test : public ::testing::Test {
 protected:
  // The thread that runs next.
  unsigned next(along_decisions& s, const made_up& choice) {
    pending_.fill({});
    for (auto& e : pending_) e.kind = sched::event_kind::store;
    const std::size_t i =
        s.pick({choice.runnable, choice.running, choice.can_go_on, std::span<const sched::event>(pending_), 0});
    EXPECT_LT(i, choice.runnable.size());
    return choice.runnable[i];
  }
  std::array<sched::event, sched::threads_max> pending_{};
};

TEST_F(along_decisions_test, without_decisions_whoever_runs_goes_on) {
  along_decisions s({});
  s.begin({});
  EXPECT_EQ(next(s, {{0, 1, 2}, 1}), 1u);
  EXPECT_EQ(next(s, {{1, 2}, 0, false}), 1u);
  EXPECT_EQ(s.pick_alternative(sched::choice_kind::store, 3), 0u);
}

TEST_F(along_decisions_test, a_recorded_list_is_followed_to_the_choice) {
  const std::vector<decision> list = {
      {2, decision_kind::run, 2, 2, 3}, {3, decision_kind::read, 1, 3, 0}, {5, decision_kind::run, 1, 2, 3}};
  along_decisions s(list);
  for (int run = 0; run < 2; ++run) {  // a strategy is used again and again
    s.begin({});
    EXPECT_EQ(next(s, {{1, 2}, 1}), 1u);
    EXPECT_EQ(next(s, {{1, 2}, 1}), 2u);
    EXPECT_EQ(s.pick_alternative(sched::choice_kind::store, 3), 1u);
    EXPECT_EQ(next(s, {{1, 2}, 2}), 2u);
    EXPECT_EQ(next(s, {{1, 2}, 2}), 1u);
    EXPECT_EQ(next(s, {{1, 2}, 1}), 1u);
    EXPECT_EQ(s.diverged_at(), 0u) << s.divergence();
  }
}

TEST_F(along_decisions_test, a_decision_waits_for_a_choice_that_it_fits) {
  const std::vector<decision> list = {{1, decision_kind::run, 3, 0, 0}, {1, decision_kind::read, 2, 0, 0}};
  along_decisions s(list);
  s.begin({});
  EXPECT_EQ(next(s, {{1, 2}, 1}), 1u);                              // thread 3 can't run here
  EXPECT_EQ(s.pick_alternative(sched::choice_kind::store, 2), 0u);  // there is no store that old
  EXPECT_EQ(next(s, {{1, 2, 3}, 1}), 3u);
  EXPECT_EQ(next(s, {{1, 2, 3}, 1}), 1u);  // taken once
  EXPECT_EQ(s.pick_alternative(sched::choice_kind::store, 3), 2u);
  EXPECT_EQ(s.pick_alternative(sched::choice_kind::store, 3), 0u);
}

TEST_F(along_decisions_test, the_first_choice_that_looks_different_is_named) {
  const std::vector<decision> list = {{1, decision_kind::run, 2, 2, 3}, {2, decision_kind::run, 1, 3, 3}};
  along_decisions s(list);
  s.begin({});
  EXPECT_EQ(next(s, {{1, 2}, 1}), 2u);
  EXPECT_EQ(s.diverged_at(), 0u);
  EXPECT_EQ(next(s, {{1, 2}, 2}), 1u);
  EXPECT_EQ(s.diverged_at(), 2u);
  EXPECT_EQ(s.divergence(), "choice 2 was one of 3 before store, and now it is one of 2 before store");
}

}  // namespace
}  // namespace gauntlet::adapters
