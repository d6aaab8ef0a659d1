// libcuckoo::cuckoohash_map (0.3.1) before the judge: cuckoo hashing with two buckets for each key, under striped spin
// locks. With two slots a bucket and two buckets at the start, so that it displaces and doubles among a handful of keys.
// Its hash is std::hash: more than four keys of one hash have no place in such a table, and it says so with an exception.
//
// Its documentation says of operations on one key that they are safe beside each other, and judged is that they are
// linearizable; so are clear() and a walk, which lock the table. size() adds up counters under no lock.
//
// Two things are known to be wrong and declared, so that what is new shows. A table that doubles appends a larger array of
// locks to a list, and whoever wants a lock looks for it at the end of that list, holding none: a data race
// (corpus/concurrent_schedule/regression/lookup_while_the_locks_double.ops: a race with what std::vector wrote). And a
// doubling that gets no memory for its buckets has put the old ones away already: the next operation follows a null pointer
// (doubling_that_gets_no_memory.ops, beside it).
//
// What follows from the first ends a hunt within a few hundred programs: who waited for a lock of an array that has been
// replaced may still read the size from before, and follow a pointer to buckets that are gone
// (lookup_in_buckets_that_are_gone.ops).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

#include <libcuckoo/cuckoohash_map.hh>

#include <gauntlet/check/run/concurrent_subject.h>

namespace gauntlet::adapters {

// Its operations under the names that the judge asks for.
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class cuckoo_table {
 public:
  cuckoo_table(const Hash&, const KeyEqual& equal, const Allocator& allocator) : map_(2, {}, equal, allocator) {}

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
  template <class Function>
  bool upsert(const Key& key, Function change, const T& value) {
    return map_.upsert(key, change, value);
  }
  bool compare_and_delete(const Key& key, const T& expected) {
    bool erased = false;
    map_.erase_fn(key, [&](T& there) { return erased = there == expected; });
    return erased;
  }
  void reserve(std::size_t elements) { map_.reserve(elements); }
  std::size_t size() const { return map_.size(); }
  void clear() { map_.clear(); }
  template <class Function>
  void for_each(Function show) const {
    auto locked = map_.lock_table();
    for (const auto& [key, value] : locked) show(key, value);
  }

 private:
  mutable libcuckoo::cuckoohash_map<Key, T, std::hash<Key>, KeyEqual, Allocator, 2> map_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct libcuckoo_map {
  using map_type = cuckoo_table<Key, T, Hash, KeyEqual, Allocator>;
  static constexpr std::string_view name = "libcuckoo_map";
  static constexpr bool has_a_known_race = true;
  static constexpr check::failure_promise on_failure = check::failure_promise::none;
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
      case opcode::upsert:
      case opcode::compare_erase:
      case opcode::reserve:
      case opcode::clear:
      case opcode::walk:
        return check::contract::linearizable;
      case opcode::size:
        return check::contract::quiescent;
      default:
        return check::contract::unsupported;
    }
  }
};

}  // namespace gauntlet::adapters
