// A write with a deadline, made of a worker and a channel: it still writes after it has said that it did not.
//
// The caller hands key and value to a worker thread, waits for the answer, and stops waiting at the deadline. But the
// deadline ended the waiting, not the write: the worker is still in line for the map's lock, gets it in the end, and
// writes. Two threads and the worker, three steps:
//   A: holds the map's lock for longer than B is patient
//   B: store_for   its worker waits for the lock; B is told `timed_out`
//   A: gives the lock back; the worker gets it and writes what B believes not to be there
// No detector of races sees anything: nothing is shared without a lock. The right way is deadline_writer: whoever waits
// is the one who writes, and decides before the commit point.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <gauntlet/map/deadline_writer.h>

namespace gauntlet::broken {

template <class Map>
class timed_write_by_worker {
 public:
  explicit timed_write_by_worker(Map& map) : map_(&map) {}
  // Waits for the workers, so that none of them outlives the map.
  ~timed_write_by_worker() {
    for (std::thread& worker : workers_) worker.join();
  }
  timed_write_by_worker(const timed_write_by_worker&) = delete;
  timed_write_by_worker& operator=(const timed_write_by_worker&) = delete;

  // One thread.
  timed_result store_for(typename Map::key_type key, typename Map::mapped_type value,
                         std::chrono::steady_clock::duration patience) {
    const auto answer = std::make_shared<channel>();
    workers_.emplace_back([this, answer, key = std::move(key), value = std::move(value)]() mutable {
      const bool inserted = map_->insert_or_assign(std::move(key), std::move(value));
      const std::lock_guard sending(answer->lock);
      answer->result = {timed_outcome::done, inserted};
      answer->has_result = true;
      answer->sent.notify_one();
    });
    std::unique_lock receiving(answer->lock);
    if (answer->sent.wait_for(receiving, patience, [&] { return answer->has_result; })) return answer->result;
    return {timed_outcome::timed_out, false};
  }

 private:
  struct channel {
    std::mutex lock;
    std::condition_variable sent;
    timed_result result;      // guarded by lock
    bool has_result = false;  // guarded by lock
  };

  Map* map_;
  std::vector<std::thread> workers_;
};

}  // namespace gauntlet::broken
