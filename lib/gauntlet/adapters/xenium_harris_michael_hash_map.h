// xenium::harris_michael_hash_map (0.0.2) before the judge: a sorted lock-free list for each of a fixed number of buckets,
// here two, so that the lists are long enough to be unlinked from while others pass. Its hash is its own (numbers hash to
// themselves), and it takes its memory from operator new.
//
// Judged is that operations on one key are linearizable. A walk promises nothing about what comes and goes meanwhile: weak.
// One thing is known to be wrong: it shows an element again when another one is inserted behind it
// (corpus/concurrent_schedule/regression/insertion_behind_an_iterator.ops). Not asked is erase(iterator), which does not
// say whether it was this one that erased.
#pragma once

#include <optional>
#include <string_view>

#include <gauntlet/adapters/xenium_owned.h>  // first: it includes what xenium's headers forget

#include <xenium/harris_michael_hash_map.hpp>

#include <gauntlet/check/run/concurrent_subject.h>

namespace gauntlet::adapters {

// Its operations under the names that the judge asks for.
template <class Key, class T>
class harris_michael_table {
  using table =
      xenium::harris_michael_hash_map<Key, T, xenium::policy::reclaimer<xenium_reclaimer>, xenium::policy::buckets<2>>;

 public:
  std::optional<T> find(const Key& key) const {
    const auto found = map_->find(key);
    if (found == map_->end()) return std::nullopt;
    return found->second;
  }
  bool contains(const Key& key) const { return map_->contains(key); }
  bool insert(const Key& key, const T& value) { return map_->emplace(key, value); }
  bool try_emplace(const Key& key, const T& value) { return map_->get_or_emplace(key, value).second; }
  bool erase(const Key& key) { return map_->erase(key); }
  template <class Function>
  void for_each(Function show) const {
    for (auto at = map_->begin(); at != map_->end(); ++at) show(at->first, at->second);
  }

 private:
  xenium_owned<table> map_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct xenium_harris_michael_hash_map {
  using map_type = harris_michael_table<Key, T>;
  static constexpr std::string_view name = "xenium_harris_michael_hash_map";
  static constexpr check::contract contract_of(check::opcode code) {
    using check::opcode;
    switch (code) {
      case opcode::find:
      case opcode::contains:
      case opcode::insert_copy:
      case opcode::try_emplace:
      case opcode::erase_key:
        return check::contract::linearizable;
      case opcode::walk:
        return check::contract::weak;
      default:
        return check::contract::unsupported;
    }
  }
};

}  // namespace gauntlet::adapters
