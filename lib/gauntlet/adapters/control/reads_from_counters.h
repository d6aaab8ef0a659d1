// Reads-from pairs as coverage: which code saw the value of which code, as counters that a fuzzing engine watches.
//
// Edges say what code ran; two schedules of one program mostly run the same. What differs is who saw whose write. Each
// pair (code that wrote, code that read, or took a lock after it was last taken) counts in one of some thousand
// counters in the section that libFuzzer adds to its own, `__libfuzzer_extra_counters`. Locations don't take part: the
// same code does the same to every element, and more counters than behaviours is what makes a corpus grow for nothing.
#pragma once

#include <array>
#include <cstdint>

#include <gauntlet/sched/event.h>

namespace gauntlet::adapters {

class reads_from_counters {
 public:
  // The engine's counters are the process's, and so is who wrote last: making a table for each run would cost more than
  // many runs do.
  static reads_from_counters& of_this_process() noexcept {
    static reads_from_counters counters;
    return counters;
  }
  void begin() noexcept { ++run_; }
  // O(1).
  void happened(const sched::event& e) noexcept;

 private:
  static constexpr std::size_t writer_slots = 1024;
  struct written {
    std::uintptr_t location = 0, code = 0;
    std::uint64_t run = 0;
  };
  std::array<written, writer_slots> writers_{};  // by hash; a collision forgets the older one
  std::uint64_t run_ = 0;
};

}  // namespace gauntlet::adapters
