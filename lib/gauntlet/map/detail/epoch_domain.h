// epoch_domain: when may memory be freed that readers, who take no lock, may still be looking at?
//
// Words. A *reader* is a thread that has a guard. To *unlink* an object is to remove the last pointer by which a new
// reader could get at it; it is then *retired*: nobody new will find it, but readers who were there may have. An *epoch*
// is a stretch of time with a number; advance() ends the current one. A retired object's *grace period* is over when no
// reader is left who began in an epoch that had not ended when the object was unlinked. A reader is *stalled* when epochs
// go by and it is still there.
//
// The idea: every thread has a slot of its own, alone on its cache line. A reader writes the number of the current epoch
// there, and zero when it leaves. Who has unlinked something ends the epoch e in which it did so; once every slot holds
// zero or a number greater than e, nobody can have seen it, and it may be freed. Readers write nothing else and wait for
// nobody; nothing runs in the background; whoever retires does the looking, and for many objects at a time. One look
// proves what it proves for everybody: that all epochs before some number are over.
//
//   reader                             who frees
//   e = epoch                          unlink
//   slot = e            [announce]     e = epoch++            [epoch]
//   read pointers                      process barrier
//   slot = 0            [leave]        each slot: 0 or > e ?  [slots]
//                                      free
//
// Between the announcement and the first pointer that it reads, a reader would need a fence. Where the kernel can make
// all threads pass one (process_barrier.h) it is made by who frees; elsewhere announcements are sequentially consistent
// stores.
//
// Requires: the pointers by which readers get at objects are loaded, and stored to unlink, in memory_order_seq_cst, and
// who unlinks does so before it calls advance (in one thread, or one lock after the other).
//
// Why it is safe. Take a reader and an object that was unlinked before epoch e was ended, and a look at the reader's
// slot, after that and after the barrier, that says "free":
//   - the slot was zero and the reader announces itself later. Without a process barrier: in the one order of all
//     sequentially consistent operations the look comes before the announcement, the unlinking before the look, and the
//     reader's loads after its announcement: they see the unlinking. With one: the announcement was not finished at the
//     moment of the barrier, so the loads behind it began after that moment, and see what was stored before. It cannot
//     get at the object;
//   - the slot was zero because the reader had left: acquire and release on the slot put all its reading before the
//     freeing;
//   - the slot held a number > e: the reader has read the epoch from the read-modify-write that ended e, or from a
//     later one of the same release sequence, so what was done before it, the unlinking, is visible to it. And what the
//     same slot's thread read under earlier guards lies before its newest store, which releases.
// A reader that is late, that writes a number which has long been passed, only makes others wait longer. A look that
// finds a reader needs no barrier: it says no. A barrier that fails proves nothing: nothing is over that was not before.
//
// The hard case is the reader that stays. No scheme can free what it may be looking at; so what is unreclaimed must be
// bounded by those who retire: they ask `is_over`, and wait when they have retired enough (rcu_map says how much).
// statistics() names the slowest reader, so that somebody can do something about it.
//
// Threads. A slot belongs to a thread's number (thread_slot.h), not to a thread: nothing has to be registered, a thread
// that ends leaves nothing behind, and a thread that comes later uses its slot. A thread may have several guards of one
// domain, which end in any order: it is a reader, in the epoch of the first, until the last of them has ended. A slot
// counts its guards.
//
// Promises:
//  (1) what is freed after is_over(advance()), both called after the unlinking, was seen by no reader that is still
//      there;
//  (2) a reader writes to its own slot only, and waits for nobody. The first guard of a thread whose number is 16 or
//      more may allocate slots, and then may throw std::bad_alloc; every other one is a handful of instructions, where
//      there is no process barrier among them one sequentially consistent store;
//  (3) epochs end only by advance(), and nothing is decided by a clock: the same schedule, the same frees;
//  (4) synchronize() returns when everybody who was reading at the call has left; who calls it as a reader waits for
//      itself, and that is reported as misuse. If the kernel takes the process barrier back that it has granted, nothing
//      is over any more, and it does not return.
//
// Costs: 64 bytes for each of 16 threads within the domain, and for others from operator new; a look visits the slots
// of all threads that ever were there at one time, and makes one call of the kernel unless it says no, or an earlier one
// has proved enough.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <thread>

#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/process_barrier.h>
#include <gauntlet/map/detail/thread_slot.h>
#include <gauntlet/map/misuse.h>

namespace gauntlet::detail {

// One that is never destroyed, or after everybody who uses it: what it has allocated is not freed.
template <class Barrier>
class lasting_epoch_domain {
 protected:
  struct alignas(64) slot {
    std::atomic<std::uint64_t> began{0};  // epoch in which the thread began to read, 0: it does not
    std::size_t guards = 0;               // of the thread that has the slot's number; nobody else's affair
  };

