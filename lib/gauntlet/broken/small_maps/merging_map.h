// merging_map: a mutex over a few elements; merge needs two maps at once.
//
// The hard case: two threads that merge two maps into each other need the same two locks. If each took its own map's
// lock first, each would wait for the other for ever; so both take them in one order, that of the addresses.
//
// Promises: every operation is linearizable, merge for both maps at one moment. Nobody waits for ever.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include <gauntlet/broken/small_maps/elements.h>
#include <gauntlet/map/consistency.h>

namespace gauntlet::broken {

struct merging_map_policy {
  // Locks the target's and the source's lock.
  static auto lock_both(std::mutex& target, std::mutex& source) {
    const bool target_first = std::less<std::mutex*>()(&target, &source);
    std::unique_lock first(target_first ? target : source);
    std::unique_lock second(target_first ? source : target);
    return std::pair(std::move(first), std::move(second));
  }
};

template <class Key, class T, class KeyEqual, class Policy = merging_map_policy>
class merging_map {
 public:
  static constexpr operation_contracts contracts{};

  bool insert(const Key& key, const T& value) {
    const std::lock_guard guard(lock_);
    return content_.insert(key, value);
  }
  bool erase(const Key& key) {
    const std::lock_guard guard(lock_);
    return content_.erase(key);
  }
  std::optional<T> find(const Key& key) const {
    const std::lock_guard guard(lock_);
    const T* const value = content_.find(key);
    return value != nullptr ? std::optional<T>(*value) : std::nullopt;
  }
  std::size_t size() const {
    const std::lock_guard guard(lock_);
    return content_.size();
  }
  template <class Visitor>
  void for_each(Visitor&& visitor) const {
    const std::lock_guard guard(lock_);
    for (const auto& [key, value] : content_) visitor(key, value);
  }
  // Moves over every element of `other` whose key is absent here; the others stay there.
  void merge(merging_map& other) {
    if (this == &other) return;
    const auto guards = Policy::lock_both(lock_, other.lock_);
    elements<Key, T, KeyEqual> stay;
    for (const auto& [key, value] : other.content_) {
      if (!content_.insert(key, value)) stay.add(key, value);
    }
    other.content_ = std::move(stay);
  }

 private:
  mutable std::mutex lock_;
  elements<Key, T, KeyEqual> content_;  // guarded by lock_
};

}  // namespace gauntlet::broken
