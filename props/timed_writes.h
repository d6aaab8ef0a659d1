// Writes with deadlines for the controlled scheduler: compiled for control, called from schedules_deadline_writer_test.
#pragma once

namespace props {

enum class timed_map : unsigned char { shared_mutex, sharded, rcu, routed };

// What one run came to. `kept_promise`: what was answered is what happened.
struct timed_run {
  bool kept_promise = true;
  unsigned done = 0, timed_out = 0, cancelled = 0;
};

// One thread keeps the map from being written for a while, in virtual time; two others store, and erase, with a
// deadline that may come before or after that; a fourth may request a stop. Beside a routed_map's, a resharding goes on.
// To be called in a controlled run.
timed_run timed_writes_against_a_holder(timed_map which);

// A reader stays, retired entries are at their bound: in rcu_map it is this, and no lock, that a writer waits for.
timed_run timed_writes_against_a_reader();

// The same with the write by a worker and a channel, which does not keep the promise (broken/timed_write_by_worker.h).
timed_run write_by_worker_against_a_holder();

}  // namespace props
