// rcu_map: readers take no lock and wait for nobody; writers replace whole entries and free the old ones when nobody
// can be looking at them any more (read-copy-update).
//
// Words. An *entry* is one version of one element: it never changes. To *publish* an entry is to store the one pointer
// by which readers reach it; the entry whose place it takes, or that is erased, is *retired*: kept until no reader is
// left who may have met it, and then freed. How that is known is told in detail/epoch_domain.h. A *shard* is a table of
// pointers to entries (detail/rcu_table.h), and a lock for those who change it. A *visitor* is the caller's function that
// runs inside an operation.
//
// The idea: reading is following pointers. A reader says in a slot of its own, on a cache line that nobody else writes,
// that it is there, and then only loads; that nothing it meets changes or goes away is the writers' affair. A writer
// takes the lock of the key's shard, makes the entry that is to be, and publishes it with one store: at that moment the
// operation has happened, for everybody. Writers to different shards meet no more often than in sharded_map.
//
// The hard cases:
//   - growing while readers search and walk. The writer makes another table of the same entries beside the old one and
//     publishes it with one store; the old one is not written any more, and retired. A reader that is in it sees the
//     shard as it was at that moment. A walk that is in an old table looks each key up in the new one before it shows
//     it. It takes nearly as many insertions or erasures as a table has room for until it is replaced, so what
//     tables are retired under a reader that stays is bounded as entries are;
//   - an entry used again under a reader that stands on it (ABA): entries are freed, and so used again, only after
//     their grace period; no reader meets two entries at one address;
//   - a key that is erased and inserted again while a walk goes along its chain: the walk gathers the chain first, and
//     shows each key once;
//   - a reader that stays. What it may be looking at can't be freed. A shard keeps at most `unreclaimed_max` entries
//     waiting; a writer that would exceed that waits until readers have left: it holds no lock meanwhile, and gives its
//     processor away between two looks. Half way there the policy is told about the stalled reader (on_stalled_reader).
//     A thread that reads the map itself while it writes (a visitor that erases) does not wait for itself: its writes
//     may exceed the bound. Two threads that each read one map and write to the other's may wait for each other there.
//
// Promises:
//  (1) operations on one key are linearizable: those that change something when the pointer is stored, and a reader at
//      some moment at which what it answers was so;
//  (2) size, empty, for_each, erase_if, clear, snapshot and copies are weak: each key is read (or erased) at a moment
//      of its own between call and return, none is met twice; an element that is there from call to return is met, one
//      that is not there at any moment between them is not;
//  (3) find, contains, visit, for_each, snapshot and `reading` take no lock, write nothing but their thread's slot, and
//      wait for nobody, whatever state other threads were stopped in. (The first use of a map by a thread beyond 16 at
//      one time may allocate, and so may a walk over many keys with one hash.);
//  (4) what a visitor or a `reading` is shown stays as it is, and where it is, until the visitor returns or the reading
//      ends, even if it is replaced or erased meanwhile;
//  (5) an operation on one key that throws has changed nothing; an update whose visitor throws leaves the old value;
//      erase_if leaves what it had erased erased; extract of a T that can't be copied and whose move throws loses it;
//  (6) while a thread reads (in a visitor of visit or for_each, during a `reading`) it may use the map as it likes,
//      except synchronize(), and except extract where T can't be copied. Inside a visitor of update, a predicate of
//      erase_if, a hash or an equality it may only read. Breaches are reported as misuse (the latter in checked
//      builds). The allocator must not use the map at all. Destructors of keys and values may, except synchronize(),
//      which would wait for them: what was retired is freed at the end of some later operation that changes the map, of
//      any thread, when that holds no lock any more. (The copy on which a visitor of update works is the visitor's: what
//      that destroys is destroyed under the lock.);
//  (7) entries unreclaimed: at most unreclaimed_max in each shard, and beside them what one erase_if or clear has taken
//      out of it, what each call of synchronize() has that still waits, and what threads have retired while they were
//      reading. synchronize() waits for those who read at the call, and for nobody who begins to later, for calls of
//      itself that began before, and for operations that are freeing what was retired before; when it returns, all that was
//      retired before the call is freed;
//  (8) construction and destruction must not run beside other operations, as with any object.
//
//   operation                                effect         blocks                progress    memory returns
//   find contains visit reading              linearizable   nobody                lock-free   -
//   insert try_emplace                       linearizable   writers, one shard    blocking    -
//   insert_or_assign update compare_exchange linearizable   writers, one shard    blocking    old entry: after grace
//   erase extract                            linearizable   writers, one shard    blocking    after grace
//   for_each snapshot copy                   weak           nobody                lock-free   -
//   size empty reserve                       weak           shard after shard     blocking    -
//   erase_if clear                           weak           shard after shard     blocking    after grace
//   synchronize                              -              nobody                blocking    everything retired
//
// "After grace": nothing runs in the background. Each time a shard has retired retire_batch entries, the writer frees the
// batch before if its readers have left, and the new one begins to wait. So up to two batches a shard wait for its next
// writes or for synchronize(). What one look at the readers proves counts for all shards; about once in a batch of all
// shards together somebody has to look, and interrupts the processors that run the other threads for a moment. A reader
// keeps what is retired while it reads from being freed, in all shards of its map.
// A preempted reader holds up nobody until a shard's bound is reached. A preempted writer holds up writers of its
// shard. A writer that finds the key absent (erase, update) or present (insert) as it wishes not to, returns without a
// lock.
//
// No assignment, swap, merge or ==: readers are in a map's tables without a lock, so nothing can be done to two maps
// at one moment. Copies are weak; there are no moves.
//
// Requires: T can be copied, for update and compare_exchange (and Key, too); the allocator, if it is not stateless, may
// be used by several threads at once; equal keys have equal hashes by every copy of Hash.
//
// Costs: a reading lookup: an announcement (a plain store; without a process barrier, detail/process_barrier.h, a
// sequentially consistent one), a cache line for the bucket and one for the entry. Many lookups under one `reading` share
// the announcement. An entry takes 8 bytes beside the element; a bucket of 64 bytes serves one and a half to three
// elements. An insertion that finds a shard's table full copies its pointers, and so does an erasure that leaves it
// nearly empty. An empty map allocates nothing, but the object takes 136 bytes a shard and 1.2 KiB for its readers.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <memory_resource>
#include <new>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <gauntlet/map/consistency.h>
#include <gauntlet/map/detail/annotations.h>
#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/epoch_domain.h>
#include <gauntlet/map/detail/key_requirements.h>
#include <gauntlet/map/detail/mutex.h>
#include <gauntlet/map/detail/point_operations.h>
#include <gauntlet/map/detail/rcu_core.h>
#include <gauntlet/map/detail/reentry_guard.h>
#include <gauntlet/map/detail/retire_list.h>
#include <gauntlet/map/detail/spin_park_lock.h>
#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/progress.h>

