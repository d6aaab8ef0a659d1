// Nothing is wrong here. A bit of everything that threads share or wait with, for the runtime to be right about: a
// reader-writer lock, a condition variable, once, waiting on an atomic, exceptions, thread_local, shared_ptr.
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <vector>

#include <gauntlet/sched/programs/bodies.h>
#include <gauntlet/sched/programs/together.h>

namespace gauntlet::sched::programs_detail {

namespace {

thread_local int visits = 0;

class striped_map {
 public:
  void put(int key, int value) {
    stripe& s = stripes_[key % 2];
    const std::unique_lock guard(s.m);
    s.values[key] = value;
  }
  std::optional<int> get(int key) {
    stripe& s = stripes_[key % 2];
    const std::shared_lock guard(s.m);
    const auto it = s.values.find(key);
    if (it == s.values.end()) return std::nullopt;
    return it->second;
  }
  bool erase(int key) {
    stripe& s = stripes_[key % 2];
    const std::unique_lock guard(s.m);
    return s.values.erase(key) != 0;
  }

 private:
  struct stripe {
    std::shared_mutex m;
    std::unordered_map<int, int> values;
  };
  stripe stripes_[2];
};

class queue {
 public:
  void push(int value) {
    {
      const std::lock_guard guard(m_);
      values_.push_back(value);
    }
    filled_.notify_one();
  }
  int pop() {
    std::unique_lock guard(m_);
    filled_.wait(guard, [this] { return !values_.empty(); });
    const int value = values_.front();
    values_.erase(values_.begin());
    return value;
  }

 private:
  std::mutex m_;
  std::condition_variable filled_;
  std::vector<int> values_;
};

}  // namespace

void correct_mixed() {
  striped_map map;
  queue results;
  std::once_flag once;
  int times = 0;
  std::atomic<const int*> published{nullptr};
  std::atomic<int> stage{0};
  const auto shared = std::make_shared<int>(42);

  const auto writes = [&, shared] {
    ++visits;
    for (int k = 0; k < 3; ++k) map.put(k, k * k);
    results.push(1);
    std::call_once(once, [&] { ++times; });
    published.store(shared.get(), std::memory_order_release);
    stage.store(1);
    stage.notify_all();
    GAUNTLET_SCHED_CHECK(visits == 1);
  };
  const auto reads = [&, shared] {
    ++visits;
    GAUNTLET_SCHED_CHECK(results.pop() == 1);
    for (int k = 0; k < 3; ++k) GAUNTLET_SCHED_CHECK(map.get(k) == k * k);
    std::call_once(once, [&] { ++times; });
    try {
      if (!map.get(99)) throw std::runtime_error("not there");
    } catch (const std::runtime_error&) {
      map.put(9, 1);
    }
    GAUNTLET_SCHED_CHECK(visits == 1);
  };
  const auto waits = [&, shared] {
    ++visits;
    stage.wait(0);
    const int* p = published.load(std::memory_order_acquire);
    GAUNTLET_SCHED_CHECK(p != nullptr && *p == 42);
    GAUNTLET_SCHED_CHECK(!map.erase(1000));
    while (published.load(std::memory_order_relaxed) == nullptr) std::this_thread::yield();
    GAUNTLET_SCHED_CHECK(visits == 1);
  };
  together(writes, reads, waits);
  GAUNTLET_SCHED_CHECK(times == 1);
  GAUNTLET_SCHED_CHECK(map.get(9) == 1);
  GAUNTLET_SCHED_CHECK(shared.use_count() == 4);
}

}  // namespace gauntlet::sched::programs_detail
