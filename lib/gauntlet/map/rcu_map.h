// rcu_map: readers take no lock and wait for nobody; writers replace whole entries and free the old ones when nobody
// can be looking at them any more (read-copy-update).
//
// Words. An *entry* is one version of one element: it never changes. To *publish* an entry is to store the one pointer
// by which readers reach it; the entry whose place it takes, or that is erased, is *retired*: kept until no reader is
// left who may have met it, and then freed. How that is known is told in detail/epoch_domain.h. A *shard* is a list of
// entries in order of their hashes, with shortcuts (detail/split_list.h), and a lock for those who change it. A
// *visitor* is the caller's function that runs inside an operation.
//
// The idea: reading is following pointers. A reader says in a slot of its own, on a cache line that nobody else writes,
// that it is there, and then only loads; that nothing it meets changes or goes away is the writers' affair. A writer
// takes the lock of the key's shard, makes the entry that is to be, and publishes it with one store: at that moment the
// operation has happened, for everybody. Writers to different shards meet no more often than in sharded_map.
//
// The hard cases:
//   - growing while readers walk. Nothing is moved and nothing is replaced: entries lie in one sorted list from their
//     publication on, and growing adds shortcuts into that list. A reader that has seen an old size of the table starts
//     further away from what it looks for, never behind it;
//   - an entry used again under a reader that stands on it (ABA): entries are freed, and so used again, only after
//     their grace period; no reader meets two entries at one address;
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
//      wait for nobody, whatever state other threads were stopped in. (A thread's first use of maps, and the first use
//      of a map by a thread beyond 16 at one time, may allocate.);
//  (4) what a visitor or a `reading` is shown stays as it is, and where it is, until the visitor returns or the reading
//      ends, even if it is replaced or erased meanwhile;
//  (5) an operation on one key that throws has changed nothing; an update whose visitor throws leaves the old value;
//      erase_if leaves what it had erased erased; extract of a T that can't be copied and whose move throws loses it;
//  (6) while a thread reads (in a visitor of visit or for_each, during a `reading`) it may use the map as it likes,
//      except synchronize(), and except extract where T can't be copied. Inside a visitor of update, a predicate of
//      erase_if, a hash or an equality it may only read. Breaches are reported as misuse (the latter in checked
//      builds);
//  (7) entries unreclaimed: at most unreclaimed_max in each shard, and beside them what one erase_if or clear has taken
//      out of it, and what threads have retired while they were reading. synchronize() frees all that was retired
//      before it was called;
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
// "After grace": nothing runs in the background; every retire_batch-th entry that a shard retires makes the writer look
// whether the readers have left, and frees what may be freed. What is retired last waits for the next write or for
// synchronize(). A reader keeps what is retired while it reads from being freed, in all shards of its map.
// A preempted reader holds up nobody until a shard's bound is reached. A preempted writer holds up writers of its
// shard. A writer that finds the key absent (erase, update) or present (insert) as it wishes not to, returns without a
// lock.
//
// No assignment, swap, merge or ==: readers hold on to a map's lists without a lock, so nothing can be done to two maps
// at one moment. Copies are weak; there are no moves.
//
// Requires: T can be copied, for update and compare_exchange (and Key, too); the allocator, if it is not stateless, may
// be used by several threads at once; equal keys have equal hashes by every copy of Hash.
//
// Costs: a reading lookup: an announcement (a sequentially consistent store), one cache line for the shortcut and one
// or two for entries. Many lookups under one `reading` share the announcement. An entry takes 24 bytes beside the
// element, a bucket 16, and there are as many buckets as there were elements at most: buckets stay until the map is
// destroyed. An empty map allocates nothing, but the object takes 384 bytes a shard and 1 KiB for its readers.
#pragma once

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
#include <gauntlet/map/detail/split_list.h>
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
  static constexpr unsigned first_level = 3;      // a shard's table begins with so many bits of buckets
  static constexpr std::size_t elements_per_bucket = 1;               // more on average, and the table is doubled
  static constexpr std::size_t retire_batch = 32;                     // entries between two looks at the readers
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
  // Buckets for so many: O(n). Throws std::bad_alloc if there are not enough to be had; what was got is kept.
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
  // Recounts every list and checks that each entry is where its hash says; on failure writes what is wrong.
  bool self_check(std::ostream* dump = nullptr) const;

 protected:
  using typename core::adopted;
  using typename core::domain_type;
  using typename core::entry;
  using list_node = detail::list_node;
  using typename core::list_type;
  using typename core::locked;
  using typename core::place;
  using typename core::reading_guard;
  using typename core::shard;
  using typename core::unpublished;
  using inside = detail::reentry_guard<Policy::checked>;

  using core::allocator_;
  using core::as_entry;
  using core::deallocate_entry;
  using core::disposer;
  using core::domain_;
  using core::equal_;
  using core::erase_locked;
  using core::hash_;
  using core::hash_of;
  using core::insert_locked;
  using core::insert_or_assign_locked;
  using core::is_there;
  using core::lock_with_room;
  using core::lock_with_room_unless;
  using core::lookup;
  using core::number_of;
  using core::order_of;
  using core::place_locked;
  using core::replace_locked;
  using core::retire_locked;
  using core::shard_count;
  using core::shard_of;
  using core::shards_;
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

