// The shadow: for each 8 bytes of memory, who accessed them last. Finds data races and uses of freed memory.
//
// A *cell* holds up to four *records*: thread, moment (clock.h), bytes, kind, code. A new access is compared with those
// of other threads: two accesses to a common byte, at least one a write, not both atomic, and the older one not before
// the newer one by the clocks: a data race in the sense of C++, whatever the order in this run. Records that the new
// access makes redundant are replaced; where all four are needed, the one that the run's counter points at goes (as in
// ThreadSanitizer: what is lost is a race that another schedule shows).
//
// A thread that does the same again in the same moment has nothing new to find: the common case, and the fast one.
//
// Cells are found by subtraction for the reservation (layout.h) and for the executable's globals, and by a hash table
// for the rest (the caller's stack and heap, libraries' data). A cell of an older run counts as empty.
//
// Beside the cells of the reservation stands a *note* of four bytes for each: in which run the cell was last used, and
// whether an access must look at it even while no other thread exists (freed memory, atomics and locks). Most accesses
// of a test body are of that time, and sixteen notes share the line that one cell fills.
#pragma once

#include <cstddef>
#include <cstdint>

#include <gauntlet/sched/runtime/layout.h>
#include <gauntlet/sched/runtime/state.h>

namespace gauntlet::sched::runtime {

// Giving memory back is a write to all of it: whoever uses it at the same time has a race.
enum class access : std::uint8_t { read = 0, write = 1, atomic_read = 2, atomic_write = 3, free = 5 };
constexpr bool is_write(access a) noexcept { return (static_cast<unsigned>(a) & 1U) != 0; }
constexpr bool is_atomic(access a) noexcept { return (static_cast<unsigned>(a) & 2U) != 0; }

struct access_record {
  moment when;
  std::uint32_t code;  // the executable lies below 4 GiB; 0 where it was not the executable
  std::uint8_t thread;
  access kind;
  std::uint8_t bytes;  // one bit per byte of the 8
  std::uint8_t unused;
};

struct alignas(64) shadow_cell {
  std::uint32_t generation;  // of the last use, outside of the reservation
  std::uint8_t count;
  bool freed;                 // then records[0] says by whom and where
  bool is_shared;             // plain accesses of several threads meet here; kept from run to run (plain_points)
  std::uint8_t first_thread;  // that touched it plainly, plus one
  std::uint32_t sync;         // number of the first sync_object here, 0: none
  std::uint32_t met;          // run in which the sharing was learned or last noted as used
  access_record records[4];
};
static_assert(sizeof(shadow_cell) == 64);

struct shadow_regions {
  shadow_cell* reserved = nullptr;
  std::uint32_t* notes = nullptr;  // of the reservation: the run, times two, plus one if always_looked_at
  shadow_cell* globals = nullptr;
  std::uintptr_t globals_begin = 0;
  std::size_t globals_size = 0;
};
extern shadow_regions shadow;

// Once, and at the start of each run.
void start_shadow();
void begin_shadow();

// The cell of an address outside of the reservation.
shadow_cell& cell_elsewhere(std::uintptr_t address) noexcept;

inline void start_anew(shadow_cell& cell) noexcept {
  cell.count = 0;
  cell.freed = false;
  cell.first_thread = 0;
  cell.sync = 0;
}

inline shadow_cell& cell_at(std::uintptr_t address) noexcept {
  const std::uintptr_t offset = address - layout::base;
  if (offset >= layout::size) [[unlikely]]
    return cell_elsewhere(address);
  shadow_cell& cell = shadow.reserved[offset >> 3];
  if (std::uint32_t& note = shadow.notes[offset >> 3]; (note ^ the_run.generation << 1) > 1) [[unlikely]] {
    note = the_run.generation << 1;
    start_anew(cell);
  }
  return cell;
}

// The cell of an address in use in this run has to be looked at by every access from now on.
inline void always_look_at(std::uintptr_t address) noexcept {
  if (const std::uintptr_t offset = address - layout::base; offset < layout::size)
    shadow.notes[offset >> 3] = the_run.generation << 1 | 1U;
}

// Whether an access can neither race, because no other thread exists, nor touch anything that tells of itself. While the
// first thread is alone, before it creates others and after it has joined all of them, nothing it does can race: what
// comes before a creation is before all of the new thread, and all of a joined thread is before what follows. So
// nothing needs to be remembered either. It is most of what a test body does: it makes and destroys what it tests.
inline bool concerns_nobody(std::uintptr_t address, std::size_t size) noexcept {
  if (the_run.unjoined != 0) return false;
  const std::uintptr_t offset = address - layout::base;
  return offset < layout::size && (address & 7) + size <= 8 &&
         shadow.notes[offset >> 3] != (the_run.generation << 1 | 1U);
}

// Judges an access by the running thread. With judge_frees, a race with `free` is told where races are not judged, too: in
// another schedule it is a use after the free.
void judge(std::uintptr_t address, std::size_t size, access kind, std::uintptr_t code) noexcept;

// Whether the 8 bytes of an address are known to be touched by several threads: from earlier runs, which is noted in
// shared_used, or by now. Learns it. Only the reservation and the program's globals are remembered from run to run.
bool known_shared(std::uintptr_t address) noexcept;

// Freed: every access from now on is one of freed memory. Forgotten: a new object will live there.
void mark_freed(std::uintptr_t address, std::size_t size, std::uintptr_t code) noexcept;
void forget(std::uintptr_t address, std::size_t size) noexcept;

}  // namespace gauntlet::sched::runtime
