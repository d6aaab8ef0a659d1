// Calls that can't be controlled: inside a run each ends it with a finding that names the call. Outside, the real
// function.
//
// A stub per call, in assembly, because the arguments don't matter and must not be touched: it looks at is_controlled
// and either refuses or jumps on to the real function with everything as it came. Its pointer to that function points
// at a lookup at first.
#include <dlfcn.h>

#include <gauntlet/sched/intercept/instrumented.h>

namespace gauntlet::sched::runtime {

void link_refused() noexcept {}

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" {

[[noreturn]] void gauntlet_sched_refuse(const char* name) {
  static char text[128];
  std::size_t at = 0;
  for (const char* part : {name, "() can't be controlled"})
    for (; *part != 0 && at + 1 < sizeof text; ++part) text[at++] = *part;
  text[at] = 0;
  raise_refused(text);
}
void* gauntlet_sched_find(const char* name) {
  void* real = ::dlsym(RTLD_NEXT, name);
  if (real == nullptr) __builtin_trap();  // the program could not have been linked
  return real;
}
// The flag under a name that assembly can use, and where it lies relative to FS.
extern thread_local bool gauntlet_sched_is_controlled asm("_ZN8gauntlet5sched7runtime13is_controlledE");

}  // extern "C"

// The lookup keeps every register that may hold an argument; rax holds the number of vector registers of a variadic call.
asm(R"(
.text
.type gauntlet_sched_first_call, @function
gauntlet_sched_first_call:          # r11: name, r10: where the pointer to the real function is kept
  pushq %rbp
  movq %rsp, %rbp
  andq $-16, %rsp
  subq $192, %rsp
  movq %rdi, 0(%rsp)
  movq %rsi, 8(%rsp)
  movq %rdx, 16(%rsp)
  movq %rcx, 24(%rsp)
  movq %r8, 32(%rsp)
  movq %r9, 40(%rsp)
  movq %rax, 48(%rsp)
  movq %r10, 56(%rsp)
  movups %xmm0, 64(%rsp)
  movups %xmm1, 80(%rsp)
  movups %xmm2, 96(%rsp)
  movups %xmm3, 112(%rsp)
  movups %xmm4, 128(%rsp)
  movups %xmm5, 144(%rsp)
  movups %xmm6, 160(%rsp)
  movups %xmm7, 176(%rsp)
  movq %r11, %rdi
  call gauntlet_sched_find
  movq %rax, %r11
  movq 0(%rsp), %rdi
  movq 8(%rsp), %rsi
  movq 16(%rsp), %rdx
  movq 24(%rsp), %rcx
  movq 32(%rsp), %r8
  movq 40(%rsp), %r9
  movq 48(%rsp), %rax
  movq 56(%rsp), %r10
  movups 64(%rsp), %xmm0
  movups 80(%rsp), %xmm1
  movups 96(%rsp), %xmm2
  movups 112(%rsp), %xmm3
  movups 128(%rsp), %xmm4
  movups 144(%rsp), %xmm5
  movups 160(%rsp), %xmm6
  movups 176(%rsp), %xmm7
  movq %r11, (%r10)
  movq %rbp, %rsp
  popq %rbp
  jmpq *%r11
.size gauntlet_sched_first_call, . - gauntlet_sched_first_call

.macro gauntlet_sched_refused name
.globl \name
.type \name, @function
\name:
  cmpb $0, %fs:_ZN8gauntlet5sched7runtime13is_controlledE@TPOFF
  jne 1f
  movq 3f(%rip), %r11
  testq %r11, %r11
  je 2f
  jmpq *%r11
1: leaq 4f(%rip), %rdi
  andq $-16, %rsp
  call gauntlet_sched_refuse
2: leaq 4f(%rip), %r11
  leaq 3f(%rip), %r10
  jmp gauntlet_sched_first_call
.size \name, . - \name
.data
.balign 8
3: .quad 0
.section .rodata
4: .asciz "\name"
.text
.endm

# Processes and images.
.irp name, fork, vfork, execv, execve, execvp, execl, execlp, posix_spawn, posix_spawnp, system, popen, wait, waitpid, dlopen
gauntlet_sched_refused \name
.endr
# Signals, and what interrupts threads from outside.
.irp name, signal, sigaction, sigsuspend, sigwait, sigwaitinfo, sigtimedwait, raise, kill, pthread_kill, pthread_cancel, alarm, setitimer, timer_create, pause
gauntlet_sched_refused \name
.endr
# Input, output and other waits for the world. (write to a terminal or file is let through: it hands nothing back.)
.irp name, read, pread, readv, recv, recvfrom, recvmsg, send, sendto, sendmsg, socket, connect, accept, listen, bind, poll, ppoll, select, pselect, epoll_wait, open, open64, openat, fopen, fopen64, pipe, pipe2, eventfd
gauntlet_sched_refused \name
.endr
# Memory and threads that the runtime would not know of; ways out of a function that skip its end.
.irp name, mmap, mmap64, munmap, mremap, shm_open, clone, pthread_setcanceltype, pthread_getattr_np, pthread_mutex_consistent, sem_open, sem_close, longjmp, siglongjmp, _longjmp, swapcontext, setcontext, makecontext
gauntlet_sched_refused \name
.endr
)");
