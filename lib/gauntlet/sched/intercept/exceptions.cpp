// Exceptions that threads share (std::exception_ptr, std::future).
//
// libstdc++ counts references to an exception object inside the library, where no instrumentation sees the count: the
// last owner destroys an object that others have read, and what orders the two would be invisible. So giving up and
// taking a reference acquire and release the object here. They are no events: which thread is last follows from events.
#include <cxxabi.h>

#include <exception>

#include <gauntlet/sched/intercept/instrumented.h>
#include <gauntlet/sched/memory/sync_object.h>

namespace gauntlet::sched::runtime {

void link_exceptions() noexcept {}

namespace {

void order_by(const void* object) {
  if (!is_controlled || object == nullptr) return;
  thread& t = the_run.running();
  sync_object& s = sync_at(address_of(object));
  acquire_from(t, s);
  release_join_to(t, s);
}
// An exception_ptr is one pointer, to the exception object.
const void* object_of(const void* pointer) noexcept { return *static_cast<void* const*>(pointer); }

// The object in flight that the innermost handler of this thread handles, from libstdc++'s per-thread word.
const void* handled_object() noexcept {
  const std::exception_ptr current = std::current_exception();
  return object_of(&current);
}

using member = void (*)(void*);

}  // namespace

}  // namespace gauntlet::sched::runtime

using namespace gauntlet::sched;
using namespace gauntlet::sched::runtime;

extern "C" {

void gauntlet_sched_release_exception(void* pointer) asm("_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv");
void gauntlet_sched_release_exception(void* pointer) {
  order_by(object_of(pointer));
  static member cached;
  real_function(cached, "_ZNSt15__exception_ptr13exception_ptr10_M_releaseEv")(pointer);
}
void gauntlet_sched_add_exception(void* pointer) asm("_ZNSt15__exception_ptr13exception_ptr9_M_addrefEv");
void gauntlet_sched_add_exception(void* pointer) {
  order_by(object_of(pointer));
  static member cached;
  real_function(cached, "_ZNSt15__exception_ptr13exception_ptr9_M_addrefEv")(pointer);
}

// The end of a handler gives up the reference that catching took.
void gauntlet_sched_end_catch() asm("__cxa_end_catch");
void gauntlet_sched_end_catch() {
  if (is_controlled) {
    const void* object;
    {
      const uncontrolled guard;
      object = handled_object();
    }
    order_by(object);
  }
  using function = void (*)();
  static function cached;
  real_function(cached, "__cxa_end_catch")();
}

}  // extern "C"
