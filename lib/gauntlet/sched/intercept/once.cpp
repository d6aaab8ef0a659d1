// Things that happen once: pthread_once (std::call_once), function-local statics, registration of destructors.
#include <cxxabi.h>
#include <pthread.h>

#include <gauntlet/sched/intercept/instrumented.h>
#include <gauntlet/sched/memory/sync_object.h>
#include <gauntlet/sched/runtime/globals.h>
#include <gauntlet/sched/runtime/life.h>

namespace gauntlet::sched::runtime {

void link_once() noexcept {}

namespace {

// States of a once flag in a sync_object's count; the flag's own bytes stay as they are, so that the reset of globals
// needs to know nothing about them.
constexpr std::int64_t once_running = 1, once_done = 2;

// The function given to call_once may throw: then the next caller tries again (C++ [thread.once.callonce]).
class once_call {
 public:
  explicit once_call(sync_object& flag) noexcept : flag_(flag) {}
  ~once_call() {
    flag_.owner = nobody;
    flag_.count = finished ? once_done : 0;
    if (finished) release_to(the_run.running(), flag_);
    flag_.stored_at = the_run.events;
    progress();
    wake(flag_.address, threads_max);
  }
  once_call(const once_call&) = delete;
  once_call& operator=(const once_call&) = delete;
  bool finished = false;

 private:
  sync_object& flag_;
};

int once(pthread_once_t* flag, void (*function)(), std::uintptr_t code) {
  announce(event_kind::lock, address_of(flag), 0, code);
  sync_object& s = sync_at(address_of(flag));
  while (s.count == once_running) block(s.address, wait_reason::once);
  if (s.count == once_done) {
    acquire_from(the_run.running(), s);
    done(s.number, 2, s.stored_at);
    return 0;
  }
  s.count = once_running;
  s.lock_code = static_cast<std::uint32_t>(code);
  s.owner = the_run.current;
  done(s.number, 1);
  once_call call(s);
  function();
  call.finished = true;
  return 0;
}

// Statics: the guard's first byte is 1 once the object is there; compiled code looks at it before it asks us.
volatile char* done_byte(void* guard) noexcept { return static_cast<volatile char*>(guard); }

int acquire_guard(void* guard, std::uintptr_t code) {
  announce(event_kind::lock, address_of(guard), 0, code);
  for (;;) {
    sync_object& s = sync_at(address_of(guard));
    if (*done_byte(guard) != 0) {
      acquire_from(the_run.running(), s);
      done(s.number, 2, s.stored_at);
      return 0;
    }
    if (s.owner == nobody) {
      s.owner = the_run.current;
      s.lock_code = static_cast<std::uint32_t>(code);
      done(s.number, 1);
      return 1;
    }
    if (s.owner == the_run.current)
      raise(finding::misused_lock, "initialises a static while it initialises it", code, "initialises");
    block(s.address, wait_reason::guard);
  }
}

void leave_guard(void* guard, bool finished) {
  sync_object& s = sync_at(address_of(guard));
  s.owner = nobody;
  if (finished) {
    *done_byte(guard) = 1;
    note_guard(guard);
    release_to(the_run.running(), s);
  }
  s.stored_at = the_run.events;
  progress();
  wake(s.address, threads_max);
}

}  // namespace

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" {

extern void* __dso_handle;

int pthread_once(pthread_once_t* flag, void (*function)()) {
  // What a library does once, it does once in the process and not in each run.
  if (!is_controlled || !in_program(GAUNTLET_SCHED_RETURNS_TO())) {
    const uncontrolled guard;
    return GAUNTLET_SCHED_REAL(pthread_once)(flag, function);
  }
  return once(flag, function, GAUNTLET_SCHED_CALLER());
}

// Outside a run libstdc++'s own would do, but a guard word must be understood by whoever meets it: these use one lock
// for all, so they need no bits beyond the first byte.
static pthread_mutex_t guards_mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_cond_t guards_changed = PTHREAD_COND_INITIALIZER;

int __cxa_guard_acquire(__cxxabiv1::__guard* guard) {
  if (is_controlled) return acquire_guard(guard, GAUNTLET_SCHED_CALLER());
  auto* busy = reinterpret_cast<volatile char*>(guard) + 1;
  GAUNTLET_SCHED_REAL(pthread_mutex_lock)(&guards_mutex);
  while (*done_byte(guard) == 0 && *busy != 0) GAUNTLET_SCHED_REAL(pthread_cond_wait)(&guards_changed, &guards_mutex);
  const int mine = *done_byte(guard) == 0 ? 1 : 0;
  if (mine != 0) *busy = 1;
  GAUNTLET_SCHED_REAL(pthread_mutex_unlock)(&guards_mutex);
  return mine;
}
static void leave_guard_outside(void* guard, bool finished) {
  GAUNTLET_SCHED_REAL(pthread_mutex_lock)(&guards_mutex);
  static_cast<volatile char*>(guard)[1] = 0;
  // [static made] pairs with the acquire load that compiled code does of the guard's byte: [static seen] pairs with it.
  if (finished) __atomic_store_n(static_cast<char*>(guard), char{1}, __ATOMIC_RELEASE);
  GAUNTLET_SCHED_REAL(pthread_cond_broadcast)(&guards_changed);
  GAUNTLET_SCHED_REAL(pthread_mutex_unlock)(&guards_mutex);
}
void __cxa_guard_release(__cxxabiv1::__guard* guard) noexcept {
  if (is_controlled)
    leave_guard(guard, true);
  else
    leave_guard_outside(guard, true);
}
void __cxa_guard_abort(__cxxabiv1::__guard* guard) noexcept {
  if (is_controlled)
    leave_guard(guard, false);
  else
    leave_guard_outside(guard, false);
}

int __cxa_thread_atexit(void (*destroy)(void*), void* object, void* library) noexcept {
  if (is_controlled) {
    at_thread_exit(destroy, object);
    return 0;
  }
  using real = int (*)(void (*)(void*), void*, void*);
  static real cached;
  return real_function(cached, "__cxa_thread_atexit_impl")(destroy, object, library);
}

int __cxa_atexit(void (*destroy)(void*), void* object, void* library) noexcept {
  // A library's statics outlive the run that happened to make them.
  if (is_controlled && library == &__dso_handle) {
    at_run_exit(destroy, object);
    return 0;
  }
  using real = int (*)(void (*)(void*), void*, void*);
  static real cached;
  return real_function(cached, "__cxa_atexit")(destroy, object, library);
}

}  // extern "C"
