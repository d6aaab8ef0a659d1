// Locks under disturbance: a thread dawdles before it takes a lock and after it has given it back.
//
// Between two critical sections is where a map that takes its lock twice for one operation goes wrong, and where an idle
// machine never stops a thread. The tiny concurrent maps take their locks through these, right and defective ones alike; and
// their locks sleep after one look, so that several threads sleep and are woken within a few operations.
#pragma once

#include <cstdint>

#include <gauntlet/check/run/concurrent_disturbance.h>
#include <gauntlet/map/detail/annotations.h>
#include <gauntlet/map/detail/spin_park_lock.h>

namespace gauntlet::adapters {

template <class Lock>
class GAUNTLET_CAPABILITY("disturbed_lock") disturbed_lock {
 public:
  void lock() GAUNTLET_ACQUIRE() GAUNTLET_UNCHECKED_LOCKING {
    check::disturbance::point();
    lock_.lock();
  }
  bool try_lock() GAUNTLET_TRY_ACQUIRE(true) GAUNTLET_UNCHECKED_LOCKING {
    check::disturbance::point();
    return lock_.try_lock();
  }
  void unlock() GAUNTLET_RELEASE() GAUNTLET_UNCHECKED_LOCKING {
    lock_.unlock();
    check::disturbance::point();
  }

 protected:
  Lock lock_;
};

template <class Lock>
class GAUNTLET_CAPABILITY("disturbed_lock") disturbed_shared_lock : public disturbed_lock<Lock> {
 public:
  void lock_shared() GAUNTLET_ACQUIRE_SHARED() GAUNTLET_UNCHECKED_LOCKING {
    check::disturbance::point();
    this->lock_.lock_shared();
  }
  void unlock_shared() GAUNTLET_RELEASE_SHARED() GAUNTLET_UNCHECKED_LOCKING {
    this->lock_.unlock_shared();
    check::disturbance::point();
  }
};

struct impatient_spin_park_tuning {
  static constexpr std::int32_t least_pauses = 1;
  static constexpr std::int32_t most_pauses = 1;
};
using impatient_lock = disturbed_lock<detail::basic_spin_park_lock<impatient_spin_park_tuning>>;

}  // namespace gauntlet::adapters
