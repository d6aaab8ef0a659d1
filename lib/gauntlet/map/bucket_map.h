// gauntlet::bucket_map: the hash map of Go up to version 1.23, in C++: buckets of eight, overflow chains, growth that is
// paid for by the writes that follow it.
//
// The idea. An array of 2^B buckets; the low B bits of a hash choose the bucket, its highest byte, kept beside the
// slots, tells nearly always which of the eight is meant. A full bucket is continued by overflow buckets. When there are
// more than 6.5 elements a bucket the array doubles; when elements have come and gone and left as many overflow buckets
// as buckets, an array of the same size takes over, and the holes are gone. Neither happens at once: the old array stays
// beside the new one, and each write that inserts or erases moves the old bucket of its key, and one more.
//
//   hash ─► low B bits: bucket ─► highest byte: slot ─► element          slots 8, tops 8, link to the overflow bucket
//           growing: the old array's bucket, until it has been evacuated
//
// Promises
//   Walks. A cursor (`for (auto c = m.walk(); c; c.next()) use(c->first, c->second);`) survives every change of the
//   map, made through whichever name, between two steps:
//    (1) an element present from the start of the walk to its end is visited exactly once;
//    (2) an element erased before it was reached is not visited;
//    (3) an element inserted during the walk is visited at most once;
//    (4) an element erased and inserted again is a new element: (3) holds for each insertion;
//    (5) what a visit shows is the element's current value.
//   A walk begins at a random bucket and a random place in it, another one each time. Walks nest and register nowhere.
//   Moving, swapping, assigning or destroying the map ends its walks. Iterators
//    (6) erase(iterator), erase(range) and extract(iterator) move no element: all other iterators stay valid.
//    (7) Inserting a new element, erase(key), extract(key), erase_if, merge, reserve, rehash, shrink_to_fit, clear,
//        assignment, move and swap may move elements and invalidate all iterators; those but move and swap also
//        pointers and references. A write that finds its key and inserts nothing moves nothing.
//   Growth
//    (8) No write evacuates more than two old buckets, and no memory is cleared or given back in blocks larger than 128
//        buckets, beside one pointer for each 128. reserve, rehash and shrink_to_fit do all their work at once.
//    (9) The numbers: B is the least for which count <= 8 or count <= 13 * (2^B / 2); an insertion that would exceed
//        that doubles. 2^min(B, 15) overflow buckets are too many (above B = 15 counted in units of 2^(B - 15)).
//   Exceptions
//   (10) Inserting one element, in every form, either happens or leaves the contents as they were; so do copy
//        construction and copy assignment. Where hash or equality may throw when they are move-assigned or swapped, and
//        do, the target is empty; after a swap both maps are. Erasing throws only what hash, equality, a predicate or,
//        while the map grows, the copying of an element throws, and then that element is still there. An evacuation that
//        throws has evacuated nothing and is tried again by a later write.
//   (11) Elements are moved by their move constructors. If that of key or value may throw, elements that can be copied
//        are copied instead; so they are in insert(node) and merge where the other owner has another allocator and that
//        makes the parts, as std::pmr's does. Of a type that can neither, an element whose move throws is lost as a
//        whole and the map stays sound.
//   Memory
//   (12) Nothing is allocated before the first insert. Erasing returns nothing: that is what Go's maps are known for.
//        clear() returns all buckets and keeps B; shrink_to_fit() makes B as small as the elements allow.
//   (13) After reserve(n), inserting up to n elements does not double the map.
//   Hashes
//   (14) Every map mixes hashes with its own secret seed, and takes a new one whenever it becomes empty; a copy keeps
//        the seed of its original. Bad hashes make a map slow, never wrong.
//   Threads
//   (15) Const operations may run in any number of threads at once, walks and iterators too. Writing needs a single
//        thread. Breaking this, or calling a map from its own hash, equality, predicate or element constructor while it
//        changes, is noticed with high probability (not certainty) and reported through gauntlet/map/misuse.h. In
//        checked builds so is the use of stale iterators and cursors.
//
//   operation                    effect                        pays for growth      memory returns
//   find, contains, at, count    none                          no                   -
//   insert, try_emplace, []      one element, or none          two chains           old buckets, 128 at a time
//   erase(key), extract(key)     one element less              two chains           likewise
//   erase(iterator), (range)     elements less                 no                   no
//   reserve, rehash, shrink      none to be seen               all of it            the old array
//   clear                        no elements                   drops it             every bucket
//   walk, begin                  none                          no                   -
//
// Costs, u64 to u64: 144 bytes a bucket, 22 to 44 an element; find, insert, erase O(1) on average, O(n) with equal
// hashes. After erasures a walk still costs O(2^B).
//
// Differences from the original: keys and values are kept as pairs; the array is in pieces; overflow buckets are not
// allocated ahead; a walk is over when Go's would be, but its order is the same for the whole walk however the map
// grows, so that it never has to look an element up again. Two elements with equal whole hashes are told apart by a
// number in a note beside their bucket (detail/bucket.h), which only walks need.
//
// Differences from std::unordered_map: iterators and references follow (6) and (7); a node handle owns a moved element;
// max_load_factor is 6.5, setting it does nothing; no local iterators.
#pragma once

