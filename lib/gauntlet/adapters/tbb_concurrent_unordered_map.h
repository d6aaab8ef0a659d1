// tbb::concurrent_unordered_map (2021.8) before the judge: a split-ordered list; elements are inserted and found beside
// each other, and never erased. emplace is left out: where memory for the bucket is missing, it never gives back the node
// (corpus/concurrent_schedule/regression/emplace_whose_bucket_has_no_memory.ops, where it was try_emplace).
// Who finds that another thread was first looks for the key again, and holds a node that nobody owns: if the equality
// throws there, it is never given back (insertion_whose_equality_throws.ops, beside it). So it throws in no insertion.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <tbb/concurrent_unordered_map.h>

#include <gauntlet/check/run/concurrent_subject.h>

namespace gauntlet::adapters {

// Its operations under the names that the judge asks for.
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
class tbb_unordered_table {
 public:
  tbb_unordered_table(const Hash& hash, const KeyEqual& equal, const Allocator& allocator)
      : map_(2, hash, equal, allocator) {}

  std::optional<T> find(const Key& key) const {
    const auto at = map_.find(key);
    return at == map_.end() ? std::nullopt : std::optional<T>(at->second);
  }
  bool contains(const Key& key) const { return map_.contains(key); }
  bool insert(const Key& key, const T& value) { return map_.insert({key, value}).second; }
  std::size_t size() const { return map_.size(); }
  template <class Function>
  void for_each(Function show) const {
    for (const auto& [key, value] : map_) show(key, value);
  }

 private:
  tbb::concurrent_unordered_map<Key, T, Hash, KeyEqual, Allocator> map_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tbb_concurrent_unordered_map {
  using map_type = tbb_unordered_table<Key, T, Hash, KeyEqual, Allocator>;
  static constexpr std::string_view name = "tbb_concurrent_unordered_map";
  static constexpr bool fails_as_promised(check::opcode code, check::fault_kind kind) {
    return code != check::opcode::insert_copy || kind != check::fault_kind::equality;
  }
  static constexpr check::contract contract_of(check::opcode code) {
    using check::opcode;
    switch (code) {
      case opcode::find:
      case opcode::contains:
      case opcode::insert_copy:
      case opcode::try_emplace:
        return check::contract::linearizable;
      case opcode::walk:
        return check::contract::weak;
      case opcode::size:
        return check::contract::quiescent;  // "may differ in case of pending concurrent insertions"
      default:
        return check::contract::unsupported;
    }
  }
};

}  // namespace gauntlet::adapters
