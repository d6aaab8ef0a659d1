// QHash (Qt 6.4) before the judge: linear probing over spans of 128 buckets. It asks the key for its hash and its equality,
// so its keys are the judge's. Copies share their elements until begin() or a change takes them apart, after which iterators
// are the other one's: as its documentation owns up to. Here they are taken apart at once.
//
// What it was found to do wrong, and what is therefore not asked of it:
//
// - erase(iterator) moves up what had run over the end of the array, from its front: what it gives back shows an element
//   again that an iteration has seen.
// - An insertion takes its place before it makes the element there: when a copy throws, the map shows an element that never
//   was. (It promises to stay in a state that is valid.) What hashes and compares is noexcept.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include <QtCore/QHash>

#include <gauntlet/adapters/judged_key.h>
#include <gauntlet/adapters/showing_pairs.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

template <class Key, class Hash, class KeyEqual>
std::size_t qHash(const judged_key<Key, Hash, KeyEqual>& key, std::size_t) {
  return key.hash_code();
}

template <class Key, class T, class JudgedKey>
class qhash6_table {
  using table = QHash<JudgedKey, T>;
  template <class Base>
  struct place : Base {
    place() = default;
    explicit(false) place(const Base& base) : Base(base) {}
    const Key& key() const { return Base::key().key; }
  };

 public:
  using iterator = showing_pairs<Key, T, place<typename table::iterator>>;
  using const_iterator = showing_pairs<Key, const T, place<typename table::const_iterator>>;

  qhash6_table() = default;
  qhash6_table(const qhash6_table& other) : table_(other.table_) { table_.detach(); }
  qhash6_table(qhash6_table&&) = default;
  qhash6_table& operator=(const qhash6_table& other) {
    table_ = other.table_;
    table_.detach();
    return *this;
  }
  qhash6_table& operator=(qhash6_table&&) = default;

  iterator begin() { return {table_.begin()}; }
  iterator end() { return {table_.end()}; }
  const_iterator begin() const { return {table_.begin()}; }
  const_iterator end() const { return {table_.end()}; }
  iterator find(const Key& key) { return {table_.find(key)}; }
  const_iterator find(const Key& key) const { return {table_.find(key)}; }
  bool contains(const Key& key) const { return table_.contains(key); }
  T& operator[](const Key& key) { return table_[key]; }
  std::pair<iterator, bool> insert(const std::pair<const Key, T>& e) { return try_emplace(e.first, e.second); }
  template <class Argument>
  std::pair<iterator, bool> try_emplace(const Key& key, Argument&& argument) {
    if (const iterator at = find(key); at != end()) return std::pair(at, false);
    return std::pair(iterator(table_.emplace(JudgedKey(key), std::forward<Argument>(argument))), true);
  }
  std::pair<iterator, bool> insert_or_assign(const Key& key, const T& value) {
    const bool fresh = !table_.contains(key);
    return std::pair(iterator(table_.insert(key, value)), fresh);
  }
  bool erase(const Key& key) { return table_.remove(key); }
  iterator erase(const iterator& at) { return {table_.erase(at.place())}; }
  std::size_t size() const { return static_cast<std::size_t>(table_.size()); }
  void clear() { table_.clear(); }
  void shrink_to_fit() { table_.squeeze(); }
  void swap(qhash6_table& other) { table_.swap(other.table_); }
  bool operator==(const qhash6_table& other) const { return table_ == other.table_; }

 private:
  table table_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct qhash6 {
  using judged = judged_key<Key, Hash, KeyEqual>;
  using map_type = qhash6_table<Key, T, judged>;
  static constexpr std::string_view name = "qhash6";
  static map_type make(const Hash& hash, const KeyEqual& equal, const Allocator&, std::size_t) {
    judged::ask(hash, equal);
    return {};
  }
  static constexpr check::capabilities can() {
    return {.exception_safe = false, .erase_keeps_iterators = false, .erase_gives_the_next = false};
  }
};

}  // namespace gauntlet::adapters
