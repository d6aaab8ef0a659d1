#include <gauntlet/sched/runtime/carrier.h>

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <gauntlet/sched/intercept/real.h>
#include <gauntlet/sched/runtime/layout.h>
#include <gauntlet/sched/runtime/state.h>

// Exchanges stacks: saves the registers that a call preserves on the old stack, remembers where, and takes them from the
// new one. A fresh stack is laid out so that the first exchange "returns" into the trampoline, which has no caller: an
// exception that nobody catches finds the end of the stack there, and std::terminate is called where it was thrown,
// nothing unwound.
extern "C" void gauntlet_sched_exchange(void** save, void* to);
extern "C" void gauntlet_sched_trampoline();
asm(R"(
.text
.globl gauntlet_sched_exchange
.type gauntlet_sched_exchange, @function
gauntlet_sched_exchange:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size gauntlet_sched_exchange, . - gauntlet_sched_exchange
.globl gauntlet_sched_trampoline
.type gauntlet_sched_trampoline, @function
gauntlet_sched_trampoline:
  xorl %ebp, %ebp
  callq *%rbx
  ud2
.size gauntlet_sched_trampoline, . - gauntlet_sched_trampoline
)");

namespace gauntlet::sched::runtime::carrier {

namespace {

// The state of a carrier, and of the caller of run() (the last one). `baton` is 1 while it is this one's turn.
struct carrier_state {
  std::uintptr_t fs = 0;
  int system_thread = 0;
  void* native_stack = nullptr;  // threads: where to go on when the controlled thread is over or abandoned
  std::atomic<int> baton{0};
  std::atomic<bool> inside{false};  // threads: on the controlled thread's stack
  bool abandoned = false;           // handed over with the baton: leave that stack
};
carrier_state carriers[threads_max + 1];
carrier_state& outside = carriers[threads_max];
carrier_state starter;  // whoever starts a carrier waits here until it is up
unsigned started = 0;
kind the_kind = kind::fibers;

std::uintptr_t outside_fs = 0;
int outside_thread = 0;
void* outside_stack = nullptr;

// The executable's thread-local storage: its image, and where it lies below FS.
struct tls_image {
  const char* bytes = nullptr;
  std::size_t filled = 0, size = 0, below_fs = 0;
} image;
std::ptrdiff_t controlled_offset = 0;

std::uintptr_t read_fs() noexcept {
  std::uintptr_t fs;
  asm volatile("movq %%fs:0, %0" : "=r"(fs));  // the first word at FS is its own address (x86-64 TLS ABI)
  return fs;
}
void write_fs(std::uintptr_t fs) noexcept { asm volatile("wrfsbase %0" ::"r"(fs) : "memory"); }

long raw_syscall(long number, long a, long b, long c) noexcept {
  long result;
  register long d asm("r10") = 0;
  asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(d) : "rcx", "r11", "memory");
  return result;
}

void wait_for_baton(carrier_state& mine) noexcept {
  // [baton taken] pairs with [baton given]: all that the one before did is visible.
  while (mine.baton.load(std::memory_order_acquire) == 0)
    raw_syscall(SYS_futex, reinterpret_cast<long>(&mine.baton), FUTEX_WAIT_PRIVATE, 0);
  mine.baton.store(0, std::memory_order_relaxed);
}
void give_baton(carrier_state& to) noexcept {
  // [baton given] pairs with [baton taken]
  to.baton.store(1, std::memory_order_release);
  raw_syscall(SYS_futex, reinterpret_cast<long>(&to.baton), FUTEX_WAKE_PRIVATE, 1);
}

// A carrier's whole life.
void* carrier_main(void* argument) {
  auto& mine = *static_cast<carrier_state*>(argument);
  const auto id = static_cast<unsigned>(&mine - carriers);
  mine.fs = read_fs();
  mine.system_thread = static_cast<int>(raw_syscall(SYS_gettid, 0, 0, 0));
  give_baton(starter);
  if (the_kind == kind::fibers)
    for (;;) raw_syscall(SYS_pause, 0, 0, 0);
  for (;;) {
    wait_for_baton(mine);
    if (mine.abandoned) continue;
    mine.inside.store(true, std::memory_order_relaxed);
    gauntlet_sched_exchange(&mine.native_stack, the_run.threads[id].stack_pointer);
    mine.inside.store(false, std::memory_order_relaxed);
    give_baton(outside);
  }
}

int find_image(dl_phdr_info* info, std::size_t, void*) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& header = info->dlpi_phdr[i];
    if (header.p_type != PT_TLS) continue;
    image.bytes = reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);
    image.filled = header.p_filesz;
    image.size = header.p_memsz;
    image.below_fs = (header.p_memsz + header.p_align - 1) / header.p_align * header.p_align;
  }
  return 1;  // the executable comes first
}

