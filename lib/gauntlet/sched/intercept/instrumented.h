// Declarations common to everything that stands in for a function of the C or C++ library.
#pragma once

#include <cstddef>
#include <cstdint>

#include <gauntlet/sched/intercept/real.h>
#include <gauntlet/sched/report/finding.h>
#include <gauntlet/sched/runtime/scheduler.h>

// The return address of the function in which this stands. What instrumentation calls is called by the program.
#define GAUNTLET_SCHED_RETURNS_TO() (reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)))

// Where in the program the call came from, of the function in which this stands.
#define GAUNTLET_SCHED_CALLER()                                                                            \
  (::gauntlet::sched::runtime::program_code(reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)), \
                                            static_cast<const std::uintptr_t*>(__builtin_frame_address(0))))

namespace gauntlet::sched::runtime {

inline std::uintptr_t address_of(const volatile void* p) noexcept { return reinterpret_cast<std::uintptr_t>(p); }

// `caller` if it lies in the program. Calls from the C++ library (std::thread::join, condition_variable::wait) are
// attributed to who called it: the first word above `frame` that looks like a return address into the program, that is,
// that follows a call instruction. For reports only; no decision of the runtime depends on it.
std::uintptr_t program_code_above(const std::uintptr_t* frame) noexcept;
inline bool in_program(std::uintptr_t code) noexcept { return code < std::uintptr_t{1} << 32; }
inline std::uintptr_t program_code(std::uintptr_t caller, const std::uintptr_t* frame) noexcept {
  return in_program(caller) ? caller : program_code_above(frame);
}

// Names every file of intercept/ once, so that an archive is linked with all of them.
void link_interceptions() noexcept;

}  // namespace gauntlet::sched::runtime
