// The recorder's stamps tell the truth about real threads.
#include <gauntlet/check/history/recorder.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace gauntlet::check {
namespace {

TEST(recorder, gives_stamps_in_the_order_of_time_and_hands_over_what_was_called) {
  constexpr unsigned threads = 3;
  constexpr std::size_t events = 2000;
  stamp_counter stamps;
  stamps.reset();
  std::vector<lane_recorder> lanes;
  for (unsigned t = 0; t < threads; ++t) {
    lanes.emplace_back(t + 1);
    for (std::size_t i = 0; i < events; ++i) lanes[t].prepare(request{opcode::fetch_update, 0, 0, 0, 1}, i);
  }
  // A counter that is linearizable by itself: an event's answer says when it took effect.
  std::atomic<std::uint64_t> counter{0};
  std::vector<std::thread> running;
  for (unsigned t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      for (std::size_t i = 0; i < events; ++i) {
        lanes[t].record(stamps, i, [&](event& e) {
          e.answer.flag = e.answer.has_value = true;
          e.answer.value = counter.fetch_add(1, std::memory_order_relaxed);
        });
      }
    });
  }
  for (std::thread& t : running) t.join();

  history h;
  history failed;
  for (lane_recorder& lane : lanes) lane.hand_over(h, failed);
  ASSERT_EQ(h.events.size(), threads * events);
  EXPECT_EQ(ill_formed(h), "");
  std::vector<const event*> by_effect(h.events.size());
  for (const event& e : h.events) by_effect[e.answer.value] = &e;
  stamp latest_call = 0;
  for (const event* e : by_effect) {  // no event may have returned before one that took effect earlier was called
    EXPECT_GT(e->returned, latest_call);
    latest_call = std::max(latest_call, e->called);
  }
}

TEST(recorder, leaves_an_event_that_threw_pending_keeps_injected_faults_apart_and_drops_what_the_map_does_not_offer) {
  stamp_counter stamps;
  lane_recorder lane(2);
  for (std::size_t i = 0; i < 4; ++i) lane.prepare(request{opcode::clear}, i);
  lane.record(stamps, 0, [](event&) {});
  lane.record(stamps, 1, [](event& e) { e.answer.status = outcome::unsupported; });
  lane.record(stamps, 2, [](event& e) { e.answer.status = outcome::injected; });
  EXPECT_THROW(lane.record(stamps, 3, [](event&) { throw 1; }), int);
  history h;
  history failed;
  lane.hand_over(h, failed);
  ASSERT_EQ(h.events.size(), 2u);
  EXPECT_EQ(h.events[0].where, 2u);
  EXPECT_FALSE(h.events[0].pending());
  EXPECT_TRUE(h.events[1].pending());
  EXPECT_EQ(h.events[1].source, 3u);
  ASSERT_EQ(failed.events.size(), 1u);
  EXPECT_EQ(failed.events[0].source, 2u);
}

}  // namespace
}  // namespace gauntlet::check
