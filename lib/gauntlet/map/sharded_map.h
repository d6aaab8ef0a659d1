// sharded_map: N hash_maps, each behind its own small lock; a key's hash says which one it lives in.
//
// Words. A *shard* is one lock and one hash_map on cache lines of their own. The *route* of a key is the number of its
// shard, a function of the key's hash alone. A *visitor* is the caller's function that runs inside an operation, under
// the lock of one shard.
//
// The idea: two operations on different keys mostly meet different locks, so they neither wait for each other nor share
// a cache line. An operation on one key costs a route, one read-modify-write to lock, one to unlock, and what hash_map
// costs. The route must be independent of the bits by which hash_map places a key inside the shard, or each shard's map
// would see only one N-th of all places: the whole hash is mixed once more, with constants hash_map does not use. No
// seed: shard i of one map corresponds to shard i of every other map of the type, so operations on two maps go shard by
// shard. A lock is held briefly, so waiting is a short bounded spin first and sleep afterwards
// (detail/spin_park_lock.h).
//
// The hard case is the whole map. An operation that goes shard by shard sees each shard at a different moment: it is
// *weak*. An operation that must not be (clear, snapshot, copy, ==, swap, merge) takes all locks in order of their
// number, and of two maps first all of the one at the lower address; every thread goes up the same ladder, so nobody
// waits in a circle. A map combined with itself climbs it once.
//
// Promises:
//  (1) operations on one key are linearizable; so are clear, snapshot, copy, assignment, swap, merge and ==;
//  (2) size, empty, for_each and erase_if are weak: each key is read (or erased) at a moment of its own between call
//      and return, none is met twice; an element that is there from call to return is met, one that is not there at
//      any moment between them is not; a size lies between those two counts;
//  (3) copies handed out are the caller's own; no reference into the map leaves the lock, unless a visitor lets it;
//  (4) an operation on one key that throws leaves the lock free and the map unchanged (but a visitor's own changes
//      stay); an operation on the whole map or on two maps that throws leaves every lock free and every map valid, with the
//      work done for the shards it had finished;
//  (5) a visitor must not use the same map, not even for a key of another shard (in checked builds this is reported as
//      misuse; otherwise the thread may wait for itself); two threads whose visitors use each other's map can deadlock.
//      The same goes for hash, equality and allocator, which run under locks, too. Destructors of keys and values may use
//      the map where erase, extract, insert_or_assign, compare_exchange and clear have taken something out of it: they
//      run when the locks are free again, if keys and values move without throwing. What moving has left behind in the
//      map is destroyed under a lock, as is what erase_if, assignments and merge destroy;
//  (6) construction and destruction need no lock and must not run beside other operations, as with any object.
//
//   operation                                       effect         blocks                 progress    memory returns
//   find contains visit                             linearizable   one shard              blocking    -
//   insert insert_or_assign try_emplace             linearizable   one shard              blocking    -
//   erase extract                                   linearizable   one shard              blocking    before return
//   update compare_exchange                         linearizable   one shard              blocking    -
//   size empty for_each reserve                     weak           shard after shard      blocking    -
//   erase_if                                        weak           shard after shard      blocking    before return
//   clear                                           linearizable   all shards             blocking    before return
//   snapshot copy self_check                        linearizable   all shards             blocking    -
//   describe                                        weak           shard after shard      blocking    -
//   contention                                      weak           nobody                 wait-free   -
//   assign move swap merge ==                       linearizable   all shards of both     blocking    before return
//
// Readers exclude each other within a shard: the lock has one mode, because on a critical section this short a
// reader-writer lock costs more than it saves. A preempted holder of a shard holds up whoever needs that shard and
// whoever takes all locks; a preempted holder of all locks holds up everybody.
//
// Requires: all Hash objects of one sharded_map type give equal results for equal keys (stateless ones do; seeding is
// the business of the maps inside, which do it by themselves). self_check finds elements that a breach has put in a
// wrong shard.
//
// Costs: a route and a second hash computation on top of hash_map. An empty map allocates nothing, but the object
// itself takes 320 bytes a shard (80 KiB with the default of 256): a large object for a small stack. So many shards,
// because sixteen threads make twice as many lookups with them as with 64 (lib/decisions/waiting_for_locks.md). `size`
// locks them all, one after another.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>

#include <gauntlet/map/consistency.h>
#include <gauntlet/map/detail/annotations.h>
#include <gauntlet/map/detail/mutex.h>
#include <gauntlet/map/detail/point_operations.h>
#include <gauntlet/map/detail/reentry_guard.h>
#include <gauntlet/map/detail/spin_park_lock.h>
#include <gauntlet/map/hash_map.h>

