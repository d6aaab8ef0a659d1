// gauntlet::hash_map: an unordered map without pauses, that gives memory back and can be walked while it changes.
//
// The idea. A directory (extendible hashing) leads to small Swiss tables of bounded size. Growing means splitting one
// table, never rehashing the world: the worst insert costs microseconds at any size. Erasing merges sparse neighbours:
// memory comes back by itself. Up to 1,433 elements there is one table and no directory; a map that was never filled
// has no memory at all.
//
//   hash ─► directory entry ─► table ─► group of 7 slots, tags compared at once ─► element
//
// Promises
//   Walks. A cursor (`for (auto c = m.walk(); c; c.next()) use(c->first, c->second);`) survives every change of the
//   map, made through whichever name, between two steps:
//    (1) an element present from the start of the walk to its end is visited exactly once;
//    (2) an element erased before it was reached is not visited;
//    (3) an element inserted during the walk is visited at most once;
//    (4) an element erased and inserted again is a new element: (3) holds for each insertion;
//    (5) what a visit shows is the element's current value.
//   Walks nest, register nowhere, and cost the map nothing. Moving, swapping, assigning or destroying the map ends its
//   walks. Iterators
//    (6) erase(iterator), erase(range) and extract(iterator) move no element: all other iterators stay valid.
//    (7) Inserting a new element, erase(key), extract(key), erase_if, merge, reserve, rehash, shrink_to_fit, clear,
//        assignment, move and swap may move elements and invalidate all iterators; those but move and swap also
//        pointers and references.
//   Exceptions
//    (8) Inserting one element, in every form, either happens or leaves the contents as they were; so do copy
//        construction and copy assignment. Where hash or equality may throw when they are move-assigned or swapped, and
//        do, the target is empty; after a swap both maps are. Erasing throws only what hash, equality or a predicate
//        throws, and then that element is still there.
//    (9) Elements are moved by their move constructors. If that of key or value may throw, elements that can be copied
//        are copied instead when a table is rebuilt or an element goes from owner to owner (extract, insert(node),
//        merge); so they are where the new owner has another allocator and that makes the parts, as std::pmr's does. Of
//        a type that can neither, an element whose move throws is lost as a whole and the map stays sound.
//   Memory
//   (10) Nothing is allocated before the first insert. clear() returns everything; erasing returns memory as it goes
//        (by iterator: when the last element goes) and keeps at most a table like the first, of 256 bytes or one group,
//        when the last element goes. A reservation lasts until elements are erased by key, or the last one in any way.
//   (11) After reserve(n), inserting up to n distinct well-hashed keys draws no growth and no split.
//   Hashes
//   (12) Every map mixes hashes with its own secret seed; a copy keeps the seed of its original. Elements that no table
//        can hold, for their hashes collide completely, are kept aside: bad hashes make a map slow, never wrong.
//   Threads
//   (13) Const operations may run in any number of threads at once, walks and iterators too. Writing needs a single
//        thread. Breaking this, or calling a map from its own hash, equality, predicate or element constructor while it
//        changes, is noticed with high probability (not certainty) and reported through gauntlet/map/misuse.h. In
//        checked builds so is the use of stale iterators and cursors. Moving and swapping are noexcept where those of
//        std are: a misuse handler that throws from there terminates.
//
// Costs, u64 to u64: 18 bytes a slot, 23 to 46 an element; find, insert, erase O(1) on average, O(n) with equal hashes;
// the worst single insert O(table) = 1,433 moves; the directory doubles in O(tables).
//
// Differences from std::unordered_map: no buckets (bucket_count is the capacity in slots; max_load_factor is fixed by
// the policy, setting it does nothing); iterators and references follow (6) and (7); a node handle owns a moved
// element.
#pragma once

#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <type_traits>
#include <utility>

#include <gauntlet/map/detail/cursor.h>
#include <gauntlet/map/detail/key_requirements.h>
#include <gauntlet/map/detail/plain_map.h>
#include <gauntlet/map/detail/policies.h>
#include <gauntlet/map/detail/table_set.h>
#include <gauntlet/map/hash.h>

namespace gauntlet {

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
class hash_map;

namespace detail {
template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
struct hash_map_kind {
  static_assert(
      key_owns_its_bytes<Key>,
      "gauntlet::hash_map: this key type is a view: store what owns its bytes, std::string or std::vector, and look up "
      "by view; or say with borrowed_key<View> that what it looks at outlives the map");
  static_assert(
      key_has_a_hash<Key, Hash>,
      "gauntlet::hash_map: this key type has no hash: specialise std::hash or gauntlet::hash for it, or name a Hash "
      "that is callable with a const key");
  static_assert(key_is_equality_comparable<Key, KeyEqual>,
                "gauntlet::hash_map: this key type has no equality: give it an operator==, or name a KeyEqual that is "
                "callable with two const keys");
  static_assert(std::is_same_v<typename std::allocator_traits<Allocator>::value_type, std::pair<const Key, T>>,
                "gauntlet::hash_map: the allocator's value_type must be std::pair<const Key, T>");

  using map = hash_map<Key, T, Hash, KeyEqual, Allocator, Policy>;
  using types = map_types<Key, T, Hash, KeyEqual, Allocator, Policy>;
  using works = table_set<types>;
  template <bool Const>
  using cursor = map_cursor<types, Const>;
  static constexpr const char* name = "hash_map";
};
}  // namespace detail

// The interface is that of detail/plain_map.h, which both plain maps share.
template <class Key, class T, class Hash = hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = hash_map_policy>
class hash_map : public detail::plain_map<detail::hash_map_kind<Key, T, Hash, KeyEqual, Allocator, Policy>> {
  using base = detail::plain_map<detail::hash_map_kind<Key, T, Hash, KeyEqual, Allocator, Policy>>;

 public:
  using base::base;
  hash_map& operator=(std::initializer_list<typename base::value_type> values) {
    base::operator=(values);
    return *this;
  }
};

namespace pmr {
template <class Key, class T, class Hash = hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Policy = hash_map_policy>
using hash_map =
    gauntlet::hash_map<Key, T, Hash, KeyEqual, std::pmr::polymorphic_allocator<std::pair<const Key, T>>, Policy>;
}  // namespace pmr

template <std::input_iterator Input>
hash_map(Input, Input) -> hash_map<std::remove_const_t<typename std::iterator_traits<Input>::value_type::first_type>,
                                   typename std::iterator_traits<Input>::value_type::second_type>;
template <class Key, class T>
hash_map(std::initializer_list<std::pair<Key, T>>) -> hash_map<std::remove_const_t<Key>, T>;

}  // namespace gauntlet
