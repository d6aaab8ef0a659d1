// Where things lie: one reservation at a fixed address holds all memory that controlled code gets from the runtime.
//
//   base ── heap of the code under test ── stacks of its threads ── stacks of the carriers ── end
//
// Fixed, so that addresses are the same in each run and each process: replays compare equal, and code that orders or
// hashes by address does the same thing again. One piece, so that the shadow (memory/shadow.h) finds its cell for an
// address by a subtraction. The program itself is linked without -pie for the same two reasons.
//
// A carrier's stack is hardly used as such; the thread library places the carrier's thread-local storage at its top,
// and thread-local storage of controlled threads must have fixed addresses like everything else (carrier.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include <gauntlet/sched/event.h>

namespace gauntlet::sched::runtime::layout {

inline constexpr std::uintptr_t base = 0x6000'0000'0000;
inline constexpr std::size_t heap_size = std::size_t{256} << 20;
inline constexpr std::size_t stack_size = std::size_t{256} << 10;
inline constexpr std::size_t carrier_size = std::size_t{64} << 10;

inline constexpr std::uintptr_t heap = base;
inline constexpr std::uintptr_t stacks = heap + heap_size;
inline constexpr std::uintptr_t carriers = stacks + threads_max * stack_size;
inline constexpr std::uintptr_t end = carriers + threads_max * carrier_size;
inline constexpr std::size_t size = end - base;

inline constexpr std::uintptr_t stack_of(unsigned thread) noexcept { return stacks + thread * stack_size; }
inline constexpr std::uintptr_t carrier_of(unsigned thread) noexcept { return carriers + thread * carrier_size; }

// Maps the reservation (once). Prints why and aborts where the system refuses.
void map();

// Zero-filled memory of the runtime's own, never given back; pages count when they are touched.
void* own_pages(std::size_t bytes);

}  // namespace gauntlet::sched::runtime::layout
