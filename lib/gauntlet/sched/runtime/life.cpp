#include <gauntlet/sched/runtime/life.h>

#include <cxxabi.h>
#include <errno.h>

#include <gauntlet/sched/intercept/keys.h>
#include <gauntlet/sched/memory/sync_object.h>
#include <gauntlet/sched/report/finding.h>
#include <gauntlet/sched/runtime/scheduler.h>

namespace gauntlet::sched::runtime {

namespace {

struct destructor {
  void (*destroy)(void*);
  void* object;
  int thread;  // nobody: a static's
};
list<destructor> destructors;

// Runs those that belong to `whose`, newest first; they may register further ones.
void destroy_all(int whose) {
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = destructors.size(); i > 0; --i) {
      destructor& d = destructors[i - 1];
      if (d.destroy == nullptr || d.thread != whose) continue;
      const destructor now = d;
      d.destroy = nullptr;
      now.destroy(now.object);
      again = true;
      break;
    }
  }
}

// What every controlled thread runs. It must not be a frame that catches: see carrier.cpp on the trampoline.
void thread_entry() {
  // A run that ended early may have left exceptions in flight on this storage: libstdc++'s two words per thread.
  struct globals {
    void* caught;
    unsigned uncaught;
  };
  auto* in_flight = reinterpret_cast<globals*>(abi::__cxa_get_globals());
  *in_flight = {nullptr, 0};
  errno = 0;
  done(0);  // the begin event, announced when the thread was made
  thread& t = the_run.running();
  end_thread(t.function(t.argument));
}

void add(void (*destroy)(void*), void* object, int whose) {
  if (destructors.full()) raise_refused("more than 65,536 destructors of thread_local and static objects");
  destructors.push({destroy, object, whose});
}

}  // namespace

thread_id start_thread(void* (*function)(void*), void* argument) { return spawn(function, argument, thread_entry); }

void end_thread(void* result) {
  thread& t = the_run.running();
  t.result = result;
  destroy_all(t.id);
  destroy_keys();
  if (t.id == 0) {
    // As at the end of main, but for one difference: threads that nobody waits for run to their end, too.
    while (the_run.live > 1) block(address_of_live(), wait_reason::others);
    // Statics are destroyed after everything else.
    for (unsigned i = 1; i < the_run.thread_count; ++i) t.now.join(the_run.threads[i].now);
    destroy_all(nobody);
  }
  announce(event_kind::end, 0, 0, 0);
  done(0);
  finish_thread();
}

void at_thread_exit(void (*destroy)(void*), void* object) { add(destroy, object, the_run.current); }
void at_run_exit(void (*destroy)(void*), void* object) { add(destroy, object, nobody); }

void begin_life() {
  destructors.reserve(65536);
  destructors.clear();
}

}  // namespace gauntlet::sched::runtime
