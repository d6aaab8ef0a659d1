// Threads: create, join, detach, self, exit.
//
// A pthread_t inside a run is the thread's number plus one.
#include <errno.h>
#include <pthread.h>

#include <gauntlet/sched/intercept/instrumented.h>
#include <gauntlet/sched/runtime/life.h>

namespace gauntlet::sched::runtime {

void link_threads() noexcept {}

namespace {

thread* thread_of(pthread_t handle) noexcept {
  return handle == 0 || handle > the_run.thread_count ? nullptr : &the_run.threads[handle - 1];
}

int create(pthread_t* handle, const pthread_attr_t* attributes, void* (*function)(void*), void* argument,
           std::uintptr_t code) {
  announce(event_kind::create, 0, 0, code);
  const thread_id id = start_thread(function, argument);
  int detached = PTHREAD_CREATE_JOINABLE;
  if (attributes != nullptr) pthread_attr_getdetachstate(attributes, &detached);
  the_run.threads[id].detached = detached == PTHREAD_CREATE_DETACHED;
  *handle = static_cast<pthread_t>(id) + 1;
  progress();
  done(0, id);
  return 0;
}

int join(pthread_t handle, void** result, std::uintptr_t code, bool timed, std::uint64_t deadline) {
  thread* t = thread_of(handle);
  if (t == nullptr) return ESRCH;
  if (t->detached || t->joined) return EINVAL;
  if (t->id == the_run.current) return EDEADLK;
  announce(event_kind::join, address_of(t), 0, code);
  while (t->state != thread_state::done)
    if (!block(address_of(t), wait_reason::join, timed, deadline)) {
      done(t->id, 1);
      return ETIMEDOUT;
    }
  t->joined = true;
  --the_run.unjoined;
  the_run.running().now.join(t->now);
  if (result != nullptr) *result = t->result;
  progress();
  done(t->id, 0, t->ended_at);
  return 0;
}

}  // namespace

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" {

int pthread_create(pthread_t* handle, const pthread_attr_t* attributes, void* (*function)(void*), void* argument) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_create)(handle, attributes, function, argument);
  return create(handle, attributes, function, argument, GAUNTLET_SCHED_CALLER());
}

int pthread_join(pthread_t handle, void** result) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_join)(handle, result);
  return join(handle, result, GAUNTLET_SCHED_CALLER(), false, 0);
}

int pthread_detach(pthread_t handle) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_detach)(handle);
  thread* t = thread_of(handle);
  if (t == nullptr) return ESRCH;
  if (t->detached || t->joined) return EINVAL;
  t->detached = true;
  return 0;
}

pthread_t pthread_self() {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_self)();
  return static_cast<pthread_t>(the_run.current) + 1;
}

void pthread_exit(void* result) {
  if (!is_controlled) {
    GAUNTLET_SCHED_REAL(pthread_exit)(result);
    __builtin_unreachable();
  }
  raise_refused("pthread_exit(): a thread ends by returning from its function");
}

}  // extern "C"
