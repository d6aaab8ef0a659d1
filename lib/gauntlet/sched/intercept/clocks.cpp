// Yielding, sleeping, and clocks: time inside a run is virtual (virtual_time.h).
#include <errno.h>
#include <sched.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <gauntlet/sched/intercept/instrumented.h>
#include <gauntlet/sched/runtime/virtual_time.h>

namespace gauntlet::sched::runtime {

void link_clocks() noexcept {}

namespace {

void sleep_until(std::uint64_t deadline, std::uintptr_t code) {
  announce(event_kind::sleep, 0, 0, code);
  if (the_run.time < deadline) block(address_of(&the_run.running().deadline), wait_reason::sleep, true, deadline);
  done(0);
}
void sleep_for(std::uint64_t duration, std::uintptr_t code) { sleep_until(the_run.time + duration, code); }

timespec virtual_now() noexcept {
  const std::uint64_t time = look_at_clock();
  return {static_cast<time_t>(time / nanoseconds_per_second), static_cast<long>(time % nanoseconds_per_second)};
}

}  // namespace

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" {

int sched_yield() noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(sched_yield)();
  yield_now(GAUNTLET_SCHED_CALLER());
  return 0;
}
int pthread_yield() noexcept { return sched_yield(); }

int nanosleep(const timespec* duration, timespec* rest) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(nanosleep)(duration, rest);
  sleep_for(nanoseconds(*duration), GAUNTLET_SCHED_CALLER());
  return 0;
}
int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* rest) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(clock_nanosleep)(clock, flags, time, rest);
  if ((flags & TIMER_ABSTIME) != 0)
    sleep_until(nanoseconds(*time), GAUNTLET_SCHED_CALLER());
  else
    sleep_for(nanoseconds(*time), GAUNTLET_SCHED_CALLER());
  return 0;
}
int usleep(useconds_t microseconds) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(usleep)(microseconds);
  sleep_for(std::uint64_t{1000} * microseconds, GAUNTLET_SCHED_CALLER());
  return 0;
}
unsigned sleep(unsigned seconds) {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(sleep)(seconds);
  sleep_for(nanoseconds_per_second * seconds, GAUNTLET_SCHED_CALLER());
  return 0;
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(clock_gettime)(clock, time);
  *time = virtual_now();
  return 0;
}
int gettimeofday(timeval* time, void* zone) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(gettimeofday)(time, zone);
  const timespec t = virtual_now();
  *time = {t.tv_sec, t.tv_nsec / 1000};
  return 0;
}
time_t time(time_t* out) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(time)(out);
  const time_t t = virtual_now().tv_sec;
  if (out != nullptr) *out = t;
  return t;
}
clock_t clock() noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(clock)();
  const timespec t = virtual_now();
  return t.tv_sec * CLOCKS_PER_SEC + t.tv_nsec / 1000;
}

}  // extern "C"
