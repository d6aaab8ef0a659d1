// A fence in all threads of the process at once, made by one of them.
//
// The idea. Two threads that each store something and then look at what the other one has stored want a fence between
// the two steps, both of them, or each may miss the other. If one does it a thousand times as often as the other, all
// the cost can be moved to the rare side: there the kernel is asked to make every processor that runs a thread of this
// process pass a fence (Linux: membarrier), and the frequent side only keeps the compiler from exchanging its steps.
//
//   often                                   rarely
//   store, in program order                 store
//   keep the compiler from reordering       pass()
//   load                                    load
//
// At some moment within pass(), each thread has finished all stores that come before that moment in its program, and has
// not begun any load that comes after it. So either its store comes before the moment, and the rare side's load sees it;
// or its load comes after the moment, and sees the rare side's store.
//
// The hard case is that the kernel says no: to the registration, because it is old or the process may not; or later,
// because the process has given the right up meanwhile. The first is decided once and for the whole process: is_there()
// never changes its answer, so that both sides always play by one rule. After the second, nothing is proven any more.
#pragma once

#include <atomic>

#include <gauntlet/map/detail/attributes.h>

// Instrumentation does not know of such a fence. Elsewhere than on x86-64 the frequent side would have to be argued anew.
#if defined(__linux__) && defined(__x86_64__) && !GAUNTLET_THREAD_SANITIZER
#define GAUNTLET_PROCESS_BARRIER 1
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#define GAUNTLET_PROCESS_BARRIER 0
#endif

namespace gauntlet::detail {

// Where there is none, both sides need fences of their own.
struct no_process_barrier {
  static constexpr bool is_there() noexcept { return false; }
  static constexpr bool pass() noexcept { return true; }
};

#if GAUNTLET_PROCESS_BARRIER
class kernel_process_barrier {
 public:
  // Whether the frequent side may leave its fences out. The same answer whenever and whoever asks.
  GAUNTLET_ALWAYS_INLINE static bool is_there() noexcept {
    // [answer] pairs with nothing: who has not heard of it asks for it, and gets the same.
    const answer known = answer_.load(std::memory_order_relaxed);
    return GAUNTLET_LIKELY(known == answer::yes) || (known == answer::unknown && ask());
  }
  // True: either there is no barrier, or all threads of the process have passed it. About a microsecond.
  static bool pass() noexcept {
    return !is_there() || ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
  }

 private:
  enum class answer : unsigned char { unknown, yes, no };

  GAUNTLET_NOINLINE static bool ask() noexcept {
    static const bool registered = ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
    answer_.store(registered ? answer::yes : answer::no, std::memory_order_relaxed);
    return registered;
  }

  inline static constinit std::atomic<answer> answer_{answer::unknown};
};
using process_barrier = kernel_process_barrier;
#else
using process_barrier = no_process_barrier;
#endif

}  // namespace gauntlet::detail
