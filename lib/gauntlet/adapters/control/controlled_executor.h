// The executor (check/run/concurrent_executor.h) whose threads, heap and time belong to the controlled scheduler.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gauntlet/adapters/control/course.h>
#include <gauntlet/check/program/program.h>
#include <gauntlet/check/run/concurrent_executor.h>
#include <gauntlet/check/run/concurrent_runner.h>
#include <gauntlet/sched/run.h>

namespace gauntlet::adapters {

class controlled_executor final : public check::concurrent_executor {
 public:
  // Where the lanes' operations begin and end, in steps of the run.
  struct mark {
    std::uint64_t step;
    unsigned thread;
    unsigned where;
    std::size_t source;
    bool begins;
  };

  controlled_executor(sched::strategy& decides, const sched::run_options& options);
  // Where the threads are is said there, too; it must outlive the runs.
  controlled_executor(sched::strategy& decides, const sched::run_options& options, places& at);

  check::verdict run(const std::function<void()>& body, bool& completed) override;
  void at_once(unsigned count, const std::function<void(unsigned)>& lane) override;
  bool knows_what_happens_before() const override { return true; }
  check::moments seen() const override;
  std::uint64_t steps() const override { return sched::now(); }
  bool tells() const override { return options_.record_trace; }
  void begins(unsigned where, std::size_t source, start& starts) override;
  void ends(unsigned where, std::size_t source) override;
  void shows(const std::vector<check::element>& shown) override;
  void recorded(const check::history& all, std::string_view state) override;

  const sched::outcome& outcome() const noexcept { return outcome_; }
  const std::vector<mark>& marks() const noexcept { return marks_; }
  const check::history& history() const noexcept { return history_; }
  const std::string& state() const noexcept { return state_; }

 private:
  static constexpr std::uint64_t not_begun = ~std::uint64_t{0};

  // Whether the run was stopped for its length alone: no operation had been under way for most of it, or the threads got
  // on to the last. A program of a hundred operations on keys that all collide is as long, and right, and so is a walk that
  // looks each element up that comes next.
  bool was_only_long() const;

  // An operation that was called and has done nothing yet.
  struct called {
    controlled_executor* executor = nullptr;
    start* starts = nullptr;
    mark begins{};
  };
  static void does_its_first_event(void* of);
  void has_begun(called& operation);

  // Room was made before the run: inside it, the vector would grow in the run's own heap.
  void note(const mark& m) {
    if (tells() && marks_.size() < marks_.capacity()) marks_.push_back(m);
  }

  sched::strategy& decides_;
  sched::run_options options_;
  places* at_ = nullptr;
  sched::outcome outcome_;
  std::vector<mark> marks_;
  check::history history_;
  std::string state_;
  // By thread as the history counts them, the scheduler's number, -1 until it runs: the map may start threads, too.
  std::array<int, check::awareness_width> threads_{};
  std::array<std::uint64_t, check::awareness_width> begun_{};  // by lane: the step at which its operation began
  std::array<called, check::awareness_width> called_{};        // by lane
  // The step at which an operation ended last, or a walk showed a key that it had not shown before.
  std::uint64_t got_on_ = 0;
};

// One repetition under the executor. What stands before and after the threads is interleaved with nothing, and costs events
// all the same: a count there means a few keys.
check::concurrent_options once_with(controlled_executor& executor);

// What a run deviated from the default in, as a program holds it.
std::vector<check::decision> decisions_of(const sched::schedule& s);

// What the scheduler found, as the judge says it.
check::verdict verdict_of(const sched::outcome& o);

}  // namespace gauntlet::adapters
