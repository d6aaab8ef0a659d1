// Condition variables.
//
// Waiting is one event: the mutex is given up and the thread waits, indivisibly; taking the mutex again is another. A
// notification wakes the longest waiting thread, or by a choice another one. A timed wait may, by a choice, time out at
// once; otherwise its time comes when nothing else can happen. With run_options::spurious a wait may end for no reason.
#include <errno.h>
#include <pthread.h>

#include <gauntlet/sched/intercept/instrumented.h>
#include <gauntlet/sched/runtime/lock.h>
#include <gauntlet/sched/runtime/virtual_time.h>

namespace gauntlet::sched::runtime {

void link_conditions() noexcept {}

namespace {

int wait(pthread_cond_t* c, pthread_mutex_t* m, std::uintptr_t code, patience how = {}) {
  const std::uintptr_t condition = address_of(c), mutex = address_of(m);
  announce(event_kind::wait, condition, 0, code);
  sync_object& s = sync_at(condition);
  const std::uint32_t depth = unlock_for_wait(mutex, code);
  done(s.number);
  bool timed_out = false;
  if (the_run.options.spurious && choose(choice_kind::spurious, 2) == 1) {
    // Woken for no reason.
  } else if (how.timed && choose(choice_kind::timeout, 2) == 1) {
    timed_out = true;
    if (the_run.time < how.deadline) the_run.time = how.deadline;
  } else {
    the_run.pending[the_run.current] = {event_kind::wait, the_run.current, 0, condition, code};
    timed_out = !block(condition, wait_reason::condition, how.timed, how.deadline);
  }
  lock_exclusive(mutex, wait_reason::mutex, false, code);
  sync_at(mutex).depth = depth;
  return timed_out ? ETIMEDOUT : 0;
}

int notify(pthread_cond_t* c, unsigned at_most, std::uintptr_t code) {
  announce(event_kind::notify, address_of(c), 0, code);
  sync_object& s = sync_at(address_of(c));
  const unsigned woken = wake(s.address, at_most, true);
  progress();
  done(s.number, woken);
  return 0;
}

}  // namespace

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" {

int pthread_cond_init(pthread_cond_t* c, const pthread_condattr_t* attributes) noexcept {
  if (is_controlled) forget(address_of(c), sizeof *c);
  return GAUNTLET_SCHED_REAL(pthread_cond_init)(c, attributes);
}
int pthread_cond_destroy(pthread_cond_t* c) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_cond_destroy)(c);
  if (waiters(address_of(c)) != 0)
    raise(finding::misused_lock, "destroys a condition variable that a thread waits on", GAUNTLET_SCHED_CALLER(),
          "destroys");
  return 0;
}
int pthread_cond_wait(pthread_cond_t* c, pthread_mutex_t* m) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_cond_wait)(c, m);
  return wait(c, m, GAUNTLET_SCHED_CALLER());
}
int pthread_cond_timedwait(pthread_cond_t* c, pthread_mutex_t* m, const timespec* until) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_cond_timedwait)(c, m, until);
  return wait(c, m, GAUNTLET_SCHED_CALLER(), {true, nanoseconds(*until)});
}
int pthread_cond_clockwait(pthread_cond_t* c, pthread_mutex_t* m, clockid_t clock, const timespec* until) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_cond_clockwait)(c, m, clock, until);
  return wait(c, m, GAUNTLET_SCHED_CALLER(), {true, nanoseconds(*until)});
}
int pthread_cond_signal(pthread_cond_t* c) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_cond_signal)(c);
  return notify(c, 1, GAUNTLET_SCHED_CALLER());
}
int pthread_cond_broadcast(pthread_cond_t* c) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_cond_broadcast)(c);
  return notify(c, threads_max, GAUNTLET_SCHED_CALLER());
}

}  // extern "C"
