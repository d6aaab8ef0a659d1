// google::protobuf::Map (3.21) before the judge: chains of nodes, of which those that become long are made trees, in pairs.
//
// It says of itself that it is not designed to play well with exceptions, and none is thrown. It asks std::hash and std::less
// of the key and the key's equality, so its keys are the judge's. Memory comes from operator new and is not judged. Nodes
// stay where they are: its comments promise that no change invalidates an iterator or a reference, and that changes other
// than erase(iterator) may reorder what is iterated over.
#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <google/protobuf/map.h>

#include <gauntlet/adapters/judged_key.h>
#include <gauntlet/adapters/showing_pairs.h>
#include <gauntlet/adapters/standard.h>

template <class Key, class Hash, class KeyEqual>
struct std::hash<gauntlet::adapters::judged_key<Key, Hash, KeyEqual>> {
  std::size_t operator()(const gauntlet::adapters::judged_key<Key, Hash, KeyEqual>& key) const {
    return key.hash_code();
  }
};

namespace gauntlet::adapters {

// at() of a key that is not there ends the process: here it throws as the standard's does.
template <class Key, class T, class Judged>
class protobuf_table {
  using map = google::protobuf::Map<Judged, T>;

 public:
  using iterator = showing_pairs<Key, T, judged_place<Key, T, typename map::iterator>>;
  using const_iterator = showing_pairs<Key, const T, judged_place<Key, const T, typename map::const_iterator>>;

  iterator begin() { return {map_.begin()}; }
  iterator end() { return {map_.end()}; }
  const_iterator begin() const { return {map_.begin()}; }
  const_iterator end() const { return {map_.end()}; }
  iterator find(const Key& key) { return {map_.find(Judged(key))}; }
  const_iterator find(const Key& key) const { return {map_.find(Judged(key))}; }
  bool contains(const Key& key) const { return map_.contains(Judged(key)); }
  std::size_t count(const Key& key) const { return map_.count(Judged(key)); }
  std::pair<iterator, iterator> equal_range(const Key& key) {
    const auto range = map_.equal_range(Judged(key));
    return {iterator(range.first), iterator(range.second)};
  }
  std::pair<const_iterator, const_iterator> equal_range(const Key& key) const {
    const auto range = map_.equal_range(Judged(key));
    return {const_iterator(range.first), const_iterator(range.second)};
  }
  T& at(const Key& key) { return existing(map_, Judged(key)); }
  const T& at(const Key& key) const { return existing(map_, Judged(key)); }
  T& operator[](const Key& key) { return map_[Judged(key)]; }
  std::pair<iterator, bool> insert(const std::pair<const Key, T>& e) {
    return shown(map_.insert(typename map::value_type(Judged(e.first), e.second)));
  }
  template <class Argument>
  std::pair<iterator, bool> emplace(const Key& key, Argument&& argument) {
    return shown(map_.emplace(Judged(key), std::forward<Argument>(argument)));
  }
  template <class Argument>
  std::pair<iterator, bool> try_emplace(const Key& key, Argument&& argument) {
    return shown(map_.try_emplace(Judged(key), std::forward<Argument>(argument)));
  }
  std::size_t erase(const Key& key) { return map_.erase(Judged(key)); }
  iterator erase(iterator at) { return {map_.erase(at.place().base())}; }
  void erase(iterator first, iterator last) { map_.erase(first.place().base(), last.place().base()); }
  std::size_t size() const { return map_.size(); }
  bool empty() const { return map_.empty(); }
  void clear() { map_.clear(); }
  void swap(protobuf_table& other) { map_.swap(other.map_); }

 private:
  static std::pair<iterator, bool> shown(const std::pair<typename map::iterator, bool>& answer) {
    return {iterator(answer.first), answer.second};
  }
  static auto& existing(auto& m, const Judged& key) {
    if (!m.contains(key)) throw std::out_of_range("no such key");
    return m.find(key)->second;
  }
  map map_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct protobuf_map {
  using judged = judged_key<Key, Hash, KeyEqual>;
  using map_type = protobuf_table<Key, T, judged>;
  static constexpr std::string_view name = "protobuf_map";
  static map_type make(const Hash& hash, const KeyEqual& equal, const Allocator&, std::size_t) {
    judged::ask(hash, equal);
    return {};
  }
  static constexpr check::capabilities can() {
    return {.exception_safe = false, .stable_references = true, .moved_from_is_empty = false};  // assigning swaps
  }
};

}  // namespace gauntlet::adapters
