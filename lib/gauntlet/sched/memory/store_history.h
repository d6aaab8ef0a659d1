// Store histories: the weak memory model. Which of the older stores may a load still see?
//
// A location's history is its last stores, newest last, at most kept_max of them: value, who stored it and when, the
// clock that it published, and who has seen it since. Stores are in modification order as they are executed, and a load
// sees a store that was executed before it. How old that store may be is what the rules say: each names the newest of
// some stores, everything older is out of sight, and among what remains the strategy chooses (choice_kind::store,
// alternative n: the n-th older one of these).
//
// Notation: hb, happens before; S, the one order of all seq_cst operations and fences, which here is the order of
// execution. C++20 [intro.races], [atomics.order], [atomics.fences].
//
// A load sees no store older than
//   (1) its own thread's last store to the location, or the last that hb the load            write-read coherence
//   (2) the store that a load that hb this one has seen, its own thread's earlier ones too    read-read coherence
//   (3) if the load is seq_cst: what is *in S*: a store that is seq_cst, or that a seq_cst load has seen, or that has
//       been stored or seen before (hb) some seq_cst fence
//   (4) if a seq_cst fence hb the load: what was in S before that fence. The last such fence is the one that counts.
//       Its thread may be another one, and so may that of the fence in (3): hb, not program order
//   (5) the newest, once it has seen an old store stale_reads_max times, or while all threads that can run only wait for
//       one another: every store becomes visible in finite time ([intro.progress]), and a spinning reader gets on.
// Then
//   (6) a read-modify-write sees the newest store. A compare-exchange succeeds on the newest store only; it fails by (1)
//       to (5) as a load of its failure order does, on any store that holds another value than the expected one
//   (7) who acquires takes the clock of the store that it saw, not of the newest: hb and races are judged by that. A
//       store begins a release sequence anew, whoever makes it (C++20); a read-modify-write continues it (order.h)
//   (8) a location whose memory is freed, handed out, or written plainly begins anew, and so does one whose memory holds
//       another value, or is accessed in another width, than its newest store says: code without instrumentation wrote
//       it. C++ has no notion of accessing an atomic in two widths.
//
// Why (3) and (4) are enough: C++ wants S to agree with "coherence-ordered before" between operations and around fences
// (P0668). A load that sees a store is coherence-ordered before every later store of the location and before everyone who
// has seen one; with a seq_cst load, or a fence that hb it, on the one side, and what is *in S* on the other side, the
// one must not be behind the other in S. All other pairs agree with the order of execution by themselves.
//
// Allowed by C++ and not modelled, so that a bug which shows only so is not found:
//   - load buffering: a load sees a store that is executed later (LB, and what contains it). That includes values out of
//     thin air, which no implementation shows
//   - a modification order that is not the order of execution (2+2W, S, SB read by RMW, and what contains them)
//   - S against the order of execution, where only weaker operations are between (Z6.U, the example of P0668)
//   - stores that are more than kept_max - 1 stores old
//   - old values of atomics of 16 bytes
//   - weak compare-exchange failing for no reason: the instrumentation does not say which one is weak
//   - consume is acquire
// Old values of plain variables need no model: seeing one is a data race, and reported as such.
//
// Mutexes, condition variables, futexes, thread creation and join order as always: by clocks. The kernel compares a futex
// word with the newest value.
//
// All storage is the runtime's own, is taken as a run needs it, and is forgotten in constant time.
#pragma once

#include <cstdint>

#include <gauntlet/sched/memory/order.h>
#include <gauntlet/sched/runtime/state.h>

namespace gauntlet::sched::runtime {

struct old_store {
  std::uint64_t value;
  std::uint64_t step;  // frozen, as the clock is, when a newer store is made: until then the sync_object has them
  std::uint32_t in_s;  // number that a fence must have to come behind it in S: one more than there were; 0: not in S
  std::uint32_t seen;  // number of the newest sighting, 0: none
  moment when;         // of the storing thread
  int thread;          // nobody: what was there before the history began, before everything
  vector_clock published;
};

namespace history {

inline constexpr std::uint32_t kept_max = 16;
inline constexpr std::uint32_t stale_reads_max = 8;

// What memory holds, and in what width.
struct in_memory {
  std::uint64_t value;
  std::uint32_t size;
};

// The old store that a load sees; null: it sees the newest. Precondition: s.history != 0, which weak memory alone sets.
// O(kept_max * threads that have seen a store).
const old_store* choose(thread& t, const sync_object& s, in_memory now, order o) noexcept;

// The old store by which a compare-exchange fails; null: it sees the newest.
const old_store* choose_other(thread& t, const sync_object& s, in_memory now, std::uint64_t expected, order o) noexcept;

// A store is about to be made, before the thread's and the location's clocks change.
void add(thread& t, sync_object& s, in_memory before, std::uint64_t value, order o) noexcept;

// A sequentially consistent fence has been made.
void add_fence(thread& t) noexcept;

// At the start of each run.
void begin();

}  // namespace history

}  // namespace gauntlet::sched::runtime
