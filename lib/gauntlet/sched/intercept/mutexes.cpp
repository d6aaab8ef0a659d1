// Mutexes of every kind, and spin locks.
#include <errno.h>
#include <pthread.h>

#include <gauntlet/sched/intercept/instrumented.h>
#include <gauntlet/sched/runtime/lock.h>
#include <gauntlet/sched/runtime/virtual_time.h>

namespace gauntlet::sched::runtime {

void link_mutexes() noexcept {}

namespace {

int kind_of(const pthread_mutex_t* m) noexcept { return m->__data.__kind & 3; }

int lock(pthread_mutex_t* m, std::uintptr_t code, patience how = {}) {
  const int kind = kind_of(m);
  switch (lock_exclusive(address_of(m), wait_reason::mutex, kind == PTHREAD_MUTEX_RECURSIVE, code, how)) {
    case lock_outcome::locked:
      return 0;
    case lock_outcome::busy:
      return EBUSY;
    case lock_outcome::timed_out:
      return ETIMEDOUT;
    case lock_outcome::again:
      break;
  }
  if (kind != PTHREAD_MUTEX_ERRORCHECK)
    raise(finding::misused_lock, "locks a mutex again that it holds, and that is not recursive", code, "locks");
  done(0, 1);
  return EDEADLK;
}

int try_lock(pthread_mutex_t* m, std::uintptr_t code) {
  const bool recursive = kind_of(m) == PTHREAD_MUTEX_RECURSIVE;
  return try_lock_exclusive(address_of(m), recursive, code) == lock_outcome::locked ? 0 : EBUSY;
}

}  // namespace

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" {

int pthread_mutex_init(pthread_mutex_t* m, const pthread_mutexattr_t* attributes) noexcept {
  if (is_controlled) forget(address_of(m), sizeof *m);
  return GAUNTLET_SCHED_REAL(pthread_mutex_init)(m, attributes);
}
int pthread_mutex_destroy(pthread_mutex_t* m) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_mutex_destroy)(m);
  destroy_lock(address_of(m), GAUNTLET_SCHED_CALLER());
  return 0;
}
int pthread_mutex_lock(pthread_mutex_t* m) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_mutex_lock)(m);
  return lock(m, GAUNTLET_SCHED_CALLER());
}
int pthread_mutex_trylock(pthread_mutex_t* m) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_mutex_trylock)(m);
  return try_lock(m, GAUNTLET_SCHED_CALLER());
}
int pthread_mutex_timedlock(pthread_mutex_t* m, const timespec* until) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_mutex_timedlock)(m, until);
  return lock(m, GAUNTLET_SCHED_CALLER(), {true, nanoseconds(*until)});
}
int pthread_mutex_clocklock(pthread_mutex_t* m, clockid_t clock, const timespec* until) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_mutex_clocklock)(m, clock, until);
  return lock(m, GAUNTLET_SCHED_CALLER(), {true, nanoseconds(*until)});
}
int pthread_mutex_unlock(pthread_mutex_t* m) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_mutex_unlock)(m);
  unlock(address_of(m), GAUNTLET_SCHED_CALLER());
  return 0;
}

int pthread_spin_init(pthread_spinlock_t* m, int shared) noexcept {
  if (is_controlled) forget(address_of(m), sizeof *m);
  return GAUNTLET_SCHED_REAL(pthread_spin_init)(m, shared);
}
int pthread_spin_destroy(pthread_spinlock_t* m) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_spin_destroy)(m);
  destroy_lock(address_of(m), GAUNTLET_SCHED_CALLER());
  return 0;
}
int pthread_spin_lock(pthread_spinlock_t* m) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_spin_lock)(m);
  if (lock_exclusive(address_of(m), wait_reason::mutex, false, GAUNTLET_SCHED_CALLER()) == lock_outcome::again)
    raise(finding::misused_lock, "locks a spin lock again that it holds", GAUNTLET_SCHED_CALLER(), "locks");
  return 0;
}
int pthread_spin_trylock(pthread_spinlock_t* m) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_spin_trylock)(m);
  return try_lock_exclusive(address_of(m), false, GAUNTLET_SCHED_CALLER()) == lock_outcome::locked ? 0 : EBUSY;
}
int pthread_spin_unlock(pthread_spinlock_t* m) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_spin_unlock)(m);
  unlock(address_of(m), GAUNTLET_SCHED_CALLER());
  return 0;
}

}  // extern "C"
