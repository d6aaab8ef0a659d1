// Epochs: when may memory that readers could still be looking at be freed? Readers never wait and never write to a line
// that another thread writes.
//
// Words. A thread is *reading* while it has an epochs::guard. The *clock* is a number that only goes up. A reading thread
// has *announced* the time at which it began, in a *slot*: a cache line that belongs to this thread alone. What is
// *unlinked* cannot be reached any more by whoever begins to read now.
//
// The idea. Who has unlinked something makes the clock go on: advance() gives the time t before that. A thread that
// announces a later time has seen the clock's advance and so what was unlinked before it. So once every announced time is
// later than t (oldest_reader() > t), nobody looks at it any more. Announcing is a load and a store; nothing is
// allocated and nothing registered but, once in a thread's life, its slot. One clock serves all maps of a process: a
// guard that lives long holds up what others want to free, never what they do.
//
// The hard case is the announcement that comes too late: a reader has loaded a pointer, and its announcement is not
// visible yet to who looks whether somebody reads. Between storing the announcement and loading a pointer the processor
// must finish the store. Where the kernel can make every processor of this process do so at the moment when somebody
// wants to free (Linux: membarrier), readers only keep the compiler from reordering: that moment comes once in many
// operations, announcements in each. Elsewhere, and under instrumentation, which does not know of such a barrier,
// announcements are sequentially consistent stores.
//
// Promises:
//  (1) what was unlinked (by sequentially consistent operations) before advance() returned t is not reached by any
//      reading thread once oldest_reader() > t has been seen;
//  (2) beginning and ending to read take a bounded number of steps, but for a thread's first time, which looks for a
//      slot and takes memory for more of them when over 64 threads have one; it throws when there is none;
//  (3) guards nest, within one map and across maps: the outermost one counts.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include <gauntlet/map/detail/attributes.h>

#if defined(__linux__) && defined(__x86_64__) && !GAUNTLET_THREAD_SANITIZER
#define GAUNTLET_PROCESS_BARRIER 1
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#define GAUNTLET_PROCESS_BARRIER 0
#endif

namespace gauntlet::detail {

class epochs {
  static constexpr std::size_t cache_line = 64;
  static constexpr std::uint64_t not_reading = 0;

  struct alignas(cache_line) slot {
    std::atomic<std::uint64_t> announced{not_reading};
    std::atomic<bool> taken{false};
  };
  // Blocks are never freed: who looks through them needs no protection itself.
  struct block {
    static constexpr std::size_t size = 64;
    slot slots[size];
    alignas(cache_line) std::atomic<std::size_t> used{0};  // slots that ever had a thread, in order; may run past size
    std::atomic<block*> next{nullptr};
  };
  struct state {
    slot* own;
    std::size_t depth;  // of guards
    bool barrier_by_others;
    bool ending;  // the thread's slot has been given back for good: one is taken for each guard
  };

 public:
  class guard {
   public:
    guard() {
      state& self = this_thread();
      if (self.depth == 0) begin(self);
      ++self.depth;
    }
    ~guard() {
      state& self = this_thread();
      if (--self.depth == 0) end(self);
    }
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
  };

  // The time until now; the clock goes on. For whoever has unlinked something.
  static std::uint64_t advance() noexcept {
    // [clock] pairs with [begin]: a reader that sees the later time sees what was unlinked.
    return clock().fetch_add(1, std::memory_order_seq_cst);
  }

  // The earliest announced time; later than any when nobody reads. O(threads), and a call of the kernel.
  static std::uint64_t oldest_reader() noexcept {
    barrier_of_all();
    std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
    for (block* each = &first_block(); each != nullptr; each = each->next.load(std::memory_order_seq_cst)) {
      // [slots used] pairs with [slot new] and [slot counted]: a thread that is not counted yet has not loaded anything yet.
      const std::size_t used = std::min(each->used.load(std::memory_order_seq_cst), block::size);
      for (std::size_t i = 0; i < used; ++i) {
        // [look] pairs with [begin] and [end]: either it sees the announcement or the reader loads later, what is linked;
        // and what a reader did is over when it is seen to have ended.
        const std::uint64_t time = each->slots[i].announced.load(std::memory_order_seq_cst);
        if (time != not_reading) oldest = std::min(oldest, time);
      }
    }
    return oldest;
  }

