// Poco::HashMap, Poco::HashTable and Poco::SimpleHashTable (1.11.0) before the judge.
//
// HashMap is a linear hash table: one bucket, a std::vector, for each element and one more, split with every insertion and
// merged with every erasure. It asks the key for its equality and makes its own hash, so its keys are the judge's. It has
// no allocator to be given and no moves: what is moved is copied.
//
// HashTable is a fixed number of trees, SimpleHashTable an array of elements. They can't be walked: the adapter keeps the
// keys beside them. None of the three promises anything of operations that throw.
//
// What they were found to do wrong, and what is therefore not asked of them (corpus/hash_map_operations/regression):
//
// - HashMap: an insertion splits a bucket, an erasure merges two, by emptying them first: when the hash throws, what was
//   in them is lost, and size() still counts it (split_whose_hash_throws.ops).
// - HashTable::clear() leaves no tree; the next operation divides by their number (insertion_after_clear.ops).
// - HashTable::resize() of a table without elements gives back the array and not the trees that erasures have left empty
//   there (drained_table_that_is_resized.ops). HashTable::operator[] of a table that can be changed does not compile.
// - SimpleHashTable::operator[] of a new key whose place is taken looks on from there without coming round at the end of
//   the array, and inserts behind it (subscript_round_the_end.ops). Its copy constructor does not compile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <Poco/HashMap.h>
#include <Poco/HashTable.h>
#include <Poco/SimpleHashTable.h>

#include <gauntlet/adapters/judged_key.h>
#include <gauntlet/adapters/showing_pairs.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

template <class Judged>
struct poco_hash {
  std::size_t operator()(const Judged& key) const { return key.hash_code(); }
};

template <class Judged, class Key, class T>
class poco_table {
  using map = Poco::HashMap<Judged, T, poco_hash<Judged>>;

 public:
  using iterator = showing_pairs<Key, T, judged_place<Key, T, typename map::Iterator>>;
  using const_iterator = showing_pairs<Key, const T, judged_place<Key, const T, typename map::ConstIterator>>;

  poco_table() = default;
  explicit poco_table(std::size_t capacity) : map_(capacity) {}
  iterator begin() { return {map_.begin()}; }
  iterator end() { return {map_.end()}; }
  const_iterator begin() const { return {map_.begin()}; }
  const_iterator end() const { return {map_.end()}; }
  iterator find(const Key& key) { return {map_.find(Judged(key))}; }
  const_iterator find(const Key& key) const { return {map_.find(Judged(key))}; }
  std::size_t count(const Key& key) const { return map_.count(Judged(key)); }
  std::pair<iterator, bool> insert(const std::pair<const Key, T>& e) {
    const auto [at, fresh] = map_.insert(typename map::PairType(Judged(e.first), e.second));
    return {iterator(at), fresh};
  }
  T& operator[](const Key& key) { return map_[Judged(key)]; }
  void erase(const Key& key) { map_.erase(Judged(key)); }
  void clear() { map_.clear(); }
  void swap(poco_table& other) { map_.swap(other.map_); }
  std::size_t size() const { return map_.size(); }
  bool empty() const { return map_.empty(); }

 private:
  map map_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct poco_hash_map {
  using judged = judged_key<Key, Hash, KeyEqual>;
  using map_type = poco_table<judged, Key, T>;
  static constexpr std::string_view name = "poco_hash_map";
  static map_type make(const Hash& hash, const KeyEqual& equal, const Allocator&, std::size_t capacity) {
    judged::ask(hash, equal);
    return map_type(capacity);
  }
  static constexpr check::capabilities can() {
    return {.throwing_hash_is_safe = false, .erase_keeps_iterators = false, .moved_from_is_empty = false};
  }
};

// Its operations, and the keys beside it.
struct poco_hash_table {
  struct map_type {
    Poco::HashTable<std::uint64_t, std::uint64_t> table{5};
    std::set<std::uint64_t> keys;
  };
  static constexpr std::string_view name = "poco_hash_table";
  static bool insert(map_type& m, std::uint64_t key, std::uint64_t value) {
    if (m.table.exists(key)) return false;
    m.table.insert(key, value);
    m.keys.insert(key);
    grow(m);
    return true;
  }
  static bool assign(map_type& m, std::uint64_t key, std::uint64_t value) {
    const std::size_t before = m.table.size();
    m.table.update(key, value);
    m.keys.insert(key);
    const bool fresh = m.table.size() != before;
    grow(m);
    return fresh;
  }
  static std::optional<std::uint64_t> find(const map_type& m, std::uint64_t key) {
    std::uint64_t value = 0;
    return m.table.get(key, value) ? std::optional<std::uint64_t>(value) : std::nullopt;
  }
  static bool erase(map_type& m, std::uint64_t key) {
    const std::size_t before = m.table.size();
    m.table.remove(key);
    m.keys.erase(key);
    return m.table.size() != before;
  }
  static std::size_t size(const map_type& m) { return m.table.size(); }
  static void clear(map_type& m) {
    m.table.clear();
    m.table.resize(5);  // or it has no tree, and the next insertion divides by their number
    m.keys.clear();
  }
  static void for_each(const map_type& m, auto show) {
    for (const std::uint64_t key : m.keys) show(key, m.table.get(key));
  }

 private:
  static void grow(map_type& m) {
    if (m.table.size() > 2 * m.table.maxCapacity()) m.table.resize(2 * m.table.maxCapacity() + 1);
  }
};

// An array with linear probing, which knows no erasure: the adapter fills another one.
struct poco_simple_hash_table {
  struct map_type {
    map_type() = default;
    map_type(const map_type&) = delete;  // the table's own copy constructor does not compile
    map_type& operator=(const map_type&) = delete;
    Poco::SimpleHashTable<std::uint64_t, std::uint64_t> table{5};
    std::set<std::uint64_t> keys;
  };
  static constexpr std::string_view name = "poco_simple_hash_table";
  static bool insert(map_type& m, std::uint64_t key, std::uint64_t value) {
    return !m.table.exists(key) && assign(m, key, value);
  }
  static bool assign(map_type& m, std::uint64_t key, std::uint64_t value) {
    const std::size_t before = m.table.size();
    if (key % 2 == 1 && m.table.exists(key)) {
      m.table[key] = value;
    } else {
      m.table.update(key, value);
    }
    m.keys.insert(key);
    const bool fresh = m.table.size() != before;
    if (2 * m.table.size() > m.table.capacity()) m.table.resize(2 * m.table.capacity() + 1);
    return fresh;
  }
  static std::optional<std::uint64_t> find(const map_type& m, std::uint64_t key) {
    std::uint64_t value = 0;
    return m.table.get(key, value) ? std::optional<std::uint64_t>(value) : std::nullopt;
  }
  static bool erase(map_type& m, std::uint64_t key) {
    if (m.keys.erase(key) == 0) return false;
    Poco::SimpleHashTable<std::uint64_t, std::uint64_t> others(m.table.capacity());
    for (const std::uint64_t other : m.keys) others.insert(other, m.table.get(other));
    m.table.swap(others);
    return true;
  }
  static std::size_t size(const map_type& m) { return m.table.size(); }
  static void clear(map_type& m) {
    m.table.clear();
    m.keys.clear();
  }
  static void for_each(const map_type& m, auto show) {
    for (const std::uint64_t key : m.keys) show(key, m.table.get(key));
  }
};

}  // namespace gauntlet::adapters
