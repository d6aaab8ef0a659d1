// The futex system call (std::atomic::wait and notify, semaphores, latches, barriers) and other raw system calls.
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>

#include <gauntlet/sched/intercept/instrumented.h>
#include <gauntlet/sched/memory/sync_object.h>
#include <gauntlet/sched/runtime/virtual_time.h>

namespace gauntlet::sched::runtime {

void link_futex() noexcept {}

namespace {

long fail(int error) noexcept {
  errno = error;
  return -1;
}

long futex_wait(const volatile int* word, int expected, const timespec* until, bool relative, std::uintptr_t code) {
  announce(event_kind::wait, address_of(word), 4, code);
  sync_object& s = sync_at(address_of(word));
  // The kernel's look at the word is no atomic operation of the program: it orders nothing.
  if (*word != expected) {
    looked(s.address, 1);
    done(s.number, 1);
    return fail(EAGAIN);
  }
  std::uint64_t deadline = 0;
  if (until != nullptr) deadline = nanoseconds(*until) + (relative ? the_run.time : 0);
  done(s.number);
  if (until != nullptr && choose(choice_kind::timeout, 2) == 1) {
    if (the_run.time < deadline) the_run.time = deadline;
    return fail(ETIMEDOUT);
  }
  the_run.pending[the_run.current] = {event_kind::wait, the_run.current, 4, s.address, code};
  return block(s.address, wait_reason::futex, until != nullptr, deadline) ? 0 : fail(ETIMEDOUT);
}

long futex_wake(const volatile int* word, unsigned at_most, std::uintptr_t code) {
  announce(event_kind::notify, address_of(word), 0, code);
  sync_object& s = sync_at(address_of(word));
  const unsigned woken = wake(s.address, at_most, true);
  progress();
  done(s.number, woken);
  return woken;
}

}  // namespace

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& argument : a) argument = va_arg(list, long);
  va_end(list);
  if (is_controlled) {
    if (number == SYS_futex) {
      const auto* word = reinterpret_cast<const volatile int*>(a[0]);
      const int operation = static_cast<int>(a[1]) & FUTEX_CMD_MASK;
      const auto* until = reinterpret_cast<const timespec*>(a[3]);
      if (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET)
        return futex_wait(word, static_cast<int>(a[2]), until, operation == FUTEX_WAIT, GAUNTLET_SCHED_CALLER());
      if (operation == FUTEX_WAKE || operation == FUTEX_WAKE_BITSET)
        return futex_wake(word, static_cast<unsigned>(a[2]), GAUNTLET_SCHED_CALLER());
      raise_refused("futex operations other than wait and wake can't be controlled");
    }
    if (number == SYS_gettid) return the_run.current + 1;
    if (number != SYS_getpid) raise_refused("syscall() can't be controlled, except futex, gettid and getpid");
  }
  long result;
  register long r10 asm("r10") = a[3];
  register long r8 asm("r8") = a[4];
  register long r9 asm("r9") = a[5];
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  if (result < 0 && result > -4096) return fail(static_cast<int>(-result));
  return result;
}
