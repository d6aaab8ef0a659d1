// Strategy: the small interface behind which every way of choosing an interleaving hides. Who runs next?
//
// The runtime asks only when there is something to choose, and tells what happens, in this order:
//
//   begin(run)                       a run starts; the strategy draws what it needs from run.rng_seed
//   created(thread)                  a thread exists (0 first)
//   pick(choice)                     index into choice.runnable
//   pick_alternative(kind, n)        another kind of choice (schedule.h): 0 is the default
//   happened(event)                  an event has been done, in order of time
//   yielded(thread)                  it spins or yields: it waits for others, who should get on
//   end(events, found_bug)           the run is over
//
// Rules. A strategy decides by what it is told and by its rng_seed alone, so one seed gives one run. It must not
// allocate between begin and end except into storage that it keeps (its calls happen inside the controlled run, though
// never on a controlled thread's stack of instrumented code). What it learns from run to run (a pool of pairs, the
// length of runs) is its own state, and a run is replayed from its schedule, never by asking the strategy again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <gauntlet/sched/event.h>
#include <gauntlet/sched/random.h>
#include <gauntlet/sched/schedule.h>

namespace gauntlet::sched {

struct run_start {
  std::uint64_t rng_seed = 1;
  std::uint64_t number = 0;  // of the run, in this process
  memory_model memory = memory_model::sequential;
};

struct thread_choice {
  std::span<const thread_id> runnable;  // at least two, ascending
  thread_id running;                    // the thread that ran last
  bool running_can_go_on;               // it is among the runnable
  std::span<const event> pending;       // by thread number: what each is about to do
  std::uint64_t step;                   // number of the event about to happen
};

class strategy {
 public:
  virtual ~strategy() = default;
  // Name with parameters, as schedules print it: "random_walk", "pct 3".
  virtual std::string name() const = 0;
  virtual void begin(const run_start&) {}
  virtual void created(thread_id) {}
  virtual std::size_t pick(const thread_choice& choice) = 0;
  // Default: the newest store in three of four loads, otherwise any; a spurious failure once in 16; a timeout once in
  // 8; any waiter. Every fourth run on average is a stale one: half of its loads see the oldest store there is, because
  // some bugs need several old values in a row. By a generator of its own, restarted by begin_alternatives.
  virtual std::size_t pick_alternative(choice_kind kind, std::size_t alternatives);
  virtual void happened(const event&) {}
  virtual void yielded(thread_id) {}
  virtual void end(std::uint64_t /*events*/, bool /*found_bug*/) {}

  void begin_alternatives(std::uint64_t rng_seed) noexcept;

 protected:
  random alternatives_random_{1};
  bool stale_run_ = false;
};

}  // namespace gauntlet::sched
