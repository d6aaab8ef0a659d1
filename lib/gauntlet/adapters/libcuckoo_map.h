// libcuckoo::cuckoohash_map (0.3.1) before the judge: cuckoo hashing with two buckets for each key, under striped spin
// locks. With two slots a bucket and two buckets at the start, so that it displaces and doubles among a handful of keys.
//
// Its documentation says of operations on one key that they are safe beside each other, and judged is that they are
// linearizable. It has a data race that no adapter can go around: a table that doubles appends a larger array of locks to
// a list, and whoever wants a lock looks for it at the end of that list, holding none. A hunt of this map ends there
// (corpus/concurrent_schedule/regression/lookup_while_the_locks_double.ops: a race with what std::vector wrote). What runs
// into it in nearly every program is left out: clear() and a walk, which lock the table; and so is size(), which adds up
// counters under no lock.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <libcuckoo/cuckoohash_map.hh>

#include <gauntlet/check/run/concurrent_subject.h>

namespace gauntlet::adapters {

// Its operations under the names that the judge asks for.
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class cuckoo_table {
 public:
  cuckoo_table(const Hash& hash, const KeyEqual& equal, const Allocator& allocator) : map_(2, hash, equal, allocator) {}

  std::optional<T> find(const Key& key) const {
    std::optional<T> value;
    map_.find_fn(key, [&value](const T& found) { value = found; });
    return value;
  }
  bool contains(const Key& key) const { return map_.contains(key); }
  bool insert(const Key& key, const T& value) { return map_.insert(key, value); }
  bool insert_or_assign(const Key& key, const T& value) { return map_.insert_or_assign(key, value); }
  bool erase(const Key& key) { return map_.erase(key); }
  template <class Function>
  bool update(const Key& key, Function change) {
    return map_.update_fn(key, change);
  }
  std::size_t size() const { return map_.size(); }
  void clear() { map_.clear(); }
  template <class Function>
  void for_each(Function show) const {
    auto locked = map_.lock_table();
    for (const auto& [key, value] : locked) show(key, value);
  }

 private:
  mutable libcuckoo::cuckoohash_map<Key, T, Hash, KeyEqual, Allocator, 2> map_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct libcuckoo_map {
  using map_type = cuckoo_table<Key, T, Hash, KeyEqual, Allocator>;
  static constexpr std::string_view name = "libcuckoo_map";
  static constexpr check::contract contract_of(check::opcode code) {
    using check::opcode;
    switch (code) {
      case opcode::find:
      case opcode::contains:
      case opcode::insert_copy:
      case opcode::insert_or_assign:
      case opcode::erase_key:
      case opcode::update:
      case opcode::fetch_update:
        return check::contract::linearizable;
      default:
        return check::contract::unsupported;
    }
  }
};

}  // namespace gauntlet::adapters
