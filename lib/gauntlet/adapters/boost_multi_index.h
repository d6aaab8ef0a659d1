// boost::multi_index_container (1.81) with one hashed_unique index before the judge. Its elements are constant; the mapped
// value is mutable.
//
// What it was found to do wrong, and what is therefore not asked of it:
//
// - Moving and copying with another allocator takes the array of buckets from the source's allocator, and gives it back to
//   the other one.
// - reserve of more than there can be computes a size that no integer has.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <utility>

#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index_container.hpp>

#include <gauntlet/adapters/allocator_for.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

template <class Key, class T>
struct multi_index_element {
  Key first;
  mutable T second;
  multi_index_element(const Key& key, const T& value)
    requires std::copy_constructible<T>
      : first(key), second(value) {}
  template <class K, class V>
    requires std::constructible_from<T, const V&>
  explicit(false) multi_index_element(const std::pair<K, V>& e) : first(e.first), second(e.second) {}
  template <class K, class V>
  explicit(false) multi_index_element(std::pair<K, V>&& e) : first(std::move(e.first)), second(std::move(e.second)) {}
  template <class V>
  multi_index_element(const Key& key, V&& value) : first(key), second(std::forward<V>(value)) {}
  template <class V>
  multi_index_element(Key&& key, const V& value) : first(std::move(key)), second(value) {}
  multi_index_element(Key&& key, T&& value) : first(std::move(key)), second(std::move(value)) {}
  friend bool operator==(const multi_index_element& a, const multi_index_element& b) {
    return a.first == b.first && a.second == b.second;
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct boost_multi_index {
  using element = multi_index_element<Key, T>;
  using map_type =
      boost::multi_index_container<element,
                                   boost::multi_index::indexed_by<boost::multi_index::hashed_unique<
                                       boost::multi_index::member<element, Key, &element::first>, Hash, KeyEqual>>,
                                   allocator_for<Allocator, element>>;
  static constexpr std::string_view name = "boost_multi_index";
  static map_type make(const Hash& hash, const KeyEqual& equal, const Allocator& allocator, std::size_t capacity) {
    return map_type(boost::make_tuple(boost::make_tuple(
                        capacity, boost::multi_index::member<element, Key, &element::first>(), hash, equal)),
                    allocator);
  }
  static constexpr check::capabilities can() { return {.stable_references = true, .moved_from_is_empty = false}; }
  static constexpr bool leaves_out(const check::circumstances& now) {
    using check::opcode;
    const bool assigns = now.code == opcode::copy_assign || now.code == opcode::move_assign;
    const bool constructs = now.code == opcode::copy_construct || now.code == opcode::move_construct;
    return now.absurd || ((assigns || constructs) && now.allocators_differ && !now.allocators_propagate);
  }
};

}  // namespace gauntlet::adapters
