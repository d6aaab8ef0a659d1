// concurrent_map: hash_map's idea for many threads: small tables under a directory, and a lock in every bucket.
//
// Words. A *bucket* has seven slots and its own lock, a *version* that changes with every change. To *look* is to read a
// bucket without locking it and to believe what was read if the version stayed the same. A table of buckets *splits* in
// two when it is full, and two halves *merge* when they are sparse. A map is *in words* when its keys and values are
// trivially copyable and at most 16 bytes each, otherwise *in nodes*. A *visitor* is the caller's function that runs
// inside an operation.
//
// The idea: the hash chooses a directory entry, that a table, and in it a bucket: all that concerns a key lies behind one
// lock, on the cache lines that are read anyway. A reader of a map in words looks and writes nothing to shared memory, so
// readers do not slow each other down. A writer does one read-modify-write, the exchange that locks, and unlocks by a
// plain store. Growing moves one bucket after the other: who needs one of them waits until that one has been moved, and
// nobody ever waits for the world to be rehashed.
//
// The hard cases: a reader that is overtaken (it looks again; after some rounds it locks); one that looked into a table
// from which its key has moved away (a miss counts only if the directory still leads there); memory under a reader's feet
// (tables never become anything else while the map lives, so a late reader meets a changed version or a locked bucket,
// and no reader has to register anywhere). detail/concurrent_map/ has a file for each.
//
// In nodes a reader that finds the key's hash locks the bucket before it follows the pointer; that there is none shows
// without a lock. Which equality may be asked without a lock: detail/concurrent_map/types.h. User-defined equality or
// hash on small keys costs a kept hash and, for keys that look alike, a lock, unless stays_inside_key says more.
//
// Promises:
//  (1) operations on one key are linearizable, under every hash, during splits and merges;
//  (2) for_each, erase_if, clear, snapshot, copies, size and empty are weak: each element is met (read, erased, counted) at
//      a moment of its own between call and return; one that is there from call to return is met exactly once, no key is
//      met twice, one that is there at no moment between them is not met. size is exact when nobody changes the map;
//      so is approximate_size, which costs no walk but may show, beside changes, a number of no moment at all;
//  (3) assignment, swap, merge, moves, ==, self_check and shrink_to_fit need the maps for themselves (quiescent), as do
//      construction and destruction;
//  (4) copies handed out are the caller's own. In words, visit and for_each show copies and hold no lock meanwhile; in
//      nodes, and for update, insert_or_visit and erase_if always, the visitor runs under the lock of one bucket;
//  (5) an operation on one key that throws (allocation, hash, equality, copy, visitor) leaves every lock free and the map
//      with the elements it had; what a visitor, or an assignment to a value, has done to the value stays in nodes and is
//      given up in words. An erase_if or merge that throws has done with the elements so far, and so has a move between
//      unequal allocators: each element is in one of the two maps. Splits and merges of tables cannot fail half-way;
//  (6) a visitor must not use the same map (in checked builds this is reported as misuse; otherwise the thread may wait for
//      itself), and two threads whose visitors use each other's map can deadlock. The same goes for hash, equality and
//      allocator, which may run under locks, too. Destructors of keys and values may use the map: what an operation takes
//      out of it is destroyed when the lock is free again. Two exceptions: a value whose move may throw is replaced by
//      assignment, and what that destroys is destroyed under the lock; and so is, when there is no memory for a list of
//      them, what erase_if or clear takes out of one bucket beyond 32 elements.
//
//   operation                                     effect         waits for                 progress   memory returns
//   find contains visit                           linearizable   one bucket                blocking   -
//   insert insert_or_assign try_emplace           linearizable   one bucket, or a split    blocking   -
//   insert_or_visit                               linearizable   one bucket, or a split    blocking   -
//   update compare_exchange                       linearizable   one bucket                blocking   -
//   erase extract                                 linearizable   one bucket                blocking   nodes: before return
//   size empty for_each snapshot copy             weak           bucket after bucket       blocking   -
//   erase_if clear                                weak           bucket after bucket       blocking   nodes: before return
//   reserve stats describe                        -              growth                    blocking   -
//   approximate_size                              -              nobody                    wait-free  -
//   assign move swap merge == self_check          quiescent      nobody                    -          of what is replaced
//   shrink_to_fit                                 quiescent      nobody                    -          before return
//
// Waiting for a bucket: for who holds it, and for a split or merge that is to move it and has not come to it yet. A
// preempted holder, or one who moves, holds up whoever needs that bucket, readers too: they spin for a moment, then give
// the processor away, then sleep for 50 microseconds at a time. Memory of tables that merges have emptied serves the next
// splits; the system gets it back from shrink_to_fit and at the end. Fairness: none.
//
// Costs: a map that was never filled allocates nothing; the object takes 4.2 KiB, nearly all of it the counters of up to
// 63 threads at a time (later ones share one and pay a read-modify-write for it). The first element allocates a table:
// 9 KiB for elements of 16 bytes. A split moves half of one table's 450 to 470 elements: microseconds at any size, and a
// copy of the whole directory each time that doubles, for which all who want to split wait. What walks takes memory for
// the elements of a bucket; size and empty, too.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gauntlet/map/consistency.h>
#include <gauntlet/map/detail/backoff.h>
#include <gauntlet/map/detail/concurrent_map/buckets.h>
#include <gauntlet/map/detail/key_requirements.h>
#include <gauntlet/map/detail/point_operations.h>
#include <gauntlet/map/detail/reentry_guard.h>
#include <gauntlet/map/hash_map.h>