 public:
  // Reads from its construction to its destruction, in one thread. Those of one thread may end in any order.
  class guard {
   public:
    GAUNTLET_ALWAYS_INLINE explicit guard(const lasting_epoch_domain& domain)
        : slot_(domain.slot_of(number_.number())) {
      if (slot_.guards++ == 0) domain.announce(slot_.began);
    }
    GAUNTLET_ALWAYS_INLINE ~guard() {
      // [leave] pairs with [slots]: all reading is over.
      if (--slot_.guards == 0) slot_.began.store(0, std::memory_order_release);
    }
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;

   private:
    thread_slot number_;
    slot& slot_;
  };

  struct statistics {
    std::uint64_t epoch = 0;        // epochs begun so far
    std::size_t readers = 0;        // threads that are reading
    std::uint64_t slowest_lag = 0;  // epochs that have ended since the slowest of them began
    unsigned slowest_slot = 0;      // and its number (thread_slot.h); meaningless without readers
    std::uint64_t synchronizations = 0;
  };

  constexpr lasting_epoch_domain() = default;
  lasting_epoch_domain(const lasting_epoch_domain&) = delete;
  lasting_epoch_domain& operator=(const lasting_epoch_domain&) = delete;

  // Ends the current epoch and returns its number. One read-modify-write.
  std::uint64_t advance() noexcept {
    // [epoch] pairs with [announce]: who reads the new number sees what was unlinked before. Acquire is not needed.
    return epoch_.fetch_add(1, std::memory_order_release);
  }

  // Whether nobody is left who began to read in this epoch or an earlier one. It must have ended before the call: by
  // the caller's advance(), or by one that happens before. O(threads).
  bool is_over(std::uint64_t epoch) const noexcept {
    // [over] pairs with [proof].
    if (over_before_.load(std::memory_order_acquire) > epoch) return true;
    if (Barrier::is_there() && earliest_announced() <= epoch) return false;
    return oldest_reader() > epoch;
  }

  // A number before which all epochs are over: that of the epoch in which the oldest reader began, or of the current
  // one if there is none; less than that if nothing can be proved. O(threads).
  std::uint64_t oldest_reader() const noexcept {
    std::uint64_t proved = over_before_.load(std::memory_order_acquire);  // [over]
    const std::uint64_t now = epoch_.load(std::memory_order_acquire);     // [epoch]: what was unlinked before
    if (!Barrier::pass()) return proved;
    const std::uint64_t oldest = std::min(now, earliest_announced());
    // [proof] pairs with [over]: that what the readers of those epochs did is over. Who raises it further adds to it.
    while (proved < oldest &&
           !over_before_.compare_exchange_weak(proved, oldest, std::memory_order_release, std::memory_order_acquire)) {
    }
    return std::max(proved, oldest);
  }

  // Waits until everybody has left who is reading now. Requires: the calling thread is not reading.
  void synchronize() {
    if (is_read_by_this_thread()) report_waiting_for_oneself();
    const std::uint64_t epoch = advance();
    synchronizations_.fetch_add(1, std::memory_order_relaxed);  // [synchronizations] pairs with nothing: a counter
    while (!is_over(epoch)) std::this_thread::yield();
  }

  bool is_read_by_this_thread() const noexcept {
    const unsigned number = thread_slot::number_if_any();
    const slot* const own = number < thread_slots_max ? slot_if_any(number) : nullptr;
    return own != nullptr && own->began.load(std::memory_order_relaxed) != 0;
  }

  // What was so at some moment during the call. O(threads).
  statistics stats() const noexcept {
    statistics now;
    now.epoch = epoch_.load(std::memory_order_relaxed);
    now.synchronizations = synchronizations_.load(std::memory_order_relaxed);
    each_reader([&now](unsigned number, std::uint64_t began) {
      const std::uint64_t lag = now.epoch > began ? now.epoch - began : 0;
      if (now.readers == 0 || lag > now.slowest_lag) now.slowest_lag = lag, now.slowest_slot = number;
      ++now.readers;
    });
    return now;
  }

 private:
  static constexpr unsigned slots_within = 16;
  static constexpr unsigned chunk_count = std::bit_width(thread_slots_max / slots_within) - 1;  // doubling in size

