#include <gauntlet/sched/runtime/watchdog.h>

#include <signal.h>
#include <sys/time.h>
#include <ucontext.h>

#include <gauntlet/sched/report/finding.h>
#include <gauntlet/sched/runtime/carrier.h>
#include <gauntlet/sched/runtime/state.h>

extern "C" char __executable_start[], etext[];

namespace gauntlet::sched::runtime {

namespace {

// Written by the thread that runs, read by a handler that interrupts it (or another one, in the threads' case).
volatile bool watching = false;
volatile std::uint64_t events_at_last_look = 0, generation_at_last_look = 0;
volatile unsigned looks_without_event = 0;

void look(int signal, siginfo_t*, void* context) {
  if (!watching) return;
  // The kernel gives the signal to any thread; the one whose turn it is has to handle it.
  if (!carrier::is_running_here()) {
    carrier::forward_signal(signal);
    return;
  }
  if (generation_at_last_look != the_run.generation || events_at_last_look != the_run.events) {
    generation_at_last_look = the_run.generation;
    events_at_last_look = the_run.events;
    looks_without_event = 0;
    return;
  }
  if (looks_without_event == 0) {
    looks_without_event = 1;
    return;
  }
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  const auto code = static_cast<std::uintptr_t>(registers[REG_RIP]);
  const bool in_program =
      code >= reinterpret_cast<std::uintptr_t>(__executable_start) && code < reinterpret_cast<std::uintptr_t>(etext);
  if (!is_controlled || !in_program) return;
  looks_without_event = 0;
  raise(finding::no_progress, "a thread runs without an event", code + 1, "runs");
}

}  // namespace

void start_watchdog() {
  struct sigaction action = {};
  action.sa_sigaction = look;
  // The handler may leave for good: the signal must not stay blocked then.
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
  ::sigaction(SIGVTALRM, &action, nullptr);
  const itimerval interval = {{watchdog_seconds, 0}, {watchdog_seconds, 0}};
  ::setitimer(ITIMER_VIRTUAL, &interval, nullptr);
}

void watch() noexcept { watching = true; }
void stop_watching() noexcept { watching = false; }

}  // namespace gauntlet::sched::runtime
