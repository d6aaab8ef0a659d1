// A schedule: every decision of one run that could have been another, as a plain value.
//
// Words. Whenever more than one thing may happen next, the run has a *choice*: which thread runs, which of several
// stores a load sees, whether a weak compare-exchange fails for no reason, whether a timed wait times out now, which
// waiter a notification wakes. Choices are numbered from 1 in order of time. Each has a *default*, alternative 0: the
// thread that ran goes on (or, when it can't, the runnable thread with the lowest number that is not yielding); a load
// sees the newest store; a compare-exchange does not fail for no reason; a timed wait fires only when nothing else can
// happen; the longest waiting thread is woken. What differs from the default is a *deviation*, and a schedule is the
// list of its deviations.
//
// So a schedule is short where little happened, stays meaningful when the program around it shrinks, and is reduced by
// leaving deviations out. A *preemption* is a deviation of kind `thread` at which the running thread could have gone on.
//
// Each deviation also says what the choice looked like when it was recorded (how many alternatives, the kind of event
// that the running thread was about to do). A replay compares: where code has changed, it reports the first choice that
// looks different instead of quietly running something else.
//
// Text form, one deviation a line, read back without loss; lines that start with # and empty lines don't count:
//
//   schedule 1
//   strategy pct 17            how it was found; for the reader
//   allocator reuse            or quarantine: whether freed memory comes back at once
//   memory sequential          or weak: whether loads may see old stores
//   options spurious plain     those of the two that were on; no such line: none
//   plain 4f0018               with plain: a location known from earlier runs to be shared, so choices stand before it
//   at 12 run 2 of 3 before store
//   at 19 read 1 of 2 before load
//   end 84 choices 31 hash 9f3c1d7700ab45e2
//
// The `end` line (how many events, how many choices, hash of all that happened) is optional in what is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gauntlet/sched/event.h>

namespace gauntlet::sched {

inline constexpr unsigned schedule_version = 1;

enum class choice_kind : std::uint8_t {
  thread,    // run:   alternative is the thread's number
  store,     // read:  alternative n is the store n older than the newest
  spurious,  // fail:  alternative 1, a weak compare-exchange or a wait that ends for no reason
  timeout,   // fire:  alternative 1, a timed wait ends now
  waiter,    // wake:  alternative n is the n-th longest waiting thread
};
inline constexpr unsigned choice_kind_count = 5;

struct deviation {
  std::uint32_t at = 0;  // the number of the choice, from 1
  choice_kind kind = choice_kind::thread;
  std::uint8_t alternative = 0;
  std::uint8_t alternatives = 0;         // how many there were when it was recorded; 0: not recorded
  event_kind before = event_kind::none;  // what the running thread was about to do; none: not recorded
  friend bool operator==(const deviation&, const deviation&) = default;
};

enum class reuse : std::uint8_t {
  at_once,     // freed memory is handed out again as soon as possible: shows ABA
  quarantine,  // freed memory is not handed out again in this run: shows every use after free
};
enum class memory_model : std::uint8_t {
  sequential,  // a load sees the newest store; races are still judged by C++ happens-before
  weak,        // a load may see any store that C++ allows, of those that the runtime models (memory/)
};

struct schedule {
  std::string strategy;  // how it was found, for the reader
  reuse allocator = reuse::at_once;
  memory_model memory = memory_model::sequential;
  bool spurious = false;                            // run_options::spurious, which makes choices
  bool plain_points = false;                        // likewise
  std::vector<std::uintptr_t> plain;                // with plain_points: locations known before the run to be shared
  std::vector<deviation> deviations;                // ascending by `at`
  std::uint64_t events = 0, choices = 0, hash = 0;  // of the recorded run; 0: not recorded
  friend bool operator==(const schedule&, const schedule&) = default;
};

// Text form, see above. O(deviations).
std::string print(const schedule& s);

// Reads the text form. On failure gives no schedule and says in `error` which line is wrong and what was expected.
bool parse(std::string_view text, schedule& s, std::string& error);

}  // namespace gauntlet::sched
