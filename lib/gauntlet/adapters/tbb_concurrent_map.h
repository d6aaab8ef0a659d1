// tbb::concurrent_map (2021.8) before the judge: a skip list without locks. Elements are never erased beside others.
//
// What it was found to do wrong, and what is therefore not asked of it:
//
// - A node that is to be inserted belongs to nobody while its place is sought and the head of the list is made: what throws
//   there (a comparison, an allocation) leaks it. Comparisons that throw are left out, and the head is made beforehand:
//   the constructor inserts an element and erases it.
// - The first element of a new list is shown by a walk before a lookup finds it. The same remedy.
// - Its generator of heights keeps engines in memory of its own allocator, which maps pages and can't be controlled; the
//   heights here are 1 2 1 3 1 2 1 4 ...
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include <tbb/concurrent_map.h>

#include <gauntlet/adapters/ordered_by_number.h>
#include <gauntlet/check/run/concurrent_subject.h>

namespace gauntlet::adapters {

struct heights_by_turns {
  static constexpr std::size_t max_level = 32;
  heights_by_turns() = default;
  heights_by_turns(const heights_by_turns&) {}
  heights_by_turns& operator=(const heights_by_turns&) { return *this; }
  std::size_t operator()() {
    // [turn] pairs with nothing: any height will do.
    return static_cast<std::size_t>(std::countr_zero(turn.fetch_add(1, std::memory_order_relaxed) + 1)) + 1;
  }
  std::atomic<unsigned> turn{0};
};

template <class Key, class T, class Allocator>
class tbb_ordered_table {
  using traits = tbb::detail::d2::map_traits<Key, T, ordered_by_number, heights_by_turns, Allocator, false>;
  struct list : tbb::detail::d2::concurrent_skip_list<traits> {
    using base = tbb::detail::d2::concurrent_skip_list<traits>;
    explicit list(const Allocator& allocator) : base(allocator) {}
    using base::begin, base::contains, base::emplace, base::end, base::find, base::insert, base::size,
        base::unsafe_erase;
  };

 public:
  explicit tbb_ordered_table(const Allocator& allocator) : list_(allocator) {
    list_.insert({Key(), T()});
    list_.unsafe_erase(list_.begin());
  }
  std::optional<T> find(const Key& key) const {
    const auto at = list_.find(key);
    return at == list_.end() ? std::nullopt : std::optional<T>(at->second);
  }
  bool contains(const Key& key) const { return list_.contains(key); }
  bool insert(const Key& key, const T& value) { return list_.insert({key, value}).second; }
  bool try_emplace(const Key& key, const T& value) { return list_.emplace(key, value).second; }
  std::size_t size() const { return list_.size(); }
  template <class Show>
  void for_each(Show show) const {
    for (const auto& [key, value] : list_) show(key, value);
  }

 private:
  list list_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tbb_concurrent_map {
  using map_type = tbb_ordered_table<Key, T, Allocator>;
  static constexpr std::string_view name = "tbb_concurrent_map";
  static constexpr check::iteration_order iterates = check::iteration_order::by_key;
  static std::unique_ptr<map_type> make(const Hash&, const KeyEqual&, const Allocator& allocator) {
    return std::make_unique<map_type>(allocator);
  }
  static constexpr bool fails_as_promised(check::opcode code, check::fault_kind kind) {
    const bool inserts = code == check::opcode::insert_copy || code == check::opcode::try_emplace;
    return !inserts || kind != check::fault_kind::equality;
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
        return check::contract::quiescent;
      default:
        return check::contract::unsupported;
    }
  }
};

}  // namespace gauntlet::adapters