#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <type_traits>
#include <utility>

#include <gauntlet/map/detail/bucket_cursor.h>
#include <gauntlet/map/detail/bucket_policies.h>
#include <gauntlet/map/detail/bucket_table.h>
#include <gauntlet/map/detail/key_requirements.h>
#include <gauntlet/map/detail/plain_map.h>
#include <gauntlet/map/hash.h>

namespace gauntlet {

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
class bucket_map;

namespace detail {
template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
struct bucket_map_kind {
  static_assert(key_owns_its_bytes<Key>,
                "gauntlet::bucket_map: this key type is a view: store what owns its bytes, std::string or std::vector, "
                "and look up "
                "by view; or say with borrowed_key<View> that what it looks at outlives the map");
  static_assert(
      key_has_a_hash<Key, Hash>,
      "gauntlet::bucket_map: this key type has no hash: specialise std::hash or gauntlet::hash for it, or name a Hash "
      "that is callable with a const key");
  static_assert(
      key_is_equality_comparable<Key, KeyEqual>,
      "gauntlet::bucket_map: this key type has no equality: give it an operator==, or name a KeyEqual that is "
      "callable with two const keys");
  static_assert(std::is_same_v<typename std::allocator_traits<Allocator>::value_type, std::pair<const Key, T>>,
                "gauntlet::bucket_map: the allocator's value_type must be std::pair<const Key, T>");

  using map = bucket_map<Key, T, Hash, KeyEqual, Allocator, Policy>;
  using types = map_types<Key, T, Hash, KeyEqual, Allocator, Policy>;
  using works = typename Policy::template table<types>;
  template <bool Const>
  using cursor = typename Policy::template cursor<types, Const>;
  static constexpr const char* name = "bucket_map";
};
}  // namespace detail

// The interface is that of detail/plain_map.h, which both plain maps share.
template <class Key, class T, class Hash = hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = bucket_map_policy>
class bucket_map : public detail::plain_map<detail::bucket_map_kind<Key, T, Hash, KeyEqual, Allocator, Policy>> {
  using base = detail::plain_map<detail::bucket_map_kind<Key, T, Hash, KeyEqual, Allocator, Policy>>;

 public:
  using base::base;
  bucket_map& operator=(std::initializer_list<typename base::value_type> values) {
    base::operator=(values);
    return *this;
  }
};

namespace pmr {
template <class Key, class T, class Hash = hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Policy = bucket_map_policy>
using bucket_map =
    gauntlet::bucket_map<Key, T, Hash, KeyEqual, std::pmr::polymorphic_allocator<std::pair<const Key, T>>, Policy>;
}  // namespace pmr

template <std::input_iterator Input>
bucket_map(Input, Input)
    -> bucket_map<std::remove_const_t<typename std::iterator_traits<Input>::value_type::first_type>,
                  typename std::iterator_traits<Input>::value_type::second_type>;
template <class Key, class T>
bucket_map(std::initializer_list<std::pair<Key, T>>) -> bucket_map<std::remove_const_t<Key>, T>;

}  // namespace gauntlet
