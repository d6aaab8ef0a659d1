// Atomics of sizes that the processor has no instruction for: std::atomic<T> of 3 or 24 bytes, say. The compiler calls
// libatomic for them, behind the instrumentation's back; libatomic takes a lock. Here each is one event that acquires
// and releases, as strong as any order that was asked for; outside a run one lock serves all.
#include <pthread.h>

#include <cstring>

#include <gauntlet/sched/intercept/instrumented.h>
#include <gauntlet/sched/memory/shadow.h>
#include <gauntlet/sched/memory/sync_object.h>

namespace gauntlet::sched::runtime {

void link_large_atomics() noexcept {}

namespace {

pthread_mutex_t outside_mutex = PTHREAD_MUTEX_INITIALIZER;

class outside_lock {
 public:
  outside_lock() { GAUNTLET_SCHED_REAL(pthread_mutex_lock)(&outside_mutex); }
  ~outside_lock() { GAUNTLET_SCHED_REAL(pthread_mutex_unlock)(&outside_mutex); }
  outside_lock(const outside_lock&) = delete;
  outside_lock& operator=(const outside_lock&) = delete;
};

// `operate` returns whether it wrote.
template <class Operate>
void one_event(event_kind kind, void* object, std::size_t size, std::uintptr_t code, Operate operate) {
  announce(kind, address_of(object), 0, code);
  sync_object& s = sync_at(address_of(object));
  thread& t = the_run.running();
  acquire_from(t, s);
  const std::uint64_t seen = s.stored_at;
  const bool wrote = operate();
  judge(address_of(object), size, wrote ? access::atomic_write : access::atomic_read, code);
  if (wrote) {
    release_join_to(t, s);
    s.stored_at = the_run.events + 1;
    changed();
  } else {
    looked(s.address, 0);
  }
  done(s.number, wrote ? 1 : 0, seen);
}

}  // namespace

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

// The compiler's builtins have these names, so the functions get theirs by asm.
extern "C" {

void gauntlet_sched_load(std::size_t size, void* object, void* out, int) asm("__atomic_load");
void gauntlet_sched_load(std::size_t size, void* object, void* out, int) {
  const auto load = [&] { return std::memcpy(out, object, size) == nullptr; };
  if (is_controlled) return one_event(event_kind::load, object, size, GAUNTLET_SCHED_CALLER(), load);
  const outside_lock lock;
  load();
}

void gauntlet_sched_store(std::size_t size, void* object, void* value, int) asm("__atomic_store");
void gauntlet_sched_store(std::size_t size, void* object, void* value, int) {
  const auto store = [&] { return std::memcpy(object, value, size) != nullptr; };
  if (is_controlled) return one_event(event_kind::store, object, size, GAUNTLET_SCHED_CALLER(), store);
  const outside_lock lock;
  store();
}

void gauntlet_sched_exchange_large(std::size_t size, void* object, void* value, void* out,
                                   int) asm("__atomic_exchange");
void gauntlet_sched_exchange_large(std::size_t size, void* object, void* value, void* out, int) {
  const auto exchange = [&] {
    std::memcpy(out, object, size);
    return std::memcpy(object, value, size) != nullptr;
  };
  if (is_controlled) return one_event(event_kind::read_modify_write, object, size, GAUNTLET_SCHED_CALLER(), exchange);
  const outside_lock lock;
  exchange();
}

bool gauntlet_sched_compare_exchange(std::size_t size, void* object, void* expected, void* desired, int,
                                     int) asm("__atomic_compare_exchange");
bool gauntlet_sched_compare_exchange(std::size_t size, void* object, void* expected, void* desired, int, int) {
  bool equal = false;
  const auto compare_exchange = [&] {
    equal = __builtin_memcmp(object, expected, size) == 0;
    std::memcpy(equal ? object : expected, equal ? desired : object, size);
    return equal;
  };
  if (is_controlled) {
    one_event(event_kind::read_modify_write, object, size, GAUNTLET_SCHED_CALLER(), compare_exchange);
  } else {
    const outside_lock lock;
    compare_exchange();
  }
  return equal;
}

}  // extern "C"
