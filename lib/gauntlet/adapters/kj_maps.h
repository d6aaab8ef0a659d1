// kj::HashMap and kj::TreeMap (Cap'n Proto 0.9.2) before the judge: rows in one vector and an index of them, by hash or as
// a B-tree. Erasing moves the last row into the gap. They ask the key for its hash, its equality and its order, so their
// keys are the judge's; they cannot be copied.
//
// What they were found to do wrong, and what is therefore not asked of them:
//
// - TreeMap::clear() counts one free node too many; insertions then write behind the array of nodes.
// - TreeMap::findOrCreate, where the entry's making throws, takes the row back by comparing it, which is not there.
// - HashMap::erase, where the hash throws: the index has forgotten a row that is still there.
// - HashMap::clear() of a map that never had an element gives a null pointer to memset.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include <kj/map.h>

#include <gauntlet/adapters/judged_key.h>
#include <gauntlet/adapters/showing_pairs.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

template <class Judged>
struct kj_key : Judged {
  using Judged::Judged;
  auto hashCode() const { return static_cast<kj::uint>(this->hash_code()); }
};

template <class Map, class Key, class T, bool IsHashed>
class kj_table {
  using judged = decltype(Map::Entry::key);
  template <class Base, class Mapped>
  class place {
   public:
    place() = default;
    explicit(false) place(const Base& base) : base_(base) {}
    const Key& key() const { return (*base_).key.key; }
    Mapped& value() const { return const_cast<Mapped&>((*base_).value); }
    void operator++() { ++base_; }
    bool operator==(const place& other) const { return base_ == other.base_; }

   private:
    Base base_;
  };

 public:
  using iterator = showing_pairs<Key, T, place<decltype(std::declval<Map&>().begin()), T>>;
  using const_iterator = showing_pairs<Key, const T, place<decltype(std::declval<const Map&>().begin()), const T>>;

  iterator begin() { return {map_.begin()}; }
  iterator end() { return {map_.end()}; }
  const_iterator begin() const { return {map_.begin()}; }
  const_iterator end() const { return {map_.end()}; }
  iterator find(const Key& key) { return found<iterator>(map_, key); }
  const_iterator find(const Key& key) const { return found<const_iterator>(map_, key); }
  template <class Argument>
  std::pair<iterator, bool> try_emplace(const Key& key, Argument&& argument) {
    bool fresh = false;
    map_.findOrCreate(judged(key), [&]() -> typename Map::Entry {
      fresh = true;
      return {judged(key), T(std::forward<Argument>(argument))};
    });
    check::faults::suspend();  // what follows is not the map's
    return {find(key), fresh};
  }
  std::pair<iterator, bool> insert(std::pair<const Key, T>&& e) { return try_emplace(e.first, std::move(e.second)); }
  template <class Argument>
  std::pair<iterator, bool> insert_or_assign(const Key& key, Argument&& value) {
    bool fresh = true;
    map_.upsert(judged(key), T(std::forward<Argument>(value)), [&fresh](T& there, T&& given) {
      there = std::move(given);
      fresh = false;
    });
    check::faults::suspend();
    return {find(key), fresh};
  }
  bool erase(const Key& key) { return map_.erase(judged(key)); }
  friend std::size_t erase_if(kj_table& m, auto predicate) {
    return m.map_.eraseAll(
        [&predicate](judged& key, T& value) { return predicate(std::pair<const Key&, T&>(key.key, value)); });
  }
  std::size_t size() const { return map_.size(); }
  void reserve(std::size_t elements) { map_.reserve(elements); }
  void clear() {
    if constexpr (IsHashed) {
      if (size() != 0) map_.clear();
    } else {
      map_ = Map();
    }
  }

 private:
  // A lookup gives the entry, which is an iterator of the one map and not of the other.
  template <class Iterator>
  static Iterator found(auto& map, const Key& key) {
    const judged wanted(key);
    KJ_IF_MAYBE (entry, map.findEntry(wanted)) {
      if constexpr (requires { Iterator(entry); }) {
        return Iterator(entry);
      } else {
        return Iterator(map.range(wanted, wanted).begin());
      }
    }
    return Iterator(map.end());
  }
  Map map_;
};

template <template <class, class> class Map, bool IsHashed, class Key, class T, class Hash, class KeyEqual,
          class Allocator>
struct kj_map {
  using judged = kj_key<judged_key<Key, Hash, KeyEqual>>;
  using map_type = kj_table<Map<judged, T>, Key, T, IsHashed>;
  static map_type make(const Hash& hash, const KeyEqual& equal, const Allocator&, std::size_t) {
    judged::ask(hash, equal);
    return {};
  }
  static constexpr check::capabilities can() {
    return {.exception_safe = IsHashed,
            .throwing_hash_is_safe = false,
            .erase_keeps_iterators = false,
            .arguments_may_refer_inside = false};
  }
  static constexpr bool leaves_out(const check::circumstances& now) { return now.absurd; }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct kj_hash_map : kj_map<kj::HashMap, true, Key, T, Hash, KeyEqual, Allocator> {
  static constexpr std::string_view name = "kj_hash_map";
};
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct kj_tree_map : kj_map<kj::TreeMap, false, Key, T, Hash, KeyEqual, Allocator> {
  static constexpr std::string_view name = "kj_tree_map";
};

}  // namespace gauntlet::adapters
