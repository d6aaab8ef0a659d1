#include "shared_lock.h"

#include <chrono>
#include <thread>

#include <gauntlet/map/detail/shared_spin_park_lock.h>
#include <gauntlet/sched/run.h>

namespace props {
namespace {

// Every wait is a sleep: the hard case, and few events.
struct sleeps_at_once : gauntlet::detail::shared_spin_park_tuning {
  static constexpr unsigned looks = 0;
  static constexpr unsigned patience = 0;
};
using lock_type = gauntlet::detail::basic_shared_spin_park_lock<sleeps_at_once>;

struct wakes_one_reader : lock_type {
  void unlock() GAUNTLET_RELEASE() {
    const auto before = word_.fetch_and(readers, std::memory_order_release);
    wake(before & writers_parked);
    if ((before & readers_parked) != 0) {
      reader_wakes_.fetch_add(1, std::memory_order_release);
      reader_wakes_.notify_one();
    }
  }
};

struct readers_wake_nobody : lock_type {
  void unlock_shared() GAUNTLET_RELEASE_SHARED() { word_.fetch_sub(1, std::memory_order_release); }
};

// Time is that of the run: it goes on when nobody else can. Whoever comes meanwhile has fallen asleep when a rest is over.
void rest() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

template <class Lock>
class two_numbers {
 public:
  void write(bool rests = false) {
    lock_.lock();
    ++one_;
    if (rests) rest();
    ++other_;
    lock_.unlock();
  }
  void read(bool rests = false) {
    lock_.lock_shared();
    GAUNTLET_SCHED_CHECK(one_ == other_);
    if (rests) rest();
    lock_.unlock_shared();
  }

 private:
  Lock lock_;
  int one_ = 0, other_ = 0;
};

// The writer falls asleep, and a reader may come before or after that.
template <class Lock>
void readers_and_writer() {
  two_numbers<Lock> numbers;
  std::thread first([&] { numbers.read(true); });
  std::thread second([&] { numbers.read(); });
  numbers.write();
  first.join();
  second.join();
}

template <class Lock>
void all_come_in() {
  two_numbers<Lock> numbers;
  std::thread first([&] { numbers.read(); });
  std::thread second([&] { numbers.read(); });
  std::thread third([&] { numbers.write(); });
  numbers.write(true);
  first.join();
  second.join();
  third.join();
}

}  // namespace

void two_writers_and_a_reader() {
  two_numbers<lock_type> numbers;
  std::thread first([&] { numbers.write(true); });
  std::thread second([&] { numbers.write(); });
  numbers.read();
  first.join();
  second.join();
}

void two_readers_and_an_announcing_writer() { readers_and_writer<lock_type>(); }
void three_wait_for_a_writer() { all_come_in<lock_type>(); }
void three_wait_for_a_writer_who_wakes_one() { all_come_in<wakes_one_reader>(); }
void two_readers_who_wake_nobody_and_an_announcing_writer() { readers_and_writer<readers_wake_nobody>(); }

}  // namespace props
