// tbb::concurrent_hash_map (2021.8) before the judge: chained buckets behind reader-writer spin locks, and such a lock in
// every element, which an accessor holds.
//
// Judged is what its documentation calls safe beside other calls: find, insert, erase, and what is done to an element
// under its accessor. Iteration, clear and swap are not safe beside others: they are left out, and for_each is only used
// when nothing else runs.
//
// Two things are known to be wrong, and not asked (corpus/concurrent_schedule/regression):
//
// - A node that is to be inserted belongs to nobody while the hash and the equality are asked (emplace makes it first, insert
//   when it has not found the key at its first look): if one of these throws, it is never given back
//   (insertion_whose_hash_throws.ops). So equality does not throw in its insertions.
// - Who comes first to a new bucket marks it as rehashed, and then moves its elements there: if the hash of one throws, they
//   stay where nobody looks for them (lookup_whose_hash_throws_in_a_rehash.ops). So no hash throws.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include <tbb/concurrent_hash_map.h>

#include <gauntlet/check/run/concurrent_subject.h>

namespace gauntlet::adapters {

// Its operations under the names that the judge asks for.
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class tbb_table {
  struct hash_compare {
    Hash hash_function;
    KeyEqual key_equal;
    std::size_t hash(const Key& key) const { return hash_function(key); }
    bool equal(const Key& a, const Key& b) const { return key_equal(a, b); }
  };
  using map = tbb::concurrent_hash_map<Key, T, hash_compare, Allocator>;

 public:
  tbb_table(const Hash& hash, const KeyEqual& equal, const Allocator& allocator)
      : map_(hash_compare{hash, equal}, allocator) {}

  std::optional<T> find(const Key& key) const {
    typename map::const_accessor at;
    return map_.find(at, key) ? std::optional<T>(at->second) : std::nullopt;
  }
  bool contains(const Key& key) const { return map_.count(key) != 0; }
  bool insert(const Key& key, const T& value) { return map_.emplace(key, value); }
  bool insert_or_assign(const Key& key, const T& value) {
    typename map::accessor at;
    // With its value at once: an insertion that ends with an exception may have happened, since growth comes after it.
    const bool inserted = map_.insert(at, {key, value});
    if (!inserted) at->second = value;
    return inserted;
  }
  bool erase(const Key& key) { return map_.erase(key); }
  std::optional<T> extract(const Key& key) {
    typename map::accessor at;
    if (!map_.find(at, key)) return std::nullopt;
    std::optional<T> value(at->second);
    return map_.erase(at) ? std::move(value) : std::nullopt;
  }
  template <class Function>
  bool update(const Key& key, Function change) {
    typename map::accessor at;
    if (!map_.find(at, key)) return false;
    change(at->second);
    return true;
  }
  template <class Function>
  bool upsert(const Key& key, Function change, const T& value) {
    typename map::accessor at;
    const bool inserted = map_.insert(at, {key, value});
    if (!inserted) change(at->second);
    return inserted;
  }
  bool compare_and_delete(const Key& key, const T& expected) {
    typename map::accessor at;
    return map_.find(at, key) && at->second == expected && map_.erase(at);
  }
  std::size_t size() const { return map_.size(); }
  template <class Function>
  void for_each(Function show) const {
    for (const auto& [key, value] : map_) show(key, value);
  }

 private:
  map map_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tbb_concurrent_hash_map {
  using map_type = tbb_table<Key, T, Hash, KeyEqual, Allocator>;
  static constexpr std::string_view name = "tbb_concurrent_hash_map";
  static constexpr bool fails_as_promised(check::opcode code, check::fault_kind kind) {
    const bool inserts = code == check::opcode::insert_copy || code == check::opcode::try_emplace ||
                         code == check::opcode::insert_or_assign || code == check::opcode::upsert;
    return kind != check::fault_kind::hash && (kind != check::fault_kind::equality || !inserts);
  }
  static constexpr check::contract contract_of(check::opcode code) {
    using check::opcode;
    switch (code) {
      case opcode::find:
      case opcode::contains:
      case opcode::insert_copy:
      case opcode::insert_or_assign:
      case opcode::erase_key:
      case opcode::extract_key:
      case opcode::update:
      case opcode::fetch_update:
      case opcode::upsert:
      case opcode::compare_erase:
        return check::contract::linearizable;
      case opcode::size:
        return check::contract::quiescent;  // "may differ in case of pending concurrent insertions or erasures"
      default:
        return check::contract::unsupported;
    }
  }
};

}  // namespace gauntlet::adapters
