// A strategy that watches the runs which another one decides, and changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <gauntlet/sched/strategy.h>

namespace gauntlet::adapters {

class observing : public sched::strategy {
 public:
  // `decides` must outlive the runs.
  explicit observing(sched::strategy& decides) : decides_(decides) {}

  std::string name() const override { return decides_.name(); }
  void begin(const sched::run_start& start) override { decides_.begin(start); }
  void created(sched::thread_id thread) override { decides_.created(thread); }
  std::size_t pick(const sched::thread_choice& choice) override { return decides_.pick(choice); }
  std::size_t pick_alternative(sched::choice_kind kind, std::size_t alternatives) override {
    return decides_.pick_alternative(kind, alternatives);
  }
  void happened(const sched::event& e) override { decides_.happened(e); }
  void yielded(sched::thread_id thread) override { decides_.yielded(thread); }
  void end(std::uint64_t events, bool found_bug) override { decides_.end(events, found_bug); }

 private:
  sched::strategy& decides_;
};

}  // namespace gauntlet::adapters
