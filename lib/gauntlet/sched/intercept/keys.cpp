// Keys made inside a run are the run's own and have high numbers, so that keys made outside (by libraries, before the
// run) go on to mean the carrier's values.
#include <gauntlet/sched/intercept/keys.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include <gauntlet/sched/intercept/instrumented.h>

namespace gauntlet::sched::runtime {

void link_keys() noexcept {}

namespace {

constexpr unsigned keys_max = 64;
constexpr pthread_key_t first_key = 1U << 20;
struct key_state {
  bool used;
  void (*destroy)(void*);
  const void* values[threads_max];
};
key_state keys[keys_max];
unsigned keys_made = 0;

key_state* own(pthread_key_t key) noexcept {
  return key >= first_key && key - first_key < keys_made ? &keys[key - first_key] : nullptr;
}

}  // namespace

void begin_keys() {
  for (unsigned i = 0; i < keys_made; ++i) keys[i] = {};
  keys_made = 0;
}

void destroy_keys() {
  const thread_id me = the_run.current;
  for (int round = 0; round < PTHREAD_DESTRUCTOR_ITERATIONS; ++round) {
    bool any = false;
    for (unsigned i = 0; i < keys_made; ++i) {
      const void* value = keys[i].values[me];
      if (!keys[i].used || value == nullptr || keys[i].destroy == nullptr) continue;
      keys[i].values[me] = nullptr;
      keys[i].destroy(const_cast<void*>(value));
      any = true;
    }
    if (!any) return;
  }
}

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" {

int pthread_key_create(pthread_key_t* key, void (*destroy)(void*)) noexcept {
  if (!is_controlled) return GAUNTLET_SCHED_REAL(pthread_key_create)(key, destroy);
  if (keys_made == keys_max) return EAGAIN;
  keys[keys_made] = {};
  keys[keys_made].used = true;
  keys[keys_made].destroy = destroy;
  *key = first_key + keys_made++;
  return 0;
}
int pthread_key_delete(pthread_key_t key) noexcept {
  if (!is_controlled || own(key) == nullptr) return GAUNTLET_SCHED_REAL(pthread_key_delete)(key);
  own(key)->used = false;
  return 0;
}
void* pthread_getspecific(pthread_key_t key) noexcept {
  if (!is_controlled || own(key) == nullptr) return GAUNTLET_SCHED_REAL(pthread_getspecific)(key);
  return const_cast<void*>(own(key)->values[the_run.current]);
}
int pthread_setspecific(pthread_key_t key, const void* value) noexcept {
  if (!is_controlled || own(key) == nullptr) return GAUNTLET_SCHED_REAL(pthread_setspecific)(key, value);
  own(key)->values[the_run.current] = value;
  return 0;
}

}  // extern "C"