namespace gauntlet {

// Like hash_map_policy, two types: one for translation units with checks, one for those without.
#if GAUNTLET_CHECKED
inline namespace checked_policies {
#else
inline namespace unchecked_policies {
#endif

// What can be replaced without touching the map.
struct sharded_map_policy {
  // An annotated lock, default constructible: lock, unlock; for deadline_writer also try_lock.
  using lock_type = detail::spin_park_lock;
  using map_policy = hash_map_policy;                        // of the maps inside
  static constexpr std::size_t shard_count = 256;            // a power of two, 1 allowed
  static constexpr bool checked = hash_map_policy::checked;  // report re-entry instead of waiting for ever

  // The shard of a key with this hash, below `shards`. Two multiplications and a fold let every bit of the hash reach
  // the top bits, from which the shard is taken. (Constants: 2^64 / golden ratio, and the finaliser by which Pelle
  // Evensen's rrmxmx multiplies.)
  static constexpr std::size_t route(std::uint64_t hash, std::size_t shards) noexcept {
    hash *= 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32;
    hash *= 0x9FB21C651E98DF25U;
    return shards == 1 ? 0 : static_cast<std::size_t>(hash >> (65 - std::bit_width(shards)));
  }
};

}  // namespace checked_policies or unchecked_policies

template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = sharded_map_policy>
class sharded_map {
  static_assert(std::has_single_bit(Policy::shard_count), "sharded_map: Policy::shard_count must be a power of two");

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

  // Promises (1) and (2).
  static constexpr operation_contracts contracts{
      .size = consistency::weak,
      .empty = consistency::weak,
      .for_each = consistency::weak,
      .erase_if = consistency::weak,
  };

  // ---------------------------------------------------------------------- construction: no other thread may be present
  sharded_map() : sharded_map(Hash()) {}
  explicit sharded_map(const Allocator& allocator) : sharded_map(Hash(), KeyEqual(), allocator) {}
  explicit sharded_map(const Hash& hash, const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : hash_(hash), shards_(make_shards([&](std::size_t) { return map_type(0, hash, equal, allocator); })) {}
  sharded_map(std::initializer_list<value_type> elements);
  // Copies the elements of a plain map. O(n).
  explicit sharded_map(const map_type& contents);

  // Copies `other` as it is at one moment; `other` may be in use. O(n) under all its locks.
  sharded_map(const sharded_map& other);
  // Takes all elements of `other`, which may be in use and is empty afterwards. O(N).
  sharded_map(sharded_map&& other);
  ~sharded_map() = default;

  // Both maps may be in use; all locks of both are held until done. Assigning a map to itself changes nothing.
  sharded_map& operator=(const sharded_map& other) GAUNTLET_UNCHECKED_LOCKING;
  sharded_map& operator=(sharded_map&& other) GAUNTLET_UNCHECKED_LOCKING;

  // ------------------------------------------------------------------------------------------------------ one key:
  // O(1) Arguments taken by value are made before the lock is taken, so that allocating a copy holds up nobody.

  // True if the element was inserted, false if the key was there (then its value stays).
  bool insert(Key key, T value);
  // True if the element was inserted, false if the value of an existing one was replaced.
  bool insert_or_assign(Key key, T value);
  // As insert, but makes the value from `arguments` under the lock, and only when the key is absent.
  template <class... Arguments>
  bool try_emplace(Key key, Arguments&&... arguments);

  // A copy of the value, if the key is there.
  std::optional<T> find(const Key& key) const { return find_as(key); }
  bool contains(const Key& key) const { return contains_as(key); }
  // Calls visitor(const T&) under the lock of the key's shard; true if the key was there.
  template <class Visitor>
  bool visit(const Key& key, Visitor&& visitor) const {
    return visit_as(key, visitor);
  }
  // Calls visitor(T&) under the lock of the key's shard; true if the key was there.
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

  // The same, for who can't wait for ever (deadline_writer.h): asks give_up() each time that the lock is not to be had.
  // If that says yes, nothing happens, and nothing is returned.
  template <class GiveUp>
  std::optional<bool> insert_or_assign_unless(GiveUp&& give_up, Key key, T value);
  template <class GiveUp>
  std::optional<bool> erase_unless(GiveUp&& give_up, const Key& key);

  // The same with any key type that Hash and KeyEqual both understand.
  template <detail::lookup_key<sharded_map> K>
  std::optional<T> find(const K& key) const {
    return find_as(key);
  }
  template <detail::lookup_key<sharded_map> K>
  bool contains(const K& key) const {
    return contains_as(key);
  }
  template <detail::lookup_key<sharded_map> K, class Visitor>
  bool visit(const K& key, Visitor&& visitor) const {
    return visit_as(key, visitor);
  }
  template <detail::lookup_key<sharded_map> K, class Visitor>
  bool update(const K& key, Visitor&& visitor) {
    return update_as(key, visitor);
  }
  template <detail::lookup_key<sharded_map> K>
  bool erase(const K& key) {
    return erase_as(key);
  }
  template <detail::lookup_key<sharded_map> K>
  std::optional<T> extract(const K& key) {
    return extract_as(key);
  }

  // ----------------------------------------------------------------------------- the whole map, shard by shard: weak
  size_type size() const;            // O(N)
  bool empty() const;                // stops at the first shard that has an element
  void reserve(size_type elements);  // room for so many, evenly spread, without growing: O(n)
  // Calls visitor(const Key&, const T&) for every element, under the lock of its shard: O(n).
  template <class Visitor>
  void for_each(Visitor&& visitor) const;
  // Erases every element for which predicate(const Key&, const T&) holds; returns how many. O(n).
  template <class Predicate>
  size_type erase_if(Predicate&& predicate);

  // ------------------------------------------------------------------------------------------ the whole map, one
  // moment
  void clear() GAUNTLET_UNCHECKED_LOCKING;  // O(n)
  // A plain map with the contents of one moment, its allocator chosen as for a copy: O(n).
  map_type snapshot() const GAUNTLET_UNCHECKED_LOCKING;

  // ---------------------------------------------------------------------------------- two maps, one moment for both
  // O(N). Allocators as hash_map::swap requires. A map swapped with itself stays.
  void swap(sharded_map& other) GAUNTLET_UNCHECKED_LOCKING;
  friend void swap(sharded_map& a, sharded_map& b) { a.swap(b); }
  // Moves over every element of `other` whose key is absent here; the others stay there. O(n).
  void merge(sharded_map& other) GAUNTLET_UNCHECKED_LOCKING;
  // Same keys with equal values. O(n).
  friend bool operator==(const sharded_map& a, const sharded_map& b) { return a.equal_to(b); }

  // How each shard's lock is fought over, where Policy::lock_type counts that (counted_lock in contention.h). O(N); no
  // lock is taken.
  auto contention() const
    requires requires(const typename Policy::lock_type& lock) { lock.stats(); };
  // A few words on what is inside, for reports: shard by shard. O(N).
  std::string describe() const;

  // Recounts every map inside and checks that each key is in the shard of its route; on failure writes what is wrong.
  bool self_check(std::ostream* dump = nullptr) const GAUNTLET_UNCHECKED_LOCKING;

 protected:
  using lock_type = typename Policy::lock_type;
  using locked = detail::exclusive_guard<lock_type>;
  using adopted = detail::adopting_guard<lock_type>;
  using inside = detail::reentry_guard<Policy::checked>;

  // Two cache lines are taken together by the hardware's prefetchers, yet padding to 64 bytes already keeps one shard's
  // writes from the words its neighbour reads; a hash_map fills the rest of its lines itself.
  static constexpr std::size_t cache_line = 64;
  static constexpr std::size_t shard_count = Policy::shard_count;

  struct alignas(cache_line) shard {
    // The map is made in its place.
    template <class MakeMap>
    shard(MakeMap& make_map, std::size_t number) : map(make_map(number)) {}

    mutable lock_type lock;
    map_type map GAUNTLET_GUARDED_BY(lock);
  };
  using shard_array = std::array<shard, shard_count>;

  // Holds every lock of one map, or of two different ones, in the order that everybody keeps.
  class all_shards_guard {
   public:
    explicit all_shards_guard(const sharded_map& only) GAUNTLET_UNCHECKED_LOCKING;
    all_shards_guard(const sharded_map& one, const sharded_map& other) GAUNTLET_UNCHECKED_LOCKING;
    ~all_shards_guard() GAUNTLET_UNCHECKED_LOCKING;
    all_shards_guard(const all_shards_guard&) = delete;
    all_shards_guard& operator=(const all_shards_guard&) = delete;

   private:
    const sharded_map* first_;
    const sharded_map* second_;  // null: only one
  };

  sharded_map(const sharded_map& other, const all_shards_guard& guard) GAUNTLET_UNCHECKED_LOCKING;
  sharded_map(sharded_map& other, const all_shards_guard& guard) GAUNTLET_UNCHECKED_LOCKING;

  template <class MakeMap>
  static shard_array make_shards(MakeMap make_map) {
    return [&make_map]<std::size_t... Number>(std::index_sequence<Number...>) {
      return shard_array{{shard(make_map, Number)...}};
    }(std::make_index_sequence<shard_count>());
  }

  template <class K>
  std::size_t route(const K& key) const {
    return Policy::route(static_cast<std::uint64_t>(hash_(key)), shard_count);
  }
  template <class K>
  shard& shard_of(const K& key) {
    return shards_[route(key)];
  }
  template <class K>
  const shard& shard_of(const K& key) const {
    return shards_[route(key)];
  }

  bool equal_to(const sharded_map& other) const GAUNTLET_UNCHECKED_LOCKING;

  template <class K>
  std::optional<T> find_as(const K& key) const;
  template <class K>
  bool contains_as(const K& key) const;
  template <class K, class Visitor>
  bool visit_as(const K& key, Visitor& visitor) const;
  template <class K, class Visitor>
  bool update_as(const K& key, Visitor& visitor);
  template <class K>
  bool erase_as(const K& key);
  template <class K>
  std::optional<T> extract_as(const K& key);

  [[no_unique_address]] Hash hash_;  // constant after construction
  shard_array shards_;               // the array itself is constant after construction
};

namespace pmr {
template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Policy = sharded_map_policy>
using sharded_map =
    gauntlet::sharded_map<Key, T, Hash, KeyEqual, std::pmr::polymorphic_allocator<std::pair<const Key, T>>, Policy>;
}  // namespace pmr

}  // namespace gauntlet

// What follows are the bodies.
#include <gauntlet/map/detail/sharded_map_bodies.h>
