// upgrading_map: an insertion looks as a reader first, and becomes a writer only if there is something to write.
//
// The idea: insertions of keys that are there already share the lock with readers.
//
// The hard case: a reader-writer lock cannot be upgraded in one step. Between giving it up as a reader and getting it as
// a writer others may write, so what was seen must be looked at again.
//
// Promises: every operation is linearizable.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <shared_mutex>

#include <gauntlet/broken/small_maps/elements.h>
#include <gauntlet/map/consistency.h>

namespace gauntlet::broken {

struct upgrading_map_policy {
  // For an insertion that saw no such key as a reader and is now the writer: is the key still absent?
  template <class Elements, class Key>
  static bool still_absent(const Elements& content, const Key& key) {
    return !content.contains(key);
  }
};

template <class Key, class T, class KeyEqual, class Policy = upgrading_map_policy>
class upgrading_map {
 public:
  static constexpr operation_contracts contracts{};

  bool insert(const Key& key, const T& value) {
    {
      const std::shared_lock reading(lock_);
      if (content_.contains(key)) return false;
    }
    const std::lock_guard writing(lock_);
    if (!Policy::still_absent(content_, key)) return false;
    content_.add(key, value);
    return true;
  }
  bool insert_or_assign(const Key& key, const T& value) {
    const std::lock_guard writing(lock_);
    return content_.insert_or_assign(key, value);
  }
  bool erase(const Key& key) {
    const std::lock_guard writing(lock_);
    return content_.erase(key);
  }
  std::optional<T> find(const Key& key) const {
    const std::shared_lock reading(lock_);
    const T* const value = content_.find(key);
    return value != nullptr ? std::optional<T>(*value) : std::nullopt;
  }
  std::size_t size() const {
    const std::shared_lock reading(lock_);
    return content_.size();
  }
  template <class Visitor>
  void for_each(Visitor&& visitor) const {
    const std::shared_lock reading(lock_);
    for (const auto& [key, value] : content_) visitor(key, value);
  }

 private:
  mutable std::shared_mutex lock_;
  elements<Key, T, KeyEqual> content_;  // guarded by lock_
};

}  // namespace gauntlet::broken
