// xenium::vyukov_hash_map (0.0.2) before the judge: buckets of three elements under a bit lock each, longer ones with a
// list behind, readers that look again when a bucket's version has changed, and a table that doubles under all locks.
//
// Its documentation calls updates blocking and lookups lock-free; judged is that operations on one key are linearizable. A
// walk holds the lock of the bucket it is in: weak. It is made for one element, so that it grows among a handful of keys.
// Its hash is its own (numbers hash to themselves), and it takes its memory from operator new.
//
// Three things are known to be wrong (corpus/concurrent_schedule/regression): a lock that is given back relaxed, so that
// what is found need not have been seen (lock_given_back_relaxed.ops); and of elements that are not numbers, which are a
// subject of their own for that reason, erasing what is not there (erasure_of_an_absent_string.ops) and what a table
// leaves to its destructor (string_left_to_the_destructor.ops). With the lock given back with release, 400,000 schedules
// on numbers held.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <gauntlet/adapters/xenium_owned.h>  // first: it includes what xenium's headers forget

#include <xenium/vyukov_hash_map.hpp>

#include <gauntlet/check/run/concurrent_subject.h>

namespace gauntlet::adapters {

// Its operations under the names that the judge asks for.
template <class Key, class T>
class vyukov_table {
  using table = xenium::vyukov_hash_map<Key, T, xenium::policy::reclaimer<xenium_reclaimer>>;

 public:
  std::optional<T> find(const Key& key) const {
    typename table::accessor found;
    if (!map_->try_get_value(key, found)) return std::nullopt;
    return *found;
  }
  bool insert(const Key& key, const T& value) { return map_->emplace(key, value); }
  bool erase(const Key& key) { return map_->erase(key); }
  template <class Predicate>
  std::size_t erase_if(Predicate wanted) {
    std::size_t erased = 0;
    for (auto at = map_->begin(); at != map_->end();) {
      auto&& [key, value] = *at;
      if (wanted(key, value)) {
        map_->erase(at);  // goes on to the next
        ++erased;
      } else {
        ++at;
      }
    }
    return erased;
  }
  template <class Function>
  void for_each(Function show) const {
    for (auto at = map_->begin(); at != map_->end(); ++at) {
      auto&& [key, value] = *at;
      show(key, value);
    }
  }

 private:
  xenium_owned<table> map_{1};
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct xenium_vyukov_hash_map {
  using map_type = vyukov_table<Key, T>;
  static constexpr std::string_view name = "xenium_vyukov_hash_map";
  static constexpr check::failure_promise on_failure = check::failure_promise::none;
  static constexpr check::contract contract_of(check::opcode code) {
    using check::opcode;
    switch (code) {
      case opcode::find:
      case opcode::insert_copy:
      case opcode::erase_key:
        return check::contract::linearizable;
      case opcode::erase_if:
      case opcode::walk:
        return check::contract::weak;
      default:
        return check::contract::unsupported;
    }
  }
};

}  // namespace gauntlet::adapters
