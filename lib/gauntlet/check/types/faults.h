// Injected faults: the exceptions that a program asks for, thrown from inside the map's own calls of hash, equality,
// copy, move and allocation.
//
// Words. A fault is *armed* by the runner: "the n-th event of this kind throws". Events count only inside a *region*,
// which the subject opens around the call of the map and nothing else, so that building the arguments, looking at the
// contents or taking the map apart afterwards never throws. A fault fires once and is then disarmed; one that *lasts*
// (every_allocation) fires at all events from the n-th on, until it is disarmed or worn out: an operation that asks again
// and again is given what it wants in the end, and told on.
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

// What has become of an armed fault.
enum class fate : std::uint8_t {
  unmet,  // it has not fired
  fired,
  worn_out,  // it lasted, and has fired so often that the operation would never have ended
};

struct thread_state {
  std::uint8_t armed = 0;       // 1 + the kind of event; 0: none
  std::uint8_t active = 0;      // the same inside a region; 0 outside
  bool lasts = false;           // fires again and again
  fate so_far = fate::unmet;    // since the last arm()
  std::uint32_t countdown = 0;  // events of that kind until one throws
  std::uint32_t patience = 0;   // of one that lasts: so often it fires
};

inline thread_local constinit thread_state state{};

// Arms a fault for this thread: the (before + 1)-th event of its kind inside a region throws; if the fault lasts, up to
// `patience` of those after it, too.
inline void arm(fault_kind kind, std::uint32_t before, std::uint32_t patience) noexcept {
  state = {.armed = static_cast<std::uint8_t>(1 + static_cast<unsigned>(event_of(kind))),
           .lasts = kind == fault_kind::every_allocation,
           .countdown = before,
           .patience = patience};
}

// Disarms, and tells what has become of the fault.
inline fate disarm() noexcept {
  const fate was = state.so_far;
  state = {};
  return was;
}

inline void fire(fault_kind kind) {
  const bool worn_out = state.lasts && state.patience-- == 0;
  state.so_far = worn_out ? fate::worn_out : fate::fired;
  if (worn_out || !state.lasts) state.armed = state.active = 0;
  if (worn_out) return;
  if (kind == fault_kind::allocation) {
    throw injected_allocation_failure();
  }
  throw injected_fault{kind};
}

// Reports that an event of this kind is about to happen. Throws when it is the one that was armed.
inline void event(fault_kind kind) {
  if (state.active == 1 + static_cast<unsigned>(kind)) [[unlikely]] {
    if (state.countdown != 0) {
      --state.countdown;
    } else {
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