  GAUNTLET_ALWAYS_INLINE void announce(std::atomic<std::uint64_t>& began) const noexcept {
    // [announce] pairs with [epoch] and [slots]. With the former, by acquire: what was unlinked before this epoch began
    // is visible. With the latter, by the process barrier or the one order of seq_cst: see above. The store also
    // releases what this thread read under earlier guards.
    const std::uint64_t now = epoch_.load(std::memory_order_acquire);
    if (GAUNTLET_LIKELY(Barrier::is_there())) {
      began.store(now, std::memory_order_release);
      std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
      began.store(now, std::memory_order_seq_cst);
    }
  }

  GAUNTLET_ALWAYS_INLINE slot& slot_of(unsigned number) const {
    return GAUNTLET_LIKELY(number < slots_within) ? within_[number] : slot_in_chunk(number);
  }
  // Chunk c holds the slots from 16 * 2^c on, as many as there are before it.
  static unsigned chunk_of(unsigned number) noexcept {
    return static_cast<unsigned>(std::bit_width(number / slots_within)) - 1;
  }
  static constexpr unsigned first_of(unsigned c) noexcept { return slots_within << c; }

  GAUNTLET_NOINLINE slot& slot_in_chunk(unsigned number) const {
    const unsigned c = chunk_of(number);
    const unsigned first = first_of(c);
    // [chunk] pairs with itself: who finds the chunk finds its slots initialised; seq_cst for each_reader.
    slot* chunk = chunks_[c].load(std::memory_order_seq_cst);
    if (chunk == nullptr) {
      auto* const fresh = new slot[first];
      if (chunks_[c].compare_exchange_strong(chunk, fresh, std::memory_order_seq_cst, std::memory_order_seq_cst)) {
        chunk = fresh;
      } else {
        delete[] fresh;
      }
    }
    return chunk[number - first];
  }

  const slot* slot_if_any(unsigned number) const noexcept {
    if (number < slots_within) return &within_[number];
    const slot* const chunk = chunks_[chunk_of(number)].load(std::memory_order_acquire);  // [chunk]
    return chunk != nullptr ? chunk + (number - first_of(chunk_of(number))) : nullptr;
  }

  // Calls look(number, began) for each slot whose thread reads. A chunk that is not seen has no reader that counts: it
  // was published before its slot was written, so the argument about an announcement after the look covers it.
  template <class Look>
  void each_reader(Look look) const noexcept {
    // [slots] pairs with [leave] and [announce]: acquire, what the reader read lies before; seq_cst, see above.
    for (unsigned i = 0; i < slots_within; ++i) {
      const std::uint64_t began = within_[i].began.load(std::memory_order_seq_cst);
      if (began != 0) look(i, began);
    }
    for (unsigned c = 0; c < chunk_count; ++c) {
      const slot* const chunk = chunks_[c].load(std::memory_order_seq_cst);  // [chunk]
      if (chunk == nullptr) continue;
      for (unsigned i = 0; i < first_of(c); ++i) {
        const std::uint64_t began = chunk[i].began.load(std::memory_order_seq_cst);
        if (began != 0) look(first_of(c) + i, began);
      }
    }
  }
  std::uint64_t earliest_announced() const noexcept {
    std::uint64_t earliest = std::numeric_limits<std::uint64_t>::max();
    each_reader([&earliest](unsigned, std::uint64_t began) { earliest = std::min(earliest, began); });
    return earliest;
  }

  [[noreturn]] GAUNTLET_NOINLINE static void report_waiting_for_oneself() {
    misuse_report report;
    report.kind = misuse_kind::reentry;
    report.operation = "synchronize";
    report.other_operation = "reading";
    report.thread = report.other_thread = thread_number();
    report.map_state = "being read by this thread: without this report it would wait for itself";
    report_misuse(report);
  }

  alignas(64) std::atomic<std::uint64_t> epoch_{1};
  mutable std::array<slot, slots_within> within_{};
  // Not on the line of the epoch, which every reader loads.
  alignas(64) mutable std::atomic<std::uint64_t> over_before_{1};  // all epochs before this one are over; only goes up
  std::atomic<std::uint64_t> synchronizations_{0};

 protected:
  mutable std::array<std::atomic<slot*>, chunk_count> chunks_{};
};

template <class Barrier>
class basic_epoch_domain : public lasting_epoch_domain<Barrier> {
 public:
  basic_epoch_domain() = default;
  // No reader is left.
  ~basic_epoch_domain() {
    for (auto& chunk : this->chunks_) delete[] chunk.load(std::memory_order_relaxed);
  }
  basic_epoch_domain(const basic_epoch_domain&) = delete;
  basic_epoch_domain& operator=(const basic_epoch_domain&) = delete;
};
using epoch_domain = basic_epoch_domain<process_barrier>;

}  // namespace gauntlet::detail
