#include <gauntlet/sched/runtime/traps.h>

#include <signal.h>
#include <ucontext.h>

#include <gauntlet/sched/report/finding.h>
#include <gauntlet/sched/runtime/carrier.h>
#include <gauntlet/sched/runtime/state.h>

namespace gauntlet::sched::runtime {

namespace {

struct trap {
  int signal;
  const char* says;
  struct sigaction before;
};
trap traps[] = {
    {SIGSEGV, "signal SIGSEGV: an address where nothing is, or where this is not allowed", {}},
    {SIGBUS, "signal SIGBUS: an address where nothing is", {}},
    {SIGFPE, "signal SIGFPE: a division by zero, or one whose result does not fit", {}},
    {SIGILL, "signal SIGILL: no instruction, or one that stands for what must not happen", {}},
};

// A thread whose own stack is used up needs another one to say so.
alignas(16) char stack_of_handler[64 * 1024];

void caught(int signal, siginfo_t* about, void* context) {
  trap* const here = [signal] {
    trap* found = traps;
    while (found->signal != signal) ++found;
    return found;
  }();
  if (is_controlled && carrier::is_running_here()) {
    const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
    raise(finding::failed_check, here->says, static_cast<std::uintptr_t>(registers[REG_RIP]) + 1, "stops");
  }
  if ((here->before.sa_flags & SA_SIGINFO) != 0) return here->before.sa_sigaction(signal, about, context);
  if (here->before.sa_handler != SIG_DFL && here->before.sa_handler != SIG_IGN) return here->before.sa_handler(signal);
  ::sigaction(signal, &here->before, nullptr);  // what trapped is done again
}

}  // namespace

void start_traps() {
  stack_t stack = {};
  if (::sigaltstack(nullptr, &stack) == 0 && (stack.ss_flags & SS_DISABLE) != 0) {
    stack = {};
    stack.ss_sp = stack_of_handler;
    stack.ss_size = sizeof stack_of_handler;
    ::sigaltstack(&stack, nullptr);
  }
  for (trap& t : traps) {
    struct sigaction action = {};
    action.sa_sigaction = caught;
    // The handler may leave for good: the signal must not stay blocked then.
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    ::sigaction(t.signal, &action, &t.before);
  }
}

}  // namespace gauntlet::sched::runtime