// ------------------------------------------------------------------------------------------------------- bodies below
// Readers: announce, look. Writers: say that this thread is inside, look without the lock whether there is anything to
// do, get memory, take the lock, look again, publish.

#define GAUNTLET_MAP_TEMPLATE template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
#define GAUNTLET_MAP rcu_map<Key, T, Hash, KeyEqual, Allocator, Policy>

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::rcu_map(std::initializer_list<value_type> elements) : rcu_map() {
  for (const value_type& element : elements) {
    insert(element.first, element.second);
  }
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::rcu_map(const map_type& contents)
    : rcu_map(contents.hash_function(), contents.key_eq(), contents.get_allocator()) {
  for (const auto& element : contents) {
    insert(element.first, element.second);
  }
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::rcu_map(const rcu_map& other)
    : rcu_map(other.hash_, other.equal_,
              std::allocator_traits<Allocator>::select_on_container_copy_construction(other.allocator_)) {
  other.for_each([this](const Key& key, const T& value) { insert(key, value); });
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert(Key key, T value) {
  const inside here(this, "insert");
  const std::uint64_t hash = hash_of(key);
  if (is_there(key, hash)) {
    return false;
  }
  unpublished fresh(*this, hash, std::move(key), std::move(value));
  shard& home = shard_of(hash);
  const locked guard(home.lock);
  const place at = place_locked(home, fresh.element().first, hash);
  if (at.before_entry != nullptr) {
    return false;
  }
  insert_locked(home, at, fresh);
  return true;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert_or_assign(Key key, T value) {
  const inside here(this, "insert_or_assign");
  const std::uint64_t hash = hash_of(key);
  unpublished fresh(*this, hash, std::move(key), std::move(value));
  shard& home = shard_of(hash);
  lock_with_room(home);
  const adopted guard(home.lock);
  return insert_or_assign_locked(home, hash, fresh);
}

GAUNTLET_MAP_TEMPLATE
template <class GiveUp>
std::optional<bool> GAUNTLET_MAP::insert_or_assign_unless(GiveUp&& give_up, Key key, T value) {
  const inside here(this, "insert_or_assign_unless");
  const std::uint64_t hash = hash_of(key);
  unpublished fresh(*this, hash, std::move(key), std::move(value));
  shard& home = shard_of(hash);
  if (!lock_with_room_unless(home, give_up)) {
    return std::nullopt;
  }
  const adopted guard(home.lock);
  return insert_or_assign_locked(home, hash, fresh);
}

GAUNTLET_MAP_TEMPLATE
template <class... Arguments>
bool GAUNTLET_MAP::try_emplace(Key key, Arguments&&... arguments) {
  const inside here(this, "try_emplace");
  const std::uint64_t hash = hash_of(key);
  if (is_there(key, hash)) {
    return false;
  }
  unpublished fresh(*this);
  shard& home = shard_of(hash);
  const locked guard(home.lock);
  const place at = place_locked(home, key, hash);
  if (at.before_entry != nullptr) {
    return false;
  }
  fresh.construct(hash, std::piecewise_construct, std::forward_as_tuple(std::move(key)),
                  std::forward_as_tuple(std::forward<Arguments>(arguments)...));
  insert_locked(home, at, fresh);
  return true;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::compare_exchange(const Key& key, const T& expected, T desired) {
  const inside here(this, "compare_exchange");
  const std::uint64_t hash = hash_of(key);
  {
    const reading_guard reading_now(domain_);
    const entry* const seen = lookup(key, hash);
    if (seen == nullptr || !(seen->element.second == expected)) {
      return false;
    }
  }
  unpublished fresh(*this, hash, key, std::move(desired));
  shard& home = shard_of(hash);
  lock_with_room(home);
  const adopted guard(home.lock);
  const place at = place_locked(home, key, hash);
  if (at.before_entry == nullptr || !(as_entry(at.before_entry->follow_locked()).element.second == expected)) {
    return false;
  }
  replace_locked(home, at, fresh);
  return true;
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::find_as(const K& key) const {
  const std::uint64_t hash = hash_of(key);
  const reading_guard reading_now(domain_);
  const entry* const found = lookup(key, hash);
  return found != nullptr ? std::optional<T>(std::in_place, found->element.second) : std::nullopt;
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::contains_as(const K& key) const {
  return is_there(key, hash_of(key));
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::visit_as(const K& key, Visitor& visitor) const {
  const std::uint64_t hash = hash_of(key);
  const reading_guard reading_now(domain_);
  const entry* const found = lookup(key, hash);
  if (found == nullptr) {
    return false;
  }
  visitor(found->element.second);
  return true;
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::update_as(const K& key, Visitor& visitor) {
  static_assert(std::is_copy_constructible_v<Key> && std::is_copy_constructible_v<T>,
                "rcu_map: update changes a copy of the element, so Key and T must be copy constructible");
  const inside here(this, "update");
  const std::uint64_t hash = hash_of(key);
  if (!is_there(key, hash)) {
    return false;
  }
  unpublished fresh(*this);
  shard& home = shard_of(hash);
  lock_with_room(home);
  const adopted guard(home.lock);
  const place at = place_locked(home, key, hash);
  if (at.before_entry == nullptr) {
    return false;
  }
  fresh.construct(hash, as_entry(at.before_entry->follow_locked()).element);
  visitor(fresh.element().second);
  replace_locked(home, at, fresh);
  return true;
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::erase_as(const K& key) {
  const inside here(this, "erase");
  const std::uint64_t hash = hash_of(key);
  if (!is_there(key, hash)) {
    return false;
  }
  shard& home = shard_of(hash);
  lock_with_room(home);
  const adopted guard(home.lock);
  return erase_locked(home, key, hash);
}

GAUNTLET_MAP_TEMPLATE
template <class GiveUp>
std::optional<bool> GAUNTLET_MAP::erase_unless(GiveUp&& give_up, const Key& key) {
  const inside here(this, "erase_unless");
  const std::uint64_t hash = hash_of(key);
  if (!is_there(key, hash)) {
    return false;
  }
  shard& home = shard_of(hash);
  if (!lock_with_room_unless(home, give_up)) {
    return std::nullopt;
  }
  const adopted guard(home.lock);
  return erase_locked(home, key, hash);
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::extract_as(const K& key) {
  const inside here(this, "extract");
  const std::uint64_t hash = hash_of(key);
  if (!is_there(key, hash)) {
    return std::nullopt;
  }
  shard& home = shard_of(hash);
  if constexpr (std::is_copy_constructible_v<T>) {
    lock_with_room(home);
    const adopted guard(home.lock);
    const place at = place_locked(home, key, hash);
    if (at.before_entry == nullptr) {
      return std::nullopt;
    }
    std::optional<T> value(std::in_place, as_entry(at.before_entry->follow_locked()).element.second);
    retire_locked(home, unlink_locked(home, at.before_entry));
    return value;
  } else {
    if (domain_.is_read_by_this_thread()) {
      domain_.synchronize();  // reports the misuse, before anything has changed
    }
    entry* taken = nullptr;
    {
      const locked guard(home.lock);
      const place at = place_locked(home, key, hash);
      if (at.before_entry == nullptr) {
        return std::nullopt;
      }
      taken = unlink_locked(home, at.before_entry);
    }
    domain_.synchronize();
    const auto dispose = [this](entry* at) { disposer()(at); };
    const std::unique_ptr<entry, decltype(dispose)> owned(taken, dispose);
    return std::optional<T>(std::in_place, std::move(taken->element.second));
  }
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::size() const -> size_type {
  const inside here(this, "size");
  size_type sum = 0;
  for (const shard& each : shards_) {
    const locked guard(each.lock);
    sum += each.size;
  }
  return sum;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::reserve(size_type elements) {
  const inside here(this, "reserve");
  const size_type each_gets = elements / shard_count + (elements % shard_count != 0 ? 1 : 0);
  if (each_gets / Policy::elements_per_bucket > list_type::buckets_max) {
    throw std::length_error("rcu_map::reserve: more elements than there can be");
  }
  for (shard& each : shards_) {
    const locked guard(each.lock);
    while (each.list.buckets() * Policy::elements_per_bucket < each_gets) {
      if (!each.list.grow_locked(allocator_)) {
        throw std::bad_alloc();
      }
    }
  }
}

GAUNTLET_MAP_TEMPLATE
template <class Visitor>
void GAUNTLET_MAP::for_each(Visitor&& visitor) const {
  const reading_guard reading_now(domain_);
  for (const shard& each : shards_) {
    for (const list_node* at = each.list.begin(); at != each.list.end(); at = at->follow()) {
      if (detail::is_order_of_entry(at->order)) {
        visitor(as_entry(at).element.first, as_entry(at).element.second);
      }
    }
  }
}

GAUNTLET_MAP_TEMPLATE
template <class Predicate>
auto GAUNTLET_MAP::erase_if(Predicate&& predicate) -> size_type {
  const inside here(this, "erase_if");
  size_type erased = 0;
  for (shard& each : shards_) {
    lock_with_room(each);
    const adopted guard(each.lock);
    list_node* before = each.list.head_locked();
    for (list_node* at = before->follow_locked(); at != each.list.end(); at = before->follow_locked()) {
      if (detail::is_order_of_entry(at->order) && predicate(as_entry(at).element.first, as_entry(at).element.second)) {
        retire_locked(each, unlink_locked(each, before));
        ++erased;
      } else {
        before = at;
      }
    }
  }
  return erased;
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::snapshot() const -> map_type {
  map_type all(0, hash_, equal_, std::allocator_traits<Allocator>::select_on_container_copy_construction(allocator_));
  for_each([&all](const Key& key, const T& value) { all.try_emplace(key, value); });
  return all;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::synchronize() {
  const inside here(this, "synchronize");
  // Once everything waits, one grace period serves it all, and nobody who comes later is waited for.
  for (shard& each : shards_) {
    const locked guard(each.lock);
    each.retired.let_all_wait(domain_);
  }
  domain_.synchronize();
  for (shard& each : shards_) {
    const locked guard(each.lock);
    each.retired.collect(domain_, disposer(), detail::look::later);
  }
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::stats() const -> statistics {
  const inside here(this, "stats");
  statistics all;
  for (const shard& each : shards_) {
    const locked guard(each.lock);
    all.elements += each.size;
    all.buckets += each.list.buckets();
    all.unreclaimed += each.retired.size();
    all.waits += each.waits;
  }
  const auto readers = domain_.stats();
  all.epochs = readers.epoch - 1;
  all.readers = readers.readers;
  all.slowest_lag = readers.slowest_lag;
  all.slowest_slot = readers.slowest_slot;
  all.synchronizations = readers.synchronizations;
  return all;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::self_check(std::ostream* dump) const {
  const inside here(this, "self_check");
  bool healthy = true;
  const auto complain = [&healthy, dump](std::size_t number, const auto&... words) {
    healthy = false;
    if (dump != nullptr) {
      *dump << "rcu_map: shard " << number << ": ";
      (*dump << ... << words) << "\n";
    }
  };
  for (std::size_t number = 0; number < shard_count; ++number) {
    const shard& each = shards_[number];
    const locked guard(each.lock);
    if (const char* const flaw = each.list.flaw_locked()) {
      complain(number, flaw);
      continue;
    }
    size_type entries = 0;
    for (const list_node* at = each.list.begin(); at != each.list.end(); at = at->follow_locked()) {
      if (!detail::is_order_of_entry(at->order)) {
        continue;
      }
      ++entries;
      const Key& key = as_entry(at).element.first;
      const std::uint64_t hash = hash_of(key);
      if (number_of(hash) != number) {
        complain(number, "an entry that belongs to shard ", number_of(hash));
      }
      if (order_of(hash) != at->order) {
        complain(number, "an entry at order ", at->order, " whose hash says ", order_of(hash));
      }
      for (const list_node* other = at->follow_locked(); other->order == at->order; other = other->follow_locked()) {
        if (equal_(as_entry(other).element.first, key)) {
          complain(number, "two entries with one key");
        }
      }
    }
    if (entries != each.size) {
      complain(number, entries, " entries, but its size says ", each.size);
    }
  }
  return healthy;
}

#undef GAUNTLET_MAP
#undef GAUNTLET_MAP_TEMPLATE

}  // namespace gauntlet
