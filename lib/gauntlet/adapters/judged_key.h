// A key for maps that ask the key itself for its hash and its equality (operator==, operator<, a function found by its
// argument): it passes the question on to the judge's functors, which are set for a thread when a map is made. A key does not
// know which map it is in, so all maps hash alike.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <gauntlet/check/types/element_traits.h>
#include <gauntlet/check/types/faults.h>

namespace gauntlet::adapters {

template <class Key, class Hash, class KeyEqual>
struct judged_key {
  Key key;

  judged_key() = default;
  explicit(false) judged_key(const Key& k) : key(k) {}
  explicit(false) judged_key(Key&& k) noexcept(std::is_nothrow_move_constructible_v<Key>) : key(std::move(k)) {}

  inline static thread_local Hash hash{};
  inline static thread_local KeyEqual equal{};
  static void ask(const Hash& h, const KeyEqual& e) {
    hash = h.of_all_maps();
    equal = e;
  }

  std::size_t hash_code() const { return hash(key); }
  friend bool operator==(const judged_key& a, const judged_key& b) { return equal(a.key, b.key); }
  // An order, where an equality would be asked to throw.
  friend bool operator<(const judged_key& a, const judged_key& b) {
    check::faults::event(check::fault_kind::equality);
    return check::id_of(a.key) < check::id_of(b.key);
  }
};

}  // namespace gauntlet::adapters
