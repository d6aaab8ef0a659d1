// Injected faults: the exceptions that a program asks for, thrown from inside the map's own calls of hash, equality,
// copy, move and allocation.
//
// Words. A fault is *armed* by the runner: "the n-th event of this kind throws". Events count only inside a *region*,
// which the subject opens around the call of the map and nothing else, so that building the arguments, looking at the
// contents or taking the map apart afterwards never throws. A fault fires once and is then disarmed.
//
// The cost matters, because every hash and every allocation of every fuzzed operation passes here: one thread-local
// byte is compared, nothing else.
#pragma once

#include <cstdint>
#include <new>

#include <gauntlet/check/program/operation.h>

namespace gauntlet::check {

// What an armed fault throws. Not a std::exception, so that no map mistakes it for an error it knows.
struct injected_fault {
  fault_kind kind;
};

// Allocation faults are also what every container expects of an allocator.
struct injected_allocation_failure : std::bad_alloc, injected_fault {
  injected_allocation_failure() : injected_fault{fault_kind::allocation} {}
  const char* what() const noexcept override { return "injected allocation failure"; }
};

namespace faults {

struct thread_state {
  std::uint8_t armed = 0;       // 1 + fault_kind; 0: none
  std::uint8_t active = 0;      // the same inside a region; 0 outside
  bool fired = false;           // since the last arm()
  std::uint32_t countdown = 0;  // events of that kind until one throws
};

inline thread_local constinit thread_state state{};

// Arms a fault for this thread: the (before + 1)-th event of `kind` inside a region throws.
inline void arm(fault_kind kind, std::uint32_t before) noexcept {
  state = {static_cast<std::uint8_t>(1 + static_cast<unsigned>(kind)), 0, false, before};
}

// Disarms, and tells whether the fault had fired.
inline bool disarm() noexcept {
  const bool fired = state.fired;
  state = {};
  return fired;
}

[[noreturn]] inline void fire(fault_kind kind) {
  state.armed = 0;
  state.active = 0;
  state.fired = true;
  if (kind == fault_kind::allocation) {
    throw injected_allocation_failure();
  }
  throw injected_fault{kind};
}

// Reports that an event of this kind is about to happen. Throws when it is the one that was armed.
inline void event(fault_kind kind) {
  if (state.active == 1 + static_cast<unsigned>(kind)) [[unlikely]] {
    if (state.countdown-- == 0) {
      fire(kind);
    }
  }
}

// Faults are active while a region lives. Regions do not nest.
class region {
 public:
  region() noexcept { state.active = state.armed; }
  ~region() { state.active = 0; }
  region(const region&) = delete;
  region& operator=(const region&) = delete;
};

// Ends the current region early: what follows is the caller's work again.
inline void suspend() noexcept { state.active = 0; }

}  // namespace faults
}  // namespace gauntlet::check
