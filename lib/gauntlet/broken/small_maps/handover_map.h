// handover_map: operations take turns; who leaves wakes one that waits.
//
// The idea: a monitor. The map is *taken* by one operation at a time. The flag that says so and a condition variable to
// wait at share a mutex, which is held for a moment only, to take the map and to give it up.
//
// The hard case: an operation finds the map taken and goes to sleep. In between the other may give it up and wake
// nobody, because nobody sleeps yet. So the flag is changed under the mutex, which who finds it taken keeps until the
// condition variable has him. The flag is atomic for self_check and the like: nobody needs the mutex to look at it.
//
// Promises: every operation is linearizable; an operation that waits is woken.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <ostream>

#include <gauntlet/broken/small_maps/elements.h>
#include <gauntlet/map/consistency.h>

namespace gauntlet::broken {

struct handover_map_policy {
  // A wait may end for no reason, and who was woken may come after another one: so it looks again.
  static void wait(std::condition_variable& freed, std::unique_lock<std::mutex>& guard,
                   const std::atomic<bool>& taken) {
    // [taken] pairs with [free]: what the last one did becomes visible.
    while (taken.load(std::memory_order_acquire)) freed.wait(guard);
  }
  // Gives the map up.
  static void free(std::mutex& lock, std::atomic<bool>& taken) {
    const std::lock_guard guard(lock);
    taken.store(false, std::memory_order_release);  // [free] pairs with [taken]
  }
};

template <class Key, class T, class KeyEqual, class Policy = handover_map_policy>
class handover_map {
 public:
  static constexpr operation_contracts contracts{};

  bool insert(const Key& key, const T& value) {
    const turn mine(*this);
    return content_.insert(key, value);
  }
  bool insert_or_assign(const Key& key, const T& value) {
    const turn mine(*this);
    return content_.insert_or_assign(key, value);
  }
  bool erase(const Key& key) {
    const turn mine(*this);
    return content_.erase(key);
  }
  std::optional<T> find(const Key& key) const {
    const turn mine(*this);
    const T* const value = content_.find(key);
    return value != nullptr ? std::optional<T>(*value) : std::nullopt;
  }
  std::size_t size() const {
    const turn mine(*this);
    return content_.size();
  }
  template <class Visitor>
  void for_each(Visitor&& visitor) const {
    const turn mine(*this);
    for (const auto& [key, value] : content_) visitor(key, value);
  }
  // When all is done nobody has the map.
  bool self_check(std::ostream* dump) const {
    if (!taken_.load(std::memory_order_acquire)) return true;  // [taken]
    if (dump != nullptr) *dump << "the map is taken";
    return false;
  }

 private:
  class turn {
   public:
    explicit turn(const handover_map& map) : map_(map) {
      std::unique_lock guard(map.lock_);
      Policy::wait(map.freed_, guard, map.taken_);
      map.taken_.store(true, std::memory_order_relaxed);  // [taken] under the mutex, as all who take it
    }
    ~turn() {
      Policy::free(map_.lock_, map_.taken_);
      map_.freed_.notify_one();
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

   private:
    const handover_map& map_;
  };

  mutable std::mutex lock_;
  mutable std::condition_variable freed_;
  mutable std::atomic<bool> taken_{false};
  elements<Key, T, KeyEqual> content_;  // guarded by whoever has taken the map
};

}  // namespace gauntlet::broken
