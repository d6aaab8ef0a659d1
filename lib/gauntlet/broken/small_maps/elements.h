// A few elements in the order they came: what a small map keeps behind a lock, or publishes as a version that never
// changes. Not thread-safe; every operation is O(n), and n is a handful.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace gauntlet::broken {

template <class Key, class T, class KeyEqual>
class elements {
 public:
  const T* find(const Key& key) const {
    const auto at = place_of(key);
    return at == all_.end() ? nullptr : &at->second;
  }
  bool contains(const Key& key) const { return find(key) != nullptr; }
  // The key must be absent.
  void add(const Key& key, const T& value) { all_.emplace_back(key, value); }
  bool insert(const Key& key, const T& value) {
    if (contains(key)) return false;
    add(key, value);
    return true;
  }
  bool insert_or_assign(const Key& key, const T& value) {
    const bool erased = erase(key);
    add(key, value);
    return !erased;
  }
  bool erase(const Key& key) {
    const auto at = place_of(key);
    if (at == all_.end()) return false;
    all_.erase(at);
    return true;
  }

  std::size_t size() const { return all_.size(); }
  void clear() { all_.clear(); }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }

 private:
  auto place_of(const Key& key) const {
    return std::find_if(all_.begin(), all_.end(), [&key](const auto& e) { return KeyEqual()(e.first, key); });
  }

  std::vector<std::pair<Key, T>> all_;
};

}  // namespace gauntlet::broken
