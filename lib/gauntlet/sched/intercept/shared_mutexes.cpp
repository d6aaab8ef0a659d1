// Reader-writer locks.
#include <errno.h>
#include <pthread.h>

#include <gauntlet/sched/intercept/instrumented.h>
#include <gauntlet/sched/runtime/lock.h>
#include <gauntlet/sched/runtime/virtual_time.h>

namespace gauntlet::sched::runtime {

void link_shared_mutexes() noexcept {}

namespace {

int code_of(lock_outcome outcome, std::uintptr_t code) {
  switch (outcome) {
    case lock_outcome::locked:
      return 0;
    case lock_outcome::busy:
      return EBUSY;
    case lock_outcome::timed_out:
      return ETIMEDOUT;
    case lock_outcome::again:
      break;
  }
  raise(finding::misused_lock, "locks a reader-writer lock that it holds for writing", code, "locks");
}

int write_lock(pthread_rwlock_t* m, std::uintptr_t code, patience how = {}) {
  if (const sync_object* s = find_sync(address_of(m)); s != nullptr && s->reads_held[the_run.current] != 0)
    raise(finding::misused_lock, "locks a reader-writer lock for writing that it holds for reading", code, "locks");
  return code_of(lock_exclusive(address_of(m), wait_reason::shared_mutex, false, code, how), code);
}
int read_lock(pthread_rwlock_t* m, std::uintptr_t code, patience how = {}) {
  return code_of(lock_shared(address_of(m), code, how), code);
}

}  // namespace

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" {

int pthread_rwlock_init(pthread_rwlock_t* m, const pthread_rwlockattr_t* attributes) noexcept {
  if (is_controlled) forget(address_of(m), sizeof *m);
  return GAUNTLET_SCHED_REAL(pthread_rwlock_init)(m, attributes);
}
int pthread_rwlock_destroy(pthread_rwlock_t* m) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_rwlock_destroy)(m);
  destroy_lock(address_of(m), GAUNTLET_SCHED_CALLER());
  return 0;
}
int pthread_rwlock_wrlock(pthread_rwlock_t* m) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_rwlock_wrlock)(m);
  return write_lock(m, GAUNTLET_SCHED_CALLER());
}
int pthread_rwlock_rdlock(pthread_rwlock_t* m) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_rwlock_rdlock)(m);
  return read_lock(m, GAUNTLET_SCHED_CALLER());
}
int pthread_rwlock_trywrlock(pthread_rwlock_t* m) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_rwlock_trywrlock)(m);
  return code_of(try_lock_exclusive(address_of(m), false, GAUNTLET_SCHED_CALLER()), GAUNTLET_SCHED_CALLER());
}
int pthread_rwlock_tryrdlock(pthread_rwlock_t* m) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_rwlock_tryrdlock)(m);
  return code_of(try_lock_shared(address_of(m), GAUNTLET_SCHED_CALLER()), GAUNTLET_SCHED_CALLER());
}
int pthread_rwlock_timedwrlock(pthread_rwlock_t* m, const timespec* until) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_rwlock_timedwrlock)(m, until);
  return write_lock(m, GAUNTLET_SCHED_CALLER(), {true, nanoseconds(*until)});
}
int pthread_rwlock_timedrdlock(pthread_rwlock_t* m, const timespec* until) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_rwlock_timedrdlock)(m, until);
  return read_lock(m, GAUNTLET_SCHED_CALLER(), {true, nanoseconds(*until)});
}
int pthread_rwlock_clockwrlock(pthread_rwlock_t* m, clockid_t clock, const timespec* until) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_rwlock_clockwrlock)(m, clock, until);
  return write_lock(m, GAUNTLET_SCHED_CALLER(), {true, nanoseconds(*until)});
}
int pthread_rwlock_clockrdlock(pthread_rwlock_t* m, clockid_t clock, const timespec* until) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_rwlock_clockrdlock)(m, clock, until);
  return read_lock(m, GAUNTLET_SCHED_CALLER(), {true, nanoseconds(*until)});
}
int pthread_rwlock_unlock(pthread_rwlock_t* m) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_rwlock_unlock)(m);
  unlock(address_of(m), GAUNTLET_SCHED_CALLER());
  return 0;
}

}  // extern "C"
