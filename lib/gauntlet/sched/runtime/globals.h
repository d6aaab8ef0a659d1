// Globals of the code under test: after each run as they were before it.
//
// Code compiled for control puts its globals into two sections of their own (gauntlet/sched/globals.h does that). What a
// run has written there is visible to the caller afterwards and undone before the next run; what the caller writes there
// between runs stays. So a run starts from the same globals each time, and a test can read results out of them.
//
// Guards of function-local statics that a run has made are cleared together with them, and the destructors that it has
// registered were called at its end (life.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace gauntlet::sched::runtime {

// Before and after each run.
void reset_globals();
void keep_globals();

// A static was made in this run.
void note_guard(void* guard) noexcept;

// The two sections, as address ranges.
struct global_range {
  char* begin;
  std::size_t size;
};
inline constexpr unsigned global_range_count = 2;
global_range global_range_at(unsigned i) noexcept;

template <class Look>
void for_each_global_range(Look look) {
  for (unsigned i = 0; i < global_range_count; ++i) {
    const global_range r = global_range_at(i);
    if (r.size != 0) look(reinterpret_cast<std::uintptr_t>(r.begin), r.size);
  }
}

}  // namespace gauntlet::sched::runtime
