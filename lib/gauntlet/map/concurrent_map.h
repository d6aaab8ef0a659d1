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
//      itself), and two threads whose visitors use each other's map can deadlock.
//
//   operation                                     effect         waits for                 progress   memory returns
//   find contains visit                           linearizable   one bucket                blocking   -
//   insert insert_or_assign try_emplace           linearizable   one bucket, or a split    blocking   -
//   insert_or_visit                               linearizable   one bucket, or a split    blocking   -
//   update compare_exchange                       linearizable   one bucket                blocking   -
//   erase extract                                 linearizable   one bucket                blocking   nodes: at once
//   size empty for_each snapshot copy             weak           bucket after bucket       blocking   -
//   erase_if clear                                weak           bucket after bucket       blocking   nodes: at once
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
  using waiting = detail::backoff<32, 32>;
  using map_policy = hash_map_policy;  // of snapshots
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

// ------------------------------------------------------------------------------------------------------- bodies below
// Every body says that this thread is inside, and leaves the rest to the buckets.

#define GAUNTLET_MAP_TEMPLATE template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
#define GAUNTLET_MAP concurrent_map<Key, T, Hash, KeyEqual, Allocator, Policy>

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::concurrent_map(std::initializer_list<value_type> elements) : concurrent_map() {
  for (const value_type& element : elements) insert(element.first, element.second);
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::concurrent_map(const map_type& contents)
    : concurrent_map(contents.hash_function(), contents.key_eq(), contents.get_allocator()) {
  for (const auto& element : contents) insert(element.first, element.second);
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::concurrent_map(const concurrent_map& other)
    : concurrent_map(other.hash_function(), other.key_eq(),
                     allocator_traits::select_on_container_copy_construction(other.get_allocator())) {
  const inside there(&other, "copy construction");
  copy_elements(other);
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::concurrent_map(concurrent_map&& other)
    : concurrent_map(other.hash_function(), other.key_eq(), other.get_allocator()) {
  const inside there(&other, "move construction");
  buckets_.swap(other.buckets_);
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::operator=(const concurrent_map& other) -> concurrent_map& {
  if (this != &other) {
    constexpr bool propagates = allocator_traits::propagate_on_container_copy_assignment::value;
    const inside here(this, "copy assignment");
    const inside there(&other, "copy assignment");
    concurrent_map copy(other.hash_function(), other.key_eq(), propagates ? other.get_allocator() : get_allocator());
    copy.copy_elements(other);
    buckets_.swap(copy.buckets_);
    if constexpr (propagates) buckets_.swap_allocators(copy.buckets_);
  }
  return *this;
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::operator=(concurrent_map&& other) -> concurrent_map& {
  if (this != &other) {
    constexpr bool propagates = allocator_traits::propagate_on_container_move_assignment::value;
    const inside here(this, "move assignment");
    const inside there(&other, "move assignment");
    concurrent_map taken(other.hash_function(), other.key_eq(), other.get_allocator());
    if (propagates || get_allocator() == other.get_allocator()) {
      taken.buckets_.swap(other.buckets_);
      buckets_.swap(taken.buckets_);
      if constexpr (propagates) buckets_.swap_allocators(taken.buckets_);
    } else {
      concurrent_map before(other.hash_function(), other.key_eq(), get_allocator());
      buckets_.swap(before.buckets_);
      buckets_.merge(other.buckets_);
      taken.buckets_.swap(other.buckets_);
    }
  }
  return *this;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert(Key key, T value) {
  const inside here(this, "insert");
  if constexpr (types::in_words) {
    return buckets_.template insert_words<false>(key, value);
  } else {
    return buckets_.emplace_or(
        std::move(key), [&value](auto&& construct) { construct(std::move(value)); }, [](T&) { return false; });
  }
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert_or_assign(Key key, T value) {
  const inside here(this, "insert_or_assign");
  if constexpr (types::in_words) {
    return buckets_.template insert_words<true>(key, value);
  } else {
    return buckets_.emplace_or(
        std::move(key), [&value](auto&& construct) { construct(std::move(value)); },
        [&value](T& there) {
          there = std::move(value);
          return true;
        });
  }
}

GAUNTLET_MAP_TEMPLATE
template <class... Arguments>
bool GAUNTLET_MAP::try_emplace(Key key, Arguments&&... arguments) {
  const inside here(this, "try_emplace");
  return buckets_.emplace_or(
      std::move(key), [&](auto&& construct) { construct(std::forward<Arguments>(arguments)...); },
      [](T&) { return false; });
}

GAUNTLET_MAP_TEMPLATE
template <class Visitor>
bool GAUNTLET_MAP::insert_or_visit(Key key, T value, Visitor&& visitor) {
  const inside here(this, "insert_or_visit");
  return buckets_.emplace_or(
      std::move(key), [&value](auto&& construct) { construct(std::move(value)); },
      [&visitor](T& there) {
        visitor(there);
        return true;
      });
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::compare_exchange(const Key& key, const T& expected, T desired) {
  const inside here(this, "compare_exchange");
  bool replaced = false;
  buckets_.update(key, [&](T& value) {
    if (!(std::as_const(value) == expected)) return false;
    value = std::move(desired);
    replaced = true;
    return true;
  });
  return replaced;
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::find_as(const K& key) const {
  const inside here(this, "find");
  return buckets_.find(key);
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::contains_as(const K& key) const {
  const inside here(this, "contains");
  return buckets_.contains(key);
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::visit_as(const K& key, Visitor& visitor) const {
  const inside here(this, "visit");
  return buckets_.read(key, [&visitor](const T& value) { visitor(value); });
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::update_as(const K& key, Visitor& visitor) {
  const inside here(this, "update");
  return buckets_.update(key, [&visitor](T& value) {
    visitor(value);
    return true;
  });
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::erase_as(const K& key) {
  const inside here(this, "erase");
  return buckets_.erase(key);
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::extract_as(const K& key) {
  const inside here(this, "extract");
  return buckets_.extract(key);
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::size() const -> size_type {
  const inside here(this, "size");
  return buckets_.count(~size_type{0});
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::empty() const {
  const inside here(this, "empty");
  return buckets_.count(1) == 0;
}

GAUNTLET_MAP_TEMPLATE
template <class Visitor>
void GAUNTLET_MAP::for_each(Visitor&& visitor) const {
  const inside here(this, "for_each");
  buckets_.for_each(0, last_hash, [&visitor](const Key& key, const T& value) {
    visitor(key, value);
    return true;
  });
}

// The hashes are cut into pieces of equal length; each thread takes the next one until none is left.
GAUNTLET_MAP_TEMPLATE
template <class Visitor>
void GAUNTLET_MAP::for_each(std::size_t threads, Visitor&& visitor) const {
  constexpr std::size_t pieces_per_thread = 8, threads_max = 4096;
  threads = std::min(threads, threads_max);
  const std::size_t pieces =
      std::max(std::size_t{1}, std::min(buckets_.directory_entries(), std::bit_ceil(threads * pieces_per_thread)));
  const auto bits = static_cast<unsigned>(std::countr_zero(pieces));
  std::atomic<std::size_t> next{0};  // [piece] pairs with nothing: a ticket counter
  std::mutex failing;
  std::exception_ptr failure;  // guarded by failing
  const auto work = [&] {
    try {
      const inside here(this, "for_each");
      for (std::size_t piece = next.fetch_add(1, std::memory_order_relaxed); piece < pieces;
           piece = next.fetch_add(1, std::memory_order_relaxed)) {
        const std::uint64_t first = bits == 0 ? 0 : static_cast<std::uint64_t>(piece) << (64 - bits);
        buckets_.for_each(first, first | last_hash >> bits, [&](const Key& key, const T& value) {
          visitor(key, value);
          return next.load(std::memory_order_relaxed) <= pieces + threads;
        });
      }
    } catch (...) {
      const std::lock_guard guard(failing);
      if (!failure) failure = std::current_exception();
      next.store(2 * (pieces + threads), std::memory_order_relaxed);  // nobody goes on
    }
  };
  std::vector<std::thread> others;
  try {
    for (std::size_t i = 1; i < std::min(threads, pieces); ++i) others.emplace_back(work);
  } catch (...) {  // no more threads, or no memory for them: as many as there are
  }
  work();
  for (std::thread& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

GAUNTLET_MAP_TEMPLATE
template <class Predicate>
auto GAUNTLET_MAP::erase_if(Predicate&& predicate) -> size_type {
  const inside here(this, "erase_if");
  return buckets_.erase_if(predicate);
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::clear() {
  const inside here(this, "clear");
  buckets_.erase_if([](const Key&, const T&) { return true; });
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::snapshot() const -> map_type {
  const inside here(this, "snapshot");
  map_type all(0, hash_function(), key_eq(), allocator_traits::select_on_container_copy_construction(get_allocator()));
  all.reserve(approximate_size());
  buckets_.for_each(0, last_hash, [&all](const Key& key, const T& value) {
    all.try_emplace(key, value);
    return true;
  });
  return all;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::reserve(size_type elements) {
  const inside here(this, "reserve");
  buckets_.reserve(elements);
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::swap(concurrent_map& other) {
  if (this != &other) {
    const inside here(this, "swap");
    const inside there(&other, "swap");
    buckets_.swap(other.buckets_);
    if constexpr (allocator_traits::propagate_on_container_swap::value) buckets_.swap_allocators(other.buckets_);
  }
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::merge(concurrent_map& other) {
  if (this != &other) {
    const inside here(this, "merge");
    const inside there(&other, "merge");
    buckets_.merge(other.buckets_);
  }
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::copy_elements(const concurrent_map& other) {
  other.buckets_.for_each(0, last_hash, [this](const Key& key, const T& value) {
    buckets_.emplace_or(Key(key), [&value](auto&& construct) { construct(value); }, [](T&) { return false; });
    return true;
  });
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::equal_to(const concurrent_map& other) const {
  const inside here(this, "operator==");
  if (this == &other) {
    return buckets_.for_each(0, last_hash, [](const Key&, const T& value) { return value == value; });
  }
  const inside there(&other, "operator==");
  if (buckets_.count(~size_type{0}) != other.buckets_.count(~size_type{0})) return false;
  return buckets_.for_each(0, last_hash, [&other](const Key& key, const T& value) {
    bool equal = false;
    other.buckets_.read(key, [&](const T& found) { equal = value == found; });
    return equal;
  });
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::shrink_to_fit() {
  const inside here(this, "shrink_to_fit");
  buckets_.rebuild();
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::self_check(std::ostream* dump) const {
  const inside here(this, "self_check");
  return buckets_.self_check(dump);
}

#undef GAUNTLET_MAP
#undef GAUNTLET_MAP_TEMPLATE

}  // namespace gauntlet