namespace gauntlet {

// Like hash_map_policy, two types: one for translation units with checks, one for those without.
#if GAUNTLET_CHECKED
inline namespace checked_policies {
#else
inline namespace unchecked_policies {
#endif

// What can be replaced without touching the map.
struct concurrent_map_policy {
  // Sizes. A table splits when a bucket is full and no cell of the table is left.
  static constexpr unsigned buckets_per_table = 64;  // a power of two
  static constexpr unsigned slots_per_bucket = 7;    // 2 to 7
  static constexpr unsigned cells_per_table = 8;     // 0 to 64: more make tables denser and lookups slower
  // An erasure that leaves a bucket empty looks, at one of so many changes of the bucket, whether the table is sparse;
  // two halves merge when both together hold less than one in so many of one table's slots.
  static constexpr unsigned changes_per_merge_look = 16;
  static constexpr unsigned merge_below_one_in = 4;
  // The directory may be so many bits deeper than the number of tables asks for; then full buckets get chains instead.
  // Only hashes that do not spread get there.
  static constexpr unsigned directory_slack = 3;
  // A reader that was overtaken so often takes its turn at the lock.
  static constexpr unsigned looks_max = 32;
  // Threads that count without a read-modify-write, and one stripe for all others; at most 64.
  static constexpr unsigned count_stripes = 64;

  using protocol = detail::bucket_protocol;
  using tags = detail::fastest_tags;
  using waiting = detail::backoff<9, 32>;  // some ten microseconds of pauses
  using map_policy = hash_map_policy;      // of snapshots
  static std::uint64_t seed() noexcept { return hash_map_policy::seed(); }
  static constexpr bool checked = hash_map_policy::checked;  // report re-entry instead of waiting for ever
};

}  // namespace checked_policies or unchecked_policies

template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = concurrent_map_policy>
class concurrent_map {
  static_assert(detail::key_owns_its_bytes<Key>,
                "gauntlet::concurrent_map: this key type is a view: store what owns its bytes, std::string or "
                "std::vector, and look up "
                "by view; or say with borrowed_key<View> that what it looks at outlives the map");

 public:
  using key_type = Key;
  using mapped_type = T;
  using value_type = std::pair<const Key, T>;
  using size_type = std::size_t;
  using hasher = Hash;
  using key_equal = KeyEqual;
  using allocator_type = Allocator;
  using policy_type = Policy;
  using map_type = hash_map<Key, T, Hash, KeyEqual, Allocator, typename Policy::map_policy>;

  // Promises (1) to (3).
  static constexpr operation_contracts contracts{
      .size = consistency::weak,
      .empty = consistency::weak,
      .clear = consistency::weak,
      .for_each = consistency::weak,
      .erase_if = consistency::weak,
      .snapshot = consistency::weak,
      .copy = consistency::weak,
      .assign = consistency::quiescent,
      .swap = consistency::quiescent,
      .equal = consistency::quiescent,
      .merge = consistency::quiescent,
  };

  // ------------------------------------------------------------------------ construction: no other thread may be present
  concurrent_map() : concurrent_map(Hash()) {}
  explicit concurrent_map(const Allocator& allocator) : concurrent_map(Hash(), KeyEqual(), allocator) {}
  explicit concurrent_map(const Hash& hash, const KeyEqual& equal = KeyEqual(),
                          const Allocator& allocator = Allocator())
      : buckets_(hash, equal, allocator) {}
  concurrent_map(std::initializer_list<value_type> elements);
  // Copies the elements of a plain map. O(n).
  explicit concurrent_map(const map_type& contents);

  // Copies the elements of `other`, which may be in use: promise (2). O(n).
  concurrent_map(const concurrent_map& other);
  // Takes all elements of `other`, which must not be in use and is empty afterwards. O(1).
  concurrent_map(concurrent_map&& other);
  ~concurrent_map() = default;

  // Neither map may be in use. Assigning a map to itself changes nothing; if copying throws, *this stays as it is. With
  // allocators that are unequal and stay, elements in nodes are moved one by one; if that throws, those that have been are
  // here and the others there. O(1) otherwise.
  concurrent_map& operator=(const concurrent_map& other);
  concurrent_map& operator=(concurrent_map&& other);

  hasher hash_function() const { return buckets_.hash_function(); }
  key_equal key_eq() const { return buckets_.key_eq(); }
  allocator_type get_allocator() const { return buckets_.allocator(); }

  // -------------------------------------------------------------------------------------------------------- one key: O(1)

  // True if the element was inserted, false if the key was there (then its value stays).
  bool insert(Key key, T value);
  // True if the element was inserted, false if the value of an existing one was replaced.
  bool insert_or_assign(Key key, T value);
  // As insert, but makes the value from `arguments` under the lock, and only when the key is absent.
  template <class... Arguments>
  bool try_emplace(Key key, Arguments&&... arguments);
  // Inserts, or calls visitor(T&) under the lock if the key was there; true if it inserted.
  template <class Visitor>
  bool insert_or_visit(Key key, T value, Visitor&& visitor);

  // A copy of the value, if the key is there.
  std::optional<T> find(const Key& key) const { return find_as(key); }
  bool contains(const Key& key) const { return contains_as(key); }
  // Calls visitor(const T&), see promise (4); true if the key was there.
  template <class Visitor>
  bool visit(const Key& key, Visitor&& visitor) const {
    return visit_as(key, visitor);
  }
  // Calls visitor(T&) under the lock of the key's bucket; true if the key was there.
  template <class Visitor>
  bool update(const Key& key, Visitor&& visitor) {
    return update_as(key, visitor);
  }
  // Replaces the value if the key is there and its value equals `expected`; true if it did.
  bool compare_exchange(const Key& key, const T& expected, T desired);
  // True if there was an element to erase.
  bool erase(const Key& key) { return erase_as(key); }
  // Erases the element and returns its value.
  std::optional<T> extract(const Key& key) { return extract_as(key); }

  // The same with any key type that Hash and KeyEqual both understand. In words, these lock when the key may be there.
  template <detail::lookup_key<concurrent_map> K>
  std::optional<T> find(const K& key) const {
    return find_as(key);
  }
  template <detail::lookup_key<concurrent_map> K>
  bool contains(const K& key) const {
    return contains_as(key);
  }
  template <detail::lookup_key<concurrent_map> K, class Visitor>
  bool visit(const K& key, Visitor&& visitor) const {
    return visit_as(key, visitor);
  }
  template <detail::lookup_key<concurrent_map> K, class Visitor>
  bool update(const K& key, Visitor&& visitor) {
    return update_as(key, visitor);
  }
  template <detail::lookup_key<concurrent_map> K>
  bool erase(const K& key) {
    return erase_as(key);
  }
  template <detail::lookup_key<concurrent_map> K>
  std::optional<T> extract(const K& key) {
    return extract_as(key);
  }

  // ------------------------------------------------------------------------- the whole map, bucket after bucket: weak

  // Counts the elements: O(n), with a lock only where a bucket is changed again and again. To watch a map that is being
  // changed, see approximate_size.
  size_type size() const;
  bool empty() const;  // stops at the first element
  // The sum of the threads' counters: O(1), without a lock, and exact when nobody changes the map.
  size_type approximate_size() const { return buckets_.approximate_size(); }
  // Calls visitor(const Key&, const T&) for every element, see promise (4). O(n).
  template <class Visitor>
  void for_each(Visitor&& visitor) const;
  // The same with so many threads, this one among them (or fewer, if the system has no more): the visitor is called by
  // several at once. If it throws, the others stop soon and one of the exceptions is thrown here.
  template <class Visitor>
  void for_each(std::size_t threads, Visitor&& visitor) const;
  // Erases every element for which predicate(const Key&, const T&) holds, asked under the bucket's lock; returns how many.
  template <class Predicate>
  size_type erase_if(Predicate&& predicate);
  void clear();
  // A plain map with all elements, its allocator chosen as for a copy: O(n).
  map_type snapshot() const;
  // Makes the directory large enough for the tables of so many elements. Tables come when they are needed: all of them at
  // once would be half empty and far apart.
  void reserve(size_type elements);

  // ------------------------------------------------------------------------------------- quiescent: nobody else is here

  // O(1). Allocators as hash_map::swap requires. A map swapped with itself stays.
  void swap(concurrent_map& other);
  friend void swap(concurrent_map& a, concurrent_map& b) { a.swap(b); }
  // Moves over every element of `other` whose key is absent here; the others stay there. O(n).
  void merge(concurrent_map& other);
  // Same keys with equal values. O(n).
  friend bool operator==(const concurrent_map& a, const concurrent_map& b) { return a.equal_to(b); }
  // Gives back all memory that the elements do not need. O(n). If memory for that runs out, the map stays as it is.
  void shrink_to_fit();
  // Recounts everything; on failure writes what is wrong.
  bool self_check(std::ostream* dump = nullptr) const;

  // Sizes, memory and history. Safe at any time. O(tables).
  concurrent_map_stats stats() const { return buckets_.stats(); }
  // The essentials of it in a few words, for reports.
  std::string describe() const {
    const concurrent_map_stats s = stats();
    return "size " + std::to_string(s.size) + ", tables " + std::to_string(s.tables) + " and " +
           std::to_string(s.spare_tables) + " spare, directory entries " + std::to_string(s.directory_entries) +
           ", splits " + std::to_string(s.splits) + ", merges " + std::to_string(s.merges);
  }

 protected:
  using types = detail::concurrent_types<Key, T, Hash, KeyEqual, Allocator, Policy>;
  using buckets_type = detail::concurrent_buckets<types>;
  using allocator_traits = std::allocator_traits<Allocator>;
  using inside = detail::reentry_guard<Policy::checked>;
  static constexpr std::uint64_t last_hash = ~std::uint64_t{0};

  template <class K>
  GAUNTLET_ALWAYS_INLINE std::optional<T> find_as(const K& key) const;
  template <class K>
  GAUNTLET_ALWAYS_INLINE bool contains_as(const K& key) const;
  template <class K, class Visitor>
  bool visit_as(const K& key, Visitor& visitor) const;
  template <class K, class Visitor>
  bool update_as(const K& key, Visitor& visitor);
  template <class K>
  bool erase_as(const K& key);
  template <class K>
  std::optional<T> extract_as(const K& key);
  template <class Chosen>
  size_type erase_chosen(const char* operation, Chosen& chosen);
  void copy_elements(const concurrent_map& other);
  bool equal_to(const concurrent_map& other) const;

  buckets_type buckets_;
};

namespace pmr {
template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Policy = concurrent_map_policy>
using concurrent_map =
    gauntlet::concurrent_map<Key, T, Hash, KeyEqual, std::pmr::polymorphic_allocator<std::pair<const Key, T>>, Policy>;
}  // namespace pmr

}  // namespace gauntlet

// What follows are the bodies.
#include <gauntlet/map/detail/concurrent_map_bodies.h>
