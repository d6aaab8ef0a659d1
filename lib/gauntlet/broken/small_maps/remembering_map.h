// remembering_map: a map behind one mutex of which every thread remembers what it looked up last.
//
// The idea: most lookups ask for what was asked for a moment ago. A thread keeps the key of its last lookup, the answer,
// and the *version* the map had then. As long as the map has that version the answer is good, and nobody takes the mutex.
//
// The hard case is a change that others see before the version says so. One thread finds an element gone, and after that
// another one, with an old answer, finds it still there. So the version is raised under the mutex: who sees the change
// has taken the mutex afterwards, and by then no old answer is good any more.
//
// Promises: every operation is linearizable.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>

#include <gauntlet/broken/small_maps/elements.h>
#include <gauntlet/map/consistency.h>

namespace gauntlet::broken {

struct remembering_map_policy {
  // Changes the map under the mutex and raises its version.
  template <class Change>
  static bool change(std::mutex& lock, std::atomic<std::uint64_t>& version, Change&& change) {
    const std::lock_guard guard(lock);
    version.fetch_add(1, std::memory_order_seq_cst);  // [version] pairs with itself, see find
    return change();
  }
};

template <class Key, class T, class KeyEqual, class Policy = remembering_map_policy>
class remembering_map {
 public:
  static constexpr operation_contracts contracts{};

  bool insert(const Key& key, const T& value) {
    return Policy::change(lock_, version_, [&] { return content_.insert(key, value); });
  }
  bool insert_or_assign(const Key& key, const T& value) {
    return Policy::change(lock_, version_, [&] { return content_.insert_or_assign(key, value); });
  }
  bool erase(const Key& key) {
    return Policy::change(lock_, version_, [&] { return content_.erase(key); });
  }
  std::optional<T> find(const Key& key) const {
    remembered& last = last_lookup;
    // [version] pairs with itself: nothing is read through it but what this thread keeps. Sequentially consistent, so that a
    // change which has returned is seen here, though nothing else leads from that thread to this one.
    if (last.map == this && last.version == version_.load(std::memory_order_seq_cst) && KeyEqual()(last.key, key)) {
      return last.value;
    }
    const std::lock_guard guard(lock_);
    const T* const value = content_.find(key);
    last = {this, version_.load(std::memory_order_relaxed), key,  // [version] under the mutex, as who raises it
            value != nullptr ? std::optional<T>(*value) : std::nullopt};
    return last.value;
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

 private:
  struct remembered {
    const remembering_map* map = nullptr;
    std::uint64_t version = 0;
    Key key{};
    std::optional<T> value;
  };
  static inline thread_local remembered last_lookup;

  mutable std::mutex lock_;
  std::atomic<std::uint64_t> version_{first_version()};  // [version]
  elements<Key, T, KeyEqual> content_;                   // guarded by lock_

  // No two maps have a version in common: one may lie where another one was.
  static std::uint64_t first_version() {
    static std::atomic<std::uint64_t> maps{0};
    return (maps.fetch_add(1, std::memory_order_relaxed) + 1) << 32;
  }
};

}  // namespace gauntlet::broken
