// chrome_trace and allocation_monitor where memory is lacking. They allocate from operator new, which this file replaces
// for the whole executable: it does what it always does, until a test says how many more calls succeed.
#include <gauntlet/map/allocation_monitor.h>
#include <gauntlet/map/chrome_trace.h>
#include <gauntlet/map/detail/attributes.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <sstream>
#include <string>
#include <vector>

namespace {

thread_local long allocations_left = -1;  // negative: any number

void* allocated(std::size_t size) noexcept {
  if (allocations_left >= 0 && allocations_left-- == 0) return nullptr;
  return std::malloc(size == 0 ? 1 : size);
}

// Calls attempt() with 0, 1, ... allocations until none fails any more, and look() after each.
template <class Attempt, class Look>
void with_ever_more_memory(Attempt attempt, Look look) {
  for (long allowed = 0; allowed < 1000; ++allowed) {
    allocations_left = allowed;
    try {
      attempt();
    } catch (const std::bad_alloc&) {
    }
    const bool done = allocations_left >= 0;
    allocations_left = -1;
    look();
    if (done) return;
  }
  FAIL() << "it never has enough";
}

}  // namespace

// Not inlined, or gcc sees malloc behind one and free behind the other and takes them for mixed up.
GAUNTLET_NOINLINE void* operator new(std::size_t size) {
  if (void* const at = allocated(size)) return at;
  throw std::bad_alloc();
}
GAUNTLET_NOINLINE void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocated(size); }
GAUNTLET_NOINLINE void operator delete(void* at) noexcept { std::free(at); }
GAUNTLET_NOINLINE void operator delete(void* at, std::size_t) noexcept { std::free(at); }
GAUNTLET_NOINLINE void operator delete(void* at, const std::nothrow_t&) noexcept { std::free(at); }

namespace {

using namespace std::chrono_literals;
using gauntlet::allocation_monitor;
using gauntlet::chrome_trace;

TEST(observers_out_of_memory, a_subject_of_a_trace_always_has_a_name) {
  const int map = 0;
  for (const std::string label : {"", "a label that is longer than fits inside a string"}) {
    chrome_trace trace;
    trace.start();
    with_ever_more_memory(
        [&] {
          chrome_trace::record({chrome_trace::phase::instant, "event", "category", {}, {}, &map, {}},
                               "a kind whose name is longer than fits inside a string", label);
        },
        [&] {
          std::ostringstream out;
          trace.write(out);
          EXPECT_EQ(out.str().find("\"of\":\"\""), std::string::npos) << out.str();
        });
    EXPECT_GE(trace.dropped(), 3u);
    trace.stop();
    std::ostringstream out;
    trace.write(out);
    EXPECT_NE(out.str().find(label.empty() ? "inside a string 1\"" : label + "\""), std::string::npos) << out.str();
  }
}

struct world {
  std::chrono::nanoseconds now{0};
  allocation_monitor monitor{
      {.bytes_per_second_max = 1'000'000'000, .samples = 1, .interval = 1s, .clock = [this] { return now; }}};
};

TEST(observers_out_of_memory, a_site_that_could_not_be_made_is_not_there) {
  world w;
  const std::string tag(100, 't');
  with_ever_more_memory([&] { w.monitor.site(tag); },
                        [&] {
                          w.now += 2s;
                          w.monitor.poll();
                        });
  EXPECT_EQ(w.monitor.site("other").allocated_so_far(), 0u);
}

// Every second each site gets as much as is just allowed: no finding, whichever polls lack memory.
TEST(observers_out_of_memory, a_sample_that_was_not_taken_is_not_counted_in_half_the_time) {
  for (int lacking = 2; lacking < 7; ++lacking) {
    world w;
    std::vector<gauntlet::allocation_site*> sites;
    for (const char* name : {"a", "b", "c", "d"}) sites.push_back(&w.monitor.site(name));
    for (int second = 0; second < 200; ++second) {
      w.now += 1s;
      for (gauntlet::allocation_site* each : sites) {
        allocations_left = second % lacking == 0 ? 0 : -1;
        each->allocated(1'000'000'000);  // the first one polls
        allocations_left = -1;
      }
    }
    for (const auto& each : w.monitor.findings()) ADD_FAILURE() << each;
  }
}

}  // namespace
