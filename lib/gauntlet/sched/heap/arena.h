// The heap of the code under test: deterministic, watched, gone after the run.
//
// Blocks come from one fixed range, in size classes, with a header of 16 bytes before each. A run starts with an empty
// range, in constant time. Freed memory is marked in the shadow: touching it is a use after free, with who freed it and
// where. Whether it is handed out again at once (the last freed block of a class first: what makes ABA happen) or not
// again in this run is run_options::allocator.
//
// Within a run, the same requests in the same order give the same addresses, and fresh memory holds the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gauntlet::sched::runtime::arena {

// At the start of each run.
void begin() noexcept;

// Null where the range is exhausted. `alignment` is a power of two. `code` asked for it.
void* allocate(std::size_t size, std::size_t alignment, std::uintptr_t code) noexcept;

// Frees; ends the run where p is freed already or was never allocated.
void release(void* p, std::uintptr_t code) noexcept;

bool owns(const volatile void* p) noexcept;
std::size_t size_of(const void* p) noexcept;

// Blocks that are still allocated.
std::size_t live() noexcept;

// A block that is still allocated and that no global of the code under test leads to, directly or through other blocks;
// `count` of them and their bytes. Called after the run.
struct leaked {
  std::size_t count = 0, bytes = 0;
  std::uintptr_t code = 0;  // of the oldest
  std::uint8_t thread = 0;
  static constexpr unsigned calls_max = 4;
  std::uintptr_t calls[calls_max] = {};  // that led to `code`, the innermost first; 0: there is none
};
leaked find_leaks();

}  // namespace gauntlet::sched::runtime::arena
