// at_next_event (run.h): once, for the thread that asked, at the moment of its next event whoever gets on in between.
#include <atomic>
#include <cstdint>
#include <thread>

#include <gauntlet/sched/explore_for_tests.h>
#include <gtest/gtest.h>

namespace gauntlet::sched {
namespace {

// Others get on between the request and the event; the moment is that of the event all the same.
TEST(next_event, is_told_when_its_thread_is_let_on_and_before_it_happens) {
  const explored result = explore(
      [] {
        std::atomic<int> n{0};
        const auto three_events = [&n] {
          std::uint64_t before = 0;
          int calls = 0;
          struct {
            std::uint64_t& before;
            int& calls;
          } noted{before, calls};
          const auto note = [](void* to) {
            auto& all = *static_cast<decltype(noted)*>(to);
            all.before = now();
            ++all.calls;
          };
          ++n;
          at_next_event(note, &noted);
          ++n;
          GAUNTLET_SCHED_CHECK(calls == 1 && before + 1 == now());
          ++n;
          GAUNTLET_SCHED_CHECK(calls == 1);
          at_next_event(note, &noted);
          at_next_event(nullptr, nullptr);
          ++n;
          GAUNTLET_SCHED_CHECK(calls == 1);
        };
        std::thread other(three_events);
        three_events();
        other.join();
      },
      300);
  EXPECT_EQ(result.first.found, finding::none) << result.first.message;
}

}  // namespace
}  // namespace gauntlet::sched
