// The loop over a program's operations, one `execution` a program (execution.h).
//
// Steps nest in walks: a walk's body is run by its visits, so the loop runs one operation at a time and is told by it
// where the next one is. A fault waits for the operation after it. The bounds on single operations, on visits and on
// what they cost keep every program short.
//
// At the end come a comparison of everything and the books: lifetimes and allocations must balance. The model's memory
// is kept between runs.
#include <gauntlet/check/run/runner.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <gauntlet/check/run/execution.h>
#include <gauntlet/check/run/recording.h>
#include <gauntlet/check/types/faults.h>
#include <gauntlet/check/types/tracked.h>

namespace gauntlet::check {
namespace {

constexpr std::uint64_t single_operations_max = 1 << 15;
// Calls of hash and equality, and probes: what a program of that many operations on right maps and good hashes is far
// from, and what thousands of colliding keys, moved from map to map, reach within seconds.
constexpr std::uint64_t work_max = 1 << 25;

// [steps] Relaxed: read when whoever tells is gone, or hangs.
std::atomic<std::uint64_t>* steps_told_at = nullptr;
void tell_step(std::size_t step) noexcept {
  if (steps_told_at != nullptr) steps_told_at->store(step, std::memory_order_relaxed);
}

}  // namespace

void tell_steps_at(std::atomic<std::uint64_t>* place) noexcept { steps_told_at = place; }

coverage_table& coverage() noexcept {
  static coverage_table table;
  return table;
}

verdict execution::run() {
  lifetimes.clear_error();
  faults::disarm();
  std::size_t at = 0;
  while (at < program_.operations.size() && held()) {
    at = run_at(at, program_.operations.size(), nullptr);
  }
  tell_step(program_.operations.size());
  if (held()) {
    compare_all();
  }
  if (held()) {
    finish();
  }
  lifetimes.clear_error();
  verdict_.operations_run = single_operations_;
  return std::move(verdict_);
}

std::size_t execution::run_at(std::size_t at, std::size_t end, frame* inside) {
  const operation& o = program_.operations[at];
  const bool walks = o.code == opcode::walk || o.code == opcode::iterate;
  const std::size_t next = std::min(end, at + 1 + (walks ? body_size(program_, at) : 0));
  step_ = at;
  tell_step(at);
  if (is_banned(program_.header.banned, o.code) || single_operations_ >= single_operations_max ||
      budget_.spent() >= work_max) {
    count(o.code, outcome::left_out);
  } else if (walks) {
    run_walk(o, at + 1, next, inside);
  } else if (o.code == opcode::fault) {
    fault_ = &o;
    count(o.code, outcome::done);
  } else if (o.code == opcode::stop) {
    count(o.code, inside == nullptr ? outcome::left_out : outcome::done);
  } else {
    run_operation(o, inside);
  }
  return next;
}

void execution::finish() {
  if (std::string wrong = subject_.finish(); !wrong.empty()) {
    const bool objects = wrong.find("objects") != std::string::npos;
    std::string place = wrong.substr(0, wrong.find(':'));
    fail(objects ? failure_kind::lifetime : failure_kind::allocator, std::move(place),
         "after the maps were destroyed: " + wrong);
  } else if (lifetimes.error() != nullptr) {
    fail(failure_kind::lifetime, lifetimes.error(),
         std::string("while the maps were destroyed: an object was ") + lifetimes.error());
  }
}

verdict run(const program& p, const subject_factory& make, const run_options& options) {
  static thread_local scratch kept;
  const std::unique_ptr<subject> s = make_for_run(make, p.header);
  return execution(p, *s, options, kept).run();
}

}  // namespace gauntlet::check
