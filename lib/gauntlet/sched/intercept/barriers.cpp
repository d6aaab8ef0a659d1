// pthread barriers and semaphores.
//
// A barrier's sync_object counts who is still to come and the phase; a semaphore's, its value.
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>

#include <gauntlet/sched/intercept/instrumented.h>
#include <gauntlet/sched/memory/sync_object.h>
#include <gauntlet/sched/runtime/virtual_time.h>

namespace gauntlet::sched::runtime {

void link_barriers() noexcept {}

namespace {

int wait_at_barrier(pthread_barrier_t* barrier, std::uintptr_t code) {
  announce(event_kind::wait, address_of(barrier), 0, code);
  sync_object& s = sync_at(address_of(barrier));
  if (s.limit == 0) raise(finding::misused_lock, "waits at a barrier that is not initialised", code, "waits");
  thread& t = the_run.running();
  release_join_to(t, s);
  const std::uint64_t phase = s.phase;
  const bool last = ++s.count == static_cast<std::int64_t>(s.limit);
  if (last) {
    s.count = 0;
    ++s.phase;
    s.stored_at = the_run.events + 1;
    progress();
    wake(s.address, threads_max);
  }
  done(s.number, phase);
  while (s.phase == phase) {
    the_run.pending[t.id] = {event_kind::wait, t.id, 0, s.address, code};
    block(s.address, wait_reason::barrier);
  }
  acquire_from(t, s);
  return last ? PTHREAD_BARRIER_SERIAL_THREAD : 0;
}

int fail(int error) noexcept {
  errno = error;
  return -1;
}

int wait_for_semaphore(sem_t* semaphore, bool tries, const timespec* until, std::uintptr_t code) {
  announce(tries ? event_kind::try_lock : event_kind::lock, address_of(semaphore), 0, code);
  sync_object& s = sync_at(address_of(semaphore));
  bool given_up = false;
  while (s.count == 0) {
    if (tries || given_up || (until != nullptr && choose(choice_kind::timeout, 2) == 1)) {
      looked(s.address, 0);
      done(s.number, 1);
      return fail(tries ? EAGAIN : ETIMEDOUT);
    }
    given_up = !block(s.address, wait_reason::semaphore, until != nullptr, until != nullptr ? nanoseconds(*until) : 0);
  }
  --s.count;
  acquire_from(the_run.running(), s);
  the_run.running().idle = 0;
  done(s.number, 0, s.stored_at);
  return 0;
}

}  // namespace

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" {

int pthread_barrier_init(pthread_barrier_t* barrier, const pthread_barrierattr_t* attributes, unsigned count) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_barrier_init)(barrier, attributes, count);
  if (count == 0) return EINVAL;
  forget(address_of(barrier), sizeof *barrier);
  sync_at(address_of(barrier)).limit = count;
  return 0;
}
int pthread_barrier_wait(pthread_barrier_t* barrier) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_barrier_wait)(barrier);
  return wait_at_barrier(barrier, GAUNTLET_SCHED_CALLER());
}
int pthread_barrier_destroy(pthread_barrier_t* barrier) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_barrier_destroy)(barrier);
  if (waiters(address_of(barrier)) != 0)
    raise(finding::misused_lock, "destroys a barrier that a thread waits at", GAUNTLET_SCHED_CALLER(), "destroys");
  return 0;
}

int sem_init(sem_t* semaphore, int shared, unsigned value) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(sem_init)(semaphore, shared, value);
  if (value > SEM_VALUE_MAX) return fail(EINVAL);
  forget(address_of(semaphore), sizeof *semaphore);
  sync_at(address_of(semaphore)).count = value;
  return 0;
}
int sem_destroy(sem_t* semaphore) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(sem_destroy)(semaphore);
  return 0;
}
int sem_post(sem_t* semaphore) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(sem_post)(semaphore);
  announce(event_kind::notify, address_of(semaphore), 0, GAUNTLET_SCHED_CALLER());
  sync_object& s = sync_at(address_of(semaphore));
  ++s.count;
  release_join_to(the_run.running(), s);
  s.stored_at = the_run.events + 1;
  progress();
  wake(s.address, threads_max);
  done(s.number, static_cast<std::uint64_t>(s.count));
  return 0;
}
int sem_wait(sem_t* semaphore) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(sem_wait)(semaphore);
  return wait_for_semaphore(semaphore, false, nullptr, GAUNTLET_SCHED_CALLER());
}
int sem_trywait(sem_t* semaphore) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(sem_trywait)(semaphore);
  return wait_for_semaphore(semaphore, true, nullptr, GAUNTLET_SCHED_CALLER());
}
int sem_timedwait(sem_t* semaphore, const timespec* until) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(sem_timedwait)(semaphore, until);
  return wait_for_semaphore(semaphore, false, until, GAUNTLET_SCHED_CALLER());
}
int sem_clockwait(sem_t* semaphore, clockid_t clock, const timespec* until) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(sem_clockwait)(semaphore, clock, until);
  return wait_for_semaphore(semaphore, false, until, GAUNTLET_SCHED_CALLER());
}
int sem_getvalue(sem_t* semaphore, int* value) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(sem_getvalue)(semaphore, value);
  *value = static_cast<int>(sync_at(address_of(semaphore)).count);
  return 0;
}

}  // extern "C"
