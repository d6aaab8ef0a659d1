// A team of threads, each on a processor of its own as far as there are that many.
//
// The threads live as long as the team, so that starting them is in no measurement and maps that know their threads see
// few of them. In each round they move on by one processor: a processor that is busier than the other one troubles every
// map alike.
#pragma once

#include <pthread.h>
#include <sched.h>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace gauntlet::bench::family {

inline std::vector<std::size_t> processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  std::vector<std::size_t> numbers;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    for (std::size_t number = 0; number < CPU_SETSIZE; ++number) {
      if (CPU_ISSET(number, &allowed)) numbers.push_back(number);
    }
  }
  return numbers;
}

class team {
 public:
  using step = std::function<void()>;

  // `enter` and `leave` are what every thread does first and last.
  team(std::size_t size, const std::vector<step>& enter, const std::vector<step>& leave) : processors_(processors()) {
    for (std::size_t number = 0; number < size; ++number) {
      threads_.emplace_back([this, number, enter, leave] {
        for (const step& each : enter) each();
        work(number);
        for (const step& each : leave) each();
      });
    }
  }
  ~team() {
    {
      const std::lock_guard guard(lock_);
      ended_ = true;
    }
    begin_.notify_all();
    for (std::thread& each : threads_) each.join();
  }
  team(const team&) = delete;
  team& operator=(const team&) = delete;

  std::size_t size() const noexcept { return threads_.size(); }

  // Every thread calls task(its number); returns when all have.
  void run(std::size_t round, std::function<void(std::size_t)> task) {
    std::unique_lock guard(lock_);
    task_ = std::move(task);
    round_ = round;
    working_ = threads_.size();
    ++task_number_;
    begin_.notify_all();
    done_.wait(guard, [this] { return working_ == 0; });
  }

 private:
  void work(std::size_t number) {
    std::unique_lock guard(lock_);
    for (std::size_t seen = 0;;) {
      begin_.wait(guard, [this, seen] { return ended_ || task_number_ != seen; });
      if (ended_) return;
      seen = task_number_;
      const std::size_t round = round_;
      guard.unlock();
      stand_on(number + round);
      task_(number);
      guard.lock();
      if (--working_ == 0) done_.notify_one();
    }
  }

  // Where that is not allowed, the thread runs where the system puts it.
  void stand_on(std::size_t place) const {
    if (processors_.empty()) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processors_[place % processors_.size()], &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
  }

  std::vector<std::size_t> processors_;  // constant
  std::mutex lock_;                      // guards what follows, but task_ and round_ stay while threads work
  std::condition_variable begin_, done_;
  std::function<void(std::size_t)> task_;
  std::size_t round_ = 0;
  std::size_t task_number_ = 0;
  std::size_t working_ = 0;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace gauntlet::bench::family
