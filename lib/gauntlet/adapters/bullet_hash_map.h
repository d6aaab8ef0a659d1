// btHashMap (Bullet 3.24) before the judge: chains of indices into an array of keys and an array of values. Erasing moves the
// last element into the gap.
//
// What it was found to do wrong, and what is therefore not asked of it: a copy. The place of a key in the table is its hash cut
// to the capacity of the array of values, and the copy of an array has the capacity of its size: with three elements, the
// copy of a map does not find them.
//
// It asks the key for its hash and its equality, so its keys are the judge's. It has neither walk nor iterator: its elements
// are those from index zero on. Its insert overwrites.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <LinearMath/btHashMap.h>

#include <gauntlet/adapters/judged_key.h>
#include <gauntlet/adapters/showing_pairs.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

template <class Judged>
struct bullet_key : Judged {
  using Judged::Judged;
  // Its lowest bits are all that the table looks at, so those have something of every bit.
  unsigned getHash() const {
    const std::uint64_t h = this->hash_code();
    return static_cast<unsigned>((h ^ h >> 32) * 0x9e3779b97f4a7c15 >> 32);
  }
  bool equals(const bullet_key& other) const { return *this == other; }
};

template <class Key, class T, class Judged>
class bullet_table {
  // The keys lie in an array that is shown to derived classes only.
  class map : public btHashMap<Judged, T> {
   public:
    const Judged& key(int index) const { return this->m_keyArray[index]; }
  };
  template <class Map, class Mapped>
  class place {
   public:
    place() = default;
    place(Map& m, int index) : map_(&m), index_(index) {}
    const Key& key() const { return map_->key(index_).key; }
    Mapped& value() const { return *map_->getAtIndex(index_); }
    void operator++() { ++index_; }
    bool operator==(const place& other) const { return index_ == other.index_; }

   private:
    Map* map_ = nullptr;
    int index_ = 0;
  };

 public:
  bullet_table() = default;
  bullet_table(const bullet_table&) = delete;
  bullet_table& operator=(const bullet_table&) = delete;

  using iterator = showing_pairs<Key, T, place<map, T>>;
  using const_iterator = showing_pairs<Key, const T, place<const map, const T>>;

  iterator begin() { return {{map_, 0}}; }
  iterator end() { return {{map_, map_.size()}}; }
  const_iterator begin() const { return {{map_, 0}}; }
  const_iterator end() const { return {{map_, map_.size()}}; }
  iterator find(const Key& key) { return {{map_, index_of(key)}}; }
  const_iterator find(const Key& key) const { return {{map_, index_of(key)}}; }
  std::pair<iterator, bool> insert(const std::pair<const Key, T>& e) {
    const int there = map_.findIndex(Judged(e.first));
    if (there != BT_HASH_NULL) return {iterator({map_, there}), false};
    map_.insert(Judged(e.first), e.second);
    return {iterator({map_, map_.size() - 1}), true};
  }
  std::pair<iterator, bool> insert_or_assign(const Key& key, const T& value) {
    const int before = map_.size();
    map_.insert(Judged(key), value);
    const bool fresh = map_.size() != before;
    return {fresh ? iterator({map_, before}) : find(key), fresh};
  }
  std::size_t erase(const Key& key) {
    const std::size_t before = size();
    map_.remove(Judged(key));
    return before - size();
  }
  std::size_t size() const { return static_cast<std::size_t>(map_.size()); }
  void clear() { map_.clear(); }

 private:
  int index_of(const Key& key) const {
    const int found = map_.findIndex(Judged(key));
    return found == BT_HASH_NULL ? map_.size() : found;
  }
  map map_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct bullet_hash_map {
  using judged = bullet_key<judged_key<Key, Hash, KeyEqual>>;
  using map_type = bullet_table<Key, T, judged>;
  static constexpr std::string_view name = "bullet_hash_map";
  static map_type make(const Hash& hash, const KeyEqual& equal, const Allocator&, std::size_t) {
    judged::ask(hash, equal);
    return {};
  }
  static constexpr check::capabilities can() {
    return {.exception_safe = false,
            .erase_keeps_iterators = false,
            .arguments_may_refer_inside = false};  // what grows has freed the old array when it makes the new element
  }
};

}  // namespace gauntlet::adapters
