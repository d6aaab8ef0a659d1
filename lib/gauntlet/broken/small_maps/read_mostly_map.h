// read_mostly_map: while nothing is written, readers take no lock.
//
// Words. The *clean* part is a copy of all elements that never changes; the *dirty* part can be changed, under the lock.
// Only one of them is the map: the clean part while its pointer is set, else the dirty part. *Promotion* makes the dirty
// part the clean one.
//
// The idea: the first write after a promotion copies the clean part back into the dirty one. Readers that find no clean
// part take the lock; the second of them promotes.
//
// The hard case: a reader finds no clean part and waits for the lock, and somebody promotes meanwhile. The dirty part is
// empty then. So the reader looks for a clean part once more when it has the lock.
//
// Promises: every operation is linearizable. Clean parts are kept until the map goes: a reader may still be in one.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <gauntlet/broken/small_maps/elements.h>
#include <gauntlet/map/consistency.h>

namespace gauntlet::broken {

struct read_mostly_map_policy {
  // For a reader that found no clean part, under the lock: the clean part that there is now, if any.
  template <class Part>
  static const Part* look_again(const std::atomic<const Part*>& clean) {
    return clean.load();  // [look] pairs with [promote]
  }
};

template <class Key, class T, class KeyEqual, class Policy = read_mostly_map_policy>
class read_mostly_map {
 public:
  static constexpr operation_contracts contracts{};

  std::optional<T> find(const Key& key) const {
    // [look] pairs with [promote] and [amend]: the elements of the clean part, and that it is the map now.
    if (const part* const clean = clean_.load()) return value_in(*clean, key);
    const std::lock_guard guard(lock_);
    if (const part* const clean = Policy::look_again(clean_)) return value_in(*clean, key);
    std::optional<T> found = value_in(dirty_, key);
    if (++misses_ >= misses_max) promote_locked();
    return found;
  }
  bool insert(const Key& key, const T& value) {
    const std::lock_guard guard(lock_);
    return amended_locked().insert(key, value);
  }
  bool insert_or_assign(const Key& key, const T& value) {
    const std::lock_guard guard(lock_);
    return amended_locked().insert_or_assign(key, value);
  }
  bool erase(const Key& key) {
    const std::lock_guard guard(lock_);
    return amended_locked().erase(key);
  }
  std::size_t size() const {
    const std::lock_guard guard(lock_);
    return all_locked().size();
  }
  template <class Visitor>
  void for_each(Visitor&& visitor) const {
    const std::lock_guard guard(lock_);
    for (const auto& [key, value] : all_locked()) visitor(key, value);
  }

 private:
  using part = elements<Key, T, KeyEqual>;
  static constexpr unsigned misses_max = 2;

  static std::optional<T> value_in(const part& p, const Key& key) {
    const T* const value = p.find(key);
    return value != nullptr ? std::optional<T>(*value) : std::nullopt;
  }
  const part& all_locked() const {
    const part* const clean = clean_.load();
    return clean != nullptr ? *clean : dirty_;
  }
  void promote_locked() const {
    kept_.push_back(std::make_unique<part>(std::exchange(dirty_, part())));
    misses_ = 0;
    clean_.store(kept_.back().get());  // [promote] pairs with [look]
  }
  // The dirty part, after it has become the map.
  part& amended_locked() {
    if (const part* const clean = clean_.load()) {
      dirty_ = *clean;
      clean_.store(nullptr);  // [amend] pairs with [look]: what is read from now on is under the lock
    }
    return dirty_;
  }

  mutable std::atomic<const part*> clean_{nullptr};  // [promote], [amend], [look]; set under lock_
  mutable std::mutex lock_;
  mutable part dirty_;           // guarded by lock_
  mutable unsigned misses_ = 0;  // guarded by lock_: readers since the last promotion that needed it
  mutable std::vector<std::unique_ptr<part>> kept_;  // guarded by lock_: every clean part there ever was
};

}  // namespace gauntlet::broken
