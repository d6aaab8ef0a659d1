// xenium::harris_michael_hash_map (0.0.2) before the judge: a sorted lock-free list for each of a fixed number of buckets,
// here two, so that the lists are long enough to be unlinked from while others pass. Its hash is its own (numbers hash to
// themselves), and it takes its memory from operator new.
//
// Judged is that operations on one key are linearizable. A walk promises nothing about what comes and goes meanwhile: weak.
// One thing is known to be wrong: it shows an element again when another one is inserted behind it
// (corpus/concurrent_schedule/regression/insertion_behind_an_iterator.ops). Not asked is erase(iterator), which does not
// say whether it was this one that erased.
#pragma once

#include <array>    // the reclaimer names it without
#include <cassert>  // and the map this
#include <memory>
#include <optional>
#include <string_view>

#include <xenium/harris_michael_hash_map.hpp>
#include <xenium/reclamation/generic_epoch_based.hpp>

#include <gauntlet/check/run/concurrent_subject.h>

namespace gauntlet::adapters {

// Its operations under the names that the judge asks for.
template <class Key, class T>
class harris_michael_table {
  // Looks after every read whether the epoch can go on, so that little is left when a table is destroyed.
  using reclaimer = xenium::reclamation::epoch_based<>::with<xenium::policy::scan_frequency<1>>;
  using table =
      xenium::harris_michael_hash_map<Key, T, xenium::policy::reclaimer<reclaimer>, xenium::policy::buckets<2>>;

 public:
  harris_michael_table() : map_(std::make_unique<table>()) {}
  harris_michael_table(const harris_michael_table&) = delete;
  harris_michael_table& operator=(const harris_michael_table&) = delete;
  // What a table leaves to the reclaimer is given back three epochs later.
  ~harris_michael_table() {
    map_ = nullptr;
    for (int reads = 0; reads < 16; ++reads) const typename reclaimer::region_guard read;
  }

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
  std::unique_ptr<table> map_;
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