namespace gauntlet {

// Like hash_map_policy, two types: one for translation units with checks, one for those without.
#if GAUNTLET_CHECKED
inline namespace checked_policies {
#else
inline namespace unchecked_policies {
#endif

// What can be replaced without touching the map.
struct rcu_map_policy {
  // An annotated lock, default constructible: lock, unlock; for deadline_writer also try_lock.
  using lock_type = detail::spin_park_lock;
  using epoch_domain = detail::epoch_domain;      // guard, advance, is_over, synchronize, is_read_by_this_thread, stats
  using map_policy = hash_map_policy;             // of what snapshot returns
  static constexpr std::size_t shard_count = 64;  // a power of two, 1 allowed
  static constexpr unsigned slots_per_bucket = 6;        // at most 6: what is more lies in a chain
  static constexpr unsigned first_level = 0;             // a shard's table begins with 2^first_level buckets
  static constexpr std::size_t elements_per_bucket = 3;  // more on average, and the table is doubled
  static constexpr std::size_t shrink_below_one_in = 8;  // less than 1/8 of what has room, and it is made smaller
  static constexpr std::size_t retire_batch = 32;        // entries between two looks at the readers
  static constexpr detail::look look_at_batch = detail::look::later;  // at a batch that is full: with the next one
  static constexpr std::size_t unreclaimed_max = 1024;                // entries of a shard that wait; then writers wait
  static constexpr bool checked = hash_map_policy::checked;           // report re-entry instead of waiting for ever

  static std::uint64_t seed() noexcept { return hash_map_policy::seed(); }
  // Told, under a shard's lock, each time half of unreclaimed_max is reached. Must not use the map.
  static void on_stalled_reader(const stalled_reader&) noexcept {}
};

}  // namespace checked_policies or unchecked_policies

template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = rcu_map_policy>
class rcu_map : detail::rcu_core<Key, T, Hash, KeyEqual, Allocator, Policy> {
  static_assert(
      detail::key_owns_its_bytes<Key>,
      "gauntlet::rcu_map: this key type is a view: store what owns its bytes, std::string or std::vector, and look up "
      "by view; or say with borrowed_key<View> that what it looks at outlives the map");
  using core = detail::rcu_core<Key, T, Hash, KeyEqual, Allocator, Policy>;

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
      .clear = consistency::weak,
      .for_each = consistency::weak,
      .erase_if = consistency::weak,
      .snapshot = consistency::weak,
      .copy = consistency::weak,
  };
  // Promise (3).
  static constexpr operation_progress progress{
      .find = progress_guarantee::lock_free,
      .contains = progress_guarantee::lock_free,
      .for_each = progress_guarantee::lock_free,
      .snapshot = progress_guarantee::lock_free,
  };

  struct statistics {
    size_type elements = 0;
    size_type buckets = 0;
    size_type unreclaimed = 0;      // entries that are retired and not yet freed
    std::uint64_t epochs = 0;       // ended since the map was constructed
    size_type readers = 0;          // threads that read it
    std::uint64_t slowest_lag = 0;  // epochs that have ended since the slowest of them began
    unsigned slowest_slot = 0;      // and its slot; meaningless without readers
    std::uint64_t waits = 0;        // of writers for readers, because of unreclaimed_max
    std::uint64_t synchronizations = 0;
  };

  // ---------------------------------------------------------------------- construction: no other thread may be present
  rcu_map() : rcu_map(Hash()) {}
  explicit rcu_map(const Allocator& allocator) : rcu_map(Hash(), KeyEqual(), allocator) {}
  explicit rcu_map(const Hash& hash, const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : core(hash, equal, allocator) {}
  rcu_map(std::initializer_list<value_type> elements);
  // Copies the elements of a plain map. O(n).
  explicit rcu_map(const map_type& contents);
  // A copy of `other`, which may be in use: weak. O(n).
  rcu_map(const rcu_map& other);
  rcu_map& operator=(const rcu_map&) = delete;
  ~rcu_map() = default;

  // ------------------------------------------------------------------------------------------------- one key: O(1)
  // Arguments taken by value, and memory, are got before the lock is taken.

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
  // Calls visitor(const T&), without a lock; true if the key was there. Promise (4).
  template <class Visitor>
  bool visit(const Key& key, Visitor&& visitor) const {
    return visit_as(key, visitor);
  }
  // Calls visitor(T&) on a copy, under the lock of the key's shard, and publishes it; true if the key was there.
  template <class Visitor>
  bool update(const Key& key, Visitor&& visitor) {
    return update_as(key, visitor);
  }
  // Replaces the value if the key is there and its value equals `expected`; true if it did.
  bool compare_exchange(const Key& key, const T& expected, T desired);
  // True if there was an element to erase.
  bool erase(const Key& key) { return erase_as(key); }
  // Erases the element and returns its value: a copy, because readers may be looking at it. Where T can't be copied it
  // waits until they have left.
  std::optional<T> extract(const Key& key) { return extract_as(key); }

  // The same, for who can't wait for ever (deadline_writer.h): asks give_up() each time that the lock is not to be had.
  // If that says yes, nothing happens, and nothing is returned.
  template <class GiveUp>
  std::optional<bool> insert_or_assign_unless(GiveUp&& give_up, Key key, T value);
  template <class GiveUp>
  std::optional<bool> erase_unless(GiveUp&& give_up, const Key& key);

  // The same with any key type that Hash and KeyEqual both understand.
  template <detail::lookup_key<rcu_map> K>
  std::optional<T> find(const K& key) const {
    return find_as(key);
  }
  template <detail::lookup_key<rcu_map> K>
  bool contains(const K& key) const {
    return contains_as(key);
  }
  template <detail::lookup_key<rcu_map> K, class Visitor>
  bool visit(const K& key, Visitor&& visitor) const {
    return visit_as(key, visitor);
  }
  template <detail::lookup_key<rcu_map> K, class Visitor>
  bool update(const K& key, Visitor&& visitor) {
    return update_as(key, visitor);
  }
  template <detail::lookup_key<rcu_map> K>
  bool erase(const K& key) {
    return erase_as(key);
  }
  template <detail::lookup_key<rcu_map> K>
  std::optional<T> extract(const K& key) {
    return extract_as(key);
  }

  // ----------------------------------------------------------------------------------------- many lookups, one reading

  // Reads the map from its construction to its destruction, in one thread. Each lookup is linearizable by itself; what
  // it returns a pointer to stays until the reading ends, though it may no longer be the map's. A reading that lasts
  // keeps memory from being freed. Requires: the map lives longer.
  class reading {
   public:
    explicit reading(const rcu_map& map) : map_(map), guard_(map.domain_) {}
    // The value, or null if the key is not there.
    const T* find(const Key& key) const { return find_as(key); }
    bool contains(const Key& key) const { return find_as(key) != nullptr; }
    template <detail::lookup_key<rcu_map> K>
    const T* find(const K& key) const {
      return find_as(key);
    }
    template <detail::lookup_key<rcu_map> K>
    bool contains(const K& key) const {
      return find_as(key) != nullptr;
    }

   private:
    template <class K>
    const T* find_as(const K& key) const {
      const entry* const found = map_.lookup(key, map_.hash_of(key));
      return found != nullptr ? &found->element.second : nullptr;
    }

    const rcu_map& map_;
    typename Policy::epoch_domain::guard guard_;
  };
  reading read() const { return reading(*this); }

  // ----------------------------------------------------------------------------------------------- the whole map: weak
  size_type size() const;  // O(N)
  bool empty() const { return size() == 0; }
  void clear() {  // O(n)
    erase_if([](const Key&, const T&) { return true; });
  }
  // Buckets for so many, which stay: O(n). Throws std::bad_alloc if there are not enough to be had; what was got is kept.
  void reserve(size_type elements);
  // Calls visitor(const Key&, const T&) for every element, without a lock: O(n).
  template <class Visitor>
  void for_each(Visitor&& visitor) const;
  // Erases every element for which predicate(const Key&, const T&) holds; returns how many. O(n).
  template <class Predicate>
  size_type erase_if(Predicate&& predicate);
  // A plain map, its allocator chosen as for a copy: O(n).
  map_type snapshot() const;

  // Waits until everybody has left who reads the map at the call, and frees all that was retired before it.
  void synchronize();
  statistics stats() const;
  // The essentials of it in a few words, for reports.
  std::string describe() const {
    const statistics s = stats();
    return "size " + std::to_string(s.elements) + ", buckets " + std::to_string(s.buckets) + ", unreclaimed " +
           std::to_string(s.unreclaimed) + ", readers " + std::to_string(s.readers) + ", the slowest " +
           std::to_string(s.slowest_lag) + " epochs behind";
  }
  // Recounts every table and checks that each entry is where its hash says; on failure writes what is wrong.
  bool self_check(std::ostream* dump = nullptr) const;

 protected:
  using typename core::adopted;
  using typename core::bucket;
  using typename core::domain_type;
  using typename core::entry;
  using typename core::locked;
  using typename core::met_in_chain;
  using typename core::place;
  using typename core::reading_guard;
  using typename core::shard;
  using typename core::table_type;
  using typename core::table_word;
  using typename core::taken_out;
  using typename core::unpublished;
  using inside = detail::reentry_guard<Policy::checked>;

  using core::allocator_;
  using core::deallocate_entry;
  using core::disposer;
  using core::domain_;
  using core::equal_;
  using core::erase_locked;
  using core::freeing_;
  using core::hash_;
  using core::hash_of;
  using core::insert_locked;
  using core::insert_or_assign_locked;
  using core::is_there;
  using core::level_for;
  using core::lock_with_room;
  using core::lock_with_room_unless;
  using core::lookup;
  using core::number_of;
  using core::place_locked;
  using core::rebuild_locked;
  using core::replace_locked;
  using core::retire_locked;
  using core::shard_count;
  using core::shard_of;
  using core::shards_;
  using core::shrink_locked;
  using core::table_disposer;
  using core::table_locked;
  using core::table_of;
  using core::taken_out_;
  using core::turns_;
  using core::turns_begun_;
  using core::turns_ended_;
  using core::unlink_locked;

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
};

namespace pmr {
template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Policy = rcu_map_policy>
using rcu_map =
    gauntlet::rcu_map<Key, T, Hash, KeyEqual, std::pmr::polymorphic_allocator<std::pair<const Key, T>>, Policy>;
}  // namespace pmr

}  // namespace gauntlet

// What follows are the bodies.
#include <gauntlet/map/detail/rcu_map_bodies.h>