// Starts one more carrier. In the fibers' case, on the storage of the caller of run(): the thread library must not take
// a borrowed one for the thread that calls it.
void start_one() {
  const std::uintptr_t fs = read_fs();
  const bool borrowed = the_kind == kind::fibers && outside_fs != 0 && fs != outside_fs;
  const bool controlled_before = is_controlled;
  if (borrowed)
    write_fs(outside_fs);
  else
    is_controlled = false;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, reinterpret_cast<void*>(layout::carrier_of(started)), layout::carrier_size);
  pthread_t ignored;
  if (GAUNTLET_SCHED_REAL(pthread_create)(&ignored, &attributes, carrier_main, &carriers[started]) != 0) {
    std::fputs("gauntlet::sched: the system gives no further thread\n", stderr);
    std::abort();
  }
  wait_for_baton(starter);
  pthread_attr_destroy(&attributes);
  if (borrowed)
    write_fs(fs);
  else
    is_controlled = controlled_before;
  ++started;
}

// Fresh thread-local storage for a controlled thread, marked as controlled.
void reset_storage(std::uintptr_t fs) noexcept {
  char* block = reinterpret_cast<char*>(fs) - image.below_fs;
  std::memcpy(block, image.bytes, image.filled);
  std::memset(block + image.filled, 0, image.size - image.filled);
  *reinterpret_cast<bool*>(reinterpret_cast<char*>(fs) + controlled_offset) = true;
}

}  // namespace

void start() {
  constexpr unsigned long fsgsbase = 2;  // bit 1 of AT_HWCAP2
  the_kind = (::getauxval(AT_HWCAP2) & fsgsbase) != 0 ? kind::fibers : kind::threads;
  if (const char* wanted = std::getenv("GAUNTLET_SCHED_CARRIER")) {
    if (std::strcmp(wanted, "threads") == 0)
      the_kind = kind::threads;
    else if (std::strcmp(wanted, "fibers") != 0 || the_kind == kind::threads) {
      std::fprintf(stderr, "GAUNTLET_SCHED_CARRIER=%s: threads, or fibers where the processor has FSGSBASE\n", wanted);
      std::abort();
    }
  }
  ::dl_iterate_phdr(find_image, nullptr);
  controlled_offset = reinterpret_cast<char*>(&is_controlled) - reinterpret_cast<char*>(read_fs());
}

kind chosen() noexcept { return the_kind; }

void prepare(thread& t, void (*entry)()) {
  while (started <= t.id) start_one();
  t.fs = carriers[t.id].fs;
  reset_storage(t.fs);
  // What the first exchange takes: six registers (rbx holds the entry) and the address to return to. The stack is
  // aligned so that the trampoline calls the entry as the ABI wants it.
  auto** top = reinterpret_cast<void**>(layout::stack_of(t.id) + layout::stack_size - 64);
  *--top = nullptr;
  *--top = nullptr;
  *--top = reinterpret_cast<void*>(gauntlet_sched_trampoline);
  for (int i = 0; i < 6; ++i) *--top = nullptr;
  top[4] = reinterpret_cast<void*>(entry);  // r15 r14 r13 r12 rbx rbp
  t.stack_pointer = top;
}

void enter(thread& first) {
  if (the_kind == kind::fibers) {
    outside_fs = read_fs();
    if (outside_thread == 0) outside_thread = static_cast<int>(raw_syscall(SYS_gettid, 0, 0, 0));
    write_fs(first.fs);
    gauntlet_sched_exchange(&outside_stack, first.stack_pointer);
    return;
  }
  give_baton(carriers[first.id]);
  wait_for_baton(outside);
  // Whoever is left in the middle of something goes back to where it waits for a new controlled thread.
  for (unsigned i = 0; i < started; ++i) {
    if (!carriers[i].inside.load(std::memory_order_relaxed)) continue;
    carriers[i].abandoned = true;
    give_baton(carriers[i]);
    wait_for_baton(outside);
    carriers[i].abandoned = false;
  }
}

void switch_to(thread& from, thread& to) {
  if (the_kind == kind::fibers) {
    write_fs(to.fs);
    gauntlet_sched_exchange(&from.stack_pointer, to.stack_pointer);
    return;
  }
  auto& mine = carriers[from.id];
  give_baton(carriers[to.id]);
  wait_for_baton(mine);
  if (mine.abandoned) gauntlet_sched_exchange(&from.stack_pointer, mine.native_stack);
}

bool is_running_here() noexcept {
  const int here = static_cast<int>(raw_syscall(SYS_gettid, 0, 0, 0));
  return here == (the_kind == kind::fibers ? outside_thread : carriers[the_run.current].system_thread);
}

void forward_signal(int signal) noexcept {
  const long process = raw_syscall(SYS_getpid, 0, 0, 0);
  const int to = the_kind == kind::fibers ? outside_thread : carriers[the_run.current].system_thread;
  raw_syscall(SYS_tgkill, process, to, signal);
}

void leave() {
  void* nowhere;
  if (the_kind == kind::fibers) {
    write_fs(outside_fs);
    gauntlet_sched_exchange(&nowhere, outside_stack);
  } else {
    gauntlet_sched_exchange(&nowhere, carriers[the_run.current].native_stack);
  }
  __builtin_unreachable();
}

}  // namespace gauntlet::sched::runtime::carrier
