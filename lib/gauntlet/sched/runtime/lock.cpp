#include <gauntlet/sched/runtime/lock.h>

#include <gauntlet/sched/report/finding.h>
#include <gauntlet/sched/runtime/scheduler.h>

namespace gauntlet::sched::runtime {

namespace {

void take(sync_object& s, std::uintptr_t code) {
  thread& t = the_run.running();
  s.owner = t.id;
  s.depth = 1;
  acquire_from(t, s);
  t.now.join(s.released_by_readers);
  s.lock_code = static_cast<std::uint32_t>(code);
}
void take_shared(sync_object& s, std::uintptr_t code) {
  thread& t = the_run.running();
  ++s.readers;
  ++s.reads_held[t.id];
  s.readers_used = true;
  acquire_from(t, s);
  s.lock_code = static_cast<std::uint32_t>(code);
}

// A timed wait may, as a choice, time out before it has waited.
bool times_out_at_once(patience how) { return how.timed && choose(choice_kind::timeout, 2) == 1; }

void released(sync_object& s) {
  s.stored_at = the_run.events + 1;
  progress();
  wake(s.address, threads_max);
}

}  // namespace

lock_outcome lock_exclusive(std::uintptr_t lock, wait_reason what, bool recursive, std::uintptr_t code, patience how) {
  announce(event_kind::lock, lock, 0, code);
  bool given_up = false;
  for (;;) {
    sync_object& s = sync_at(lock);
    if (s.owner == nobody && s.readers == 0) {
      take(s, code);
      the_run.running().idle = 0;
      done(s.number, 0, s.stored_at);
      return lock_outcome::locked;
    }
    if (s.owner == the_run.current) {
      if (!recursive) return lock_outcome::again;
      ++s.depth;
      done(s.number, s.depth);
      return lock_outcome::locked;
    }
    if (given_up || times_out_at_once(how)) {
      done(s.number, 1);
      return lock_outcome::timed_out;
    }
    given_up = !block(lock, what, how.timed, how.deadline);
  }
}

lock_outcome try_lock_exclusive(std::uintptr_t lock, bool recursive, std::uintptr_t code) {
  announce(event_kind::try_lock, lock, 0, code);
  sync_object& s = sync_at(lock);
  if (s.owner == nobody && s.readers == 0) {
    take(s, code);
    the_run.running().idle = 0;
    done(s.number, 0, s.stored_at);
    return lock_outcome::locked;
  }
  if (s.owner == the_run.current && recursive) {
    ++s.depth;
    done(s.number, s.depth);
    return lock_outcome::locked;
  }
  looked(lock, 1);
  done(s.number, 1);
  return lock_outcome::busy;
}

lock_outcome lock_shared(std::uintptr_t lock, std::uintptr_t code, patience how) {
  announce(event_kind::lock_shared, lock, 0, code);
  bool given_up = false;
  for (;;) {
    sync_object& s = sync_at(lock);
    if (s.owner == nobody) {
      take_shared(s, code);
      done(s.number, 0, s.stored_at);
      return lock_outcome::locked;
    }
    if (s.owner == the_run.current) return lock_outcome::again;
    if (given_up || times_out_at_once(how)) {
      done(s.number, 1);
      return lock_outcome::timed_out;
    }
    given_up = !block(lock, wait_reason::shared_mutex, how.timed, how.deadline);
  }
}

lock_outcome try_lock_shared(std::uintptr_t lock, std::uintptr_t code) {
  announce(event_kind::lock_shared, lock, 0, code);
  sync_object& s = sync_at(lock);
  if (s.owner == nobody) {
    take_shared(s, code);
    done(s.number, 0, s.stored_at);
    return lock_outcome::locked;
  }
  looked(lock, 1);
  done(s.number, 1);
  return lock_outcome::busy;
}

void unlock(std::uintptr_t lock, std::uintptr_t code) {
  announce(event_kind::unlock, lock, 0, code);
  thread& t = the_run.running();
  sync_object& s = sync_at(lock);
  if (s.owner == t.id) {
    if (--s.depth == 0) {
      s.owner = nobody;
      release_to(t, s);
      s.released_by_readers.clear();
      released(s);
    }
  } else if (s.reads_held[t.id] != 0) {
    --s.reads_held[t.id];
    --s.readers;
    s.released_by_readers.join(t.now);
    t.now.tick(t.id);
    released(s);
  } else {
    raise(finding::misused_lock, "unlocks a lock that it does not hold", code, "unlocks");
  }
  done(s.number, s.depth);
}

std::uint32_t unlock_for_wait(std::uintptr_t lock, std::uintptr_t code) {
  thread& t = the_run.running();
  sync_object& s = sync_at(lock);
  if (s.owner != t.id)
    raise(finding::misused_lock, "waits on a condition variable with a mutex that it does not hold", code, "waits");
  const std::uint32_t depth = s.depth;
  s.owner = nobody;
  s.depth = 0;
  release_to(t, s);
  s.released_by_readers.clear();
  released(s);
  return depth;
}

void destroy_lock(std::uintptr_t lock, std::uintptr_t code) {
  const sync_object* s = find_sync(lock);
  if (s != nullptr && (s->owner != nobody || s->readers != 0))
    raise(finding::misused_lock, "destroys a lock that is held", code, "destroys");
}

}  // namespace gauntlet::sched::runtime