 private:
  // Constant-initialised and trivially destroyed: there before and after all others that live as long as the process.
  static std::atomic<std::uint64_t>& clock() noexcept {
    static constinit std::atomic<std::uint64_t> now{1};  // [clock]
    return now;
  }
  static block& first_block() noexcept {
    static constinit block first;
    return first;
  }
  static state& this_thread() noexcept {
    static constinit thread_local state self{nullptr, 0, false, false};
    return self;
  }

  static void begin(state& self) {
    if (GAUNTLET_RARE(self.own == nullptr)) find_slot(self);
    // [begin] pairs with [clock] and [look].
    const std::uint64_t now = clock().load(std::memory_order_seq_cst);
#if GAUNTLET_PROCESS_BARRIER
    if (GAUNTLET_LIKELY(self.barrier_by_others)) {
      self.own->announced.store(now, std::memory_order_release);
      std::atomic_signal_fence(std::memory_order_seq_cst);
      return;
    }
#endif
    self.own->announced.store(now, std::memory_order_seq_cst);
  }

  static void end(state& self) noexcept {
    // [end] pairs with [look]: release, so that what was read before has been read.
    self.own->announced.store(not_reading, std::memory_order_release);
    if (GAUNTLET_RARE(self.ending)) give_back(self);
  }

  GAUNTLET_NOINLINE static void find_slot(state& self) {
    self.own = free_slot();
    self.barrier_by_others = others_can_make_barriers();
    if (!self.ending) {
      static thread_local at_end_of_thread end;
      end.touch();
    }
  }

  static slot* free_slot() {
    for (block* each = &first_block();;) {
      // A slot is counted first and taken afterwards, like one that was given back: by whoever comes first.
      for (std::size_t used = 0;;) {
        const std::size_t looked_at = used;
        // [slot counted] pairs with [slots used], as [slot new] does: whoever takes a slot has seen it counted.
        used = std::min(each->used.load(std::memory_order_seq_cst), block::size);
        for (std::size_t i = looked_at; i < used; ++i) {
          // [slot again] pairs with [slot free]: the announcements of who had it come before those of who takes it.
          if (!each->slots[i].taken.exchange(true, std::memory_order_acquire)) return &each->slots[i];
        }
        if (used == block::size) break;
        // [slot new] pairs with [slots used].
        if (used == looked_at) each->used.fetch_add(1, std::memory_order_seq_cst);
      }
      block* next = each->next.load(std::memory_order_seq_cst);
      if (next == nullptr) {
        auto fresh = std::make_unique<block>();
        // [more slots] pairs with itself: whoever sees the block sees it made.
        if (each->next.compare_exchange_strong(next, fresh.get(), std::memory_order_seq_cst)) next = fresh.release();
      }
      each = next;
    }
  }

  static void give_back(state& self) noexcept {
    // [slot free] pairs with [slot again].
    self.own->taken.store(false, std::memory_order_release);
    self.own = nullptr;
  }

  struct at_end_of_thread {
    void touch() noexcept {}
    ~at_end_of_thread() {
      state& self = this_thread();
      self.ending = true;
      if (self.own != nullptr && self.depth == 0) give_back(self);
    }
  };

#if GAUNTLET_PROCESS_BARRIER
  static bool others_can_make_barriers() noexcept {
    static const bool registered = ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
    return registered;
  }
  static void barrier_of_all() noexcept {
    if (others_can_make_barriers()) ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
  }
#else
  static constexpr bool others_can_make_barriers() noexcept { return false; }
  static constexpr void barrier_of_all() noexcept {}
#endif
};

}  // namespace gauntlet::detail
