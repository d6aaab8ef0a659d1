// shared_mutex_map: a hash_map behind one reader-writer lock.
//
// Words. A *reader* is an operation that changes nothing and shares the lock with other readers; a *writer* excludes
// everybody. A *visitor* is the caller's function that runs inside an operation, under its lock.
//
// The idea: the simplest concurrent map that is right. One lock guards everything, so every operation, on one key, on
// the whole map or on two maps, takes effect at one moment. It is the map to start with, the one to compare others
// with, and the fastest as long as there is little contention or almost only reading of long operations.
//
// The hard cases are operations on two maps (copy assignment, swap, merge, ==): they hold both locks, taken in order of
// address, so two threads naming the same maps in opposite order cannot deadlock; a map combined with itself takes its
// lock once. And visitors: they run under the lock, so they must not use the same map again (in checked builds this is
// reported as misuse; otherwise the thread waits for itself), and two threads whose visitors each use the other's map
// can deadlock. The same goes for hash, equality and allocator. Destructors of keys and values may use the map where
// erase, extract, insert_or_assign, compare_exchange and clear have taken something out of it: they run when the lock is
// free again, if keys and values move without throwing. What moving has left behind in the map is destroyed under the
// lock, as is what erase_if, assignments and merge destroy.
//
// Promises:
//  (1) every operation is linearizable, see `contracts` and the table;
//  (2) a visitor or predicate sees the map of one moment; nothing changes while it runs but what it changes itself;
//  (3) copies handed out (find, extract, snapshot) are the caller's own; no reference into the map leaves the lock,
//      unless a visitor lets it;
//  (4) an operation that throws (allocation, hash, equality, copy, visitor) leaves the lock free and the map as hash_map
//      promises: unchanged for operations on one key; a visitor's own changes stay;
//  (5) construction and destruction need no lock and must not run beside other operations, as with any object.
//
//   operation                                       effect         blocks                progress     memory returns
//   find contains visit                             linearizable   writers               blocking     -
//   insert insert_or_assign try_emplace reserve     linearizable   everybody             blocking     -
//   erase extract                                   linearizable   everybody             blocking     before return
//   update compare_exchange                         linearizable   everybody             blocking     -
//   size empty for_each snapshot copy self_check    linearizable   writers               blocking     -
//   describe                                        linearizable   writers               blocking     -
//   contention                                      weak           nobody                wait-free    -
//   clear erase_if                                  linearizable   everybody             blocking     before return
//   a = b                                           linearizable   a: all, b: writers    blocking     before return
//   a == b                                          linearizable   writers of both       blocking     -
//   swap merge, moves                               linearizable   everybody, both maps  blocking     before return
//
// A preempted reader holds up writers, a preempted writer everybody. The lock (detail/shared_spin_park_lock.h) is handed to
// nobody: whoever runs goes on, who waits looks again for some microseconds and then sleeps. Readers alone keep no writer
// out for ever; otherwise there is no order.
// Cost: hash_map's, plus one read-modify-write to lock and one to unlock, by readers too, on one shared cache line.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include <gauntlet/map/consistency.h>
#include <gauntlet/map/detail/annotations.h>
#include <gauntlet/map/detail/mutex.h>
#include <gauntlet/map/detail/point_operations.h>
#include <gauntlet/map/detail/reentry_guard.h>
#include <gauntlet/map/detail/shared_spin_park_lock.h>
#include <gauntlet/map/hash_map.h>

namespace gauntlet {

// Like hash_map_policy, two types: one for translation units with checks, one for those without.
#if GAUNTLET_CHECKED
inline namespace checked_policies {
#else
inline namespace unchecked_policies {
#endif

// What can be replaced without touching the map.
struct shared_mutex_map_policy {
  // An annotated lock: lock, unlock, lock_shared, unlock_shared; for deadline_writer also try_lock.
  using lock_type = detail::shared_spin_park_lock;
  using map_policy = hash_map_policy;                        // of the map inside
  static constexpr bool checked = hash_map_policy::checked;  // report re-entry instead of waiting for ever
};

}  // namespace checked_policies or unchecked_policies

template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = shared_mutex_map_policy>
class shared_mutex_map {
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

  // Promise (1): every entry is `linearizable`.
  static constexpr operation_contracts contracts{};

  // ---------------------------------------------------------------------- construction: no other thread may be present
  shared_mutex_map() = default;
  explicit shared_mutex_map(const Allocator& allocator) : map_(allocator) {}
  explicit shared_mutex_map(const Hash& hash, const KeyEqual& equal = KeyEqual(),
                            const Allocator& allocator = Allocator())
      : map_(0, hash, equal, allocator) {}
  shared_mutex_map(std::initializer_list<value_type> elements) : map_(elements) {}
  explicit shared_mutex_map(map_type contents) : map_(std::move(contents)) {}

  // Copies `other` as it is at one moment; `other` may be in use. O(n) under its lock, shared.
  shared_mutex_map(const shared_mutex_map& other) : shared_mutex_map(other.snapshot()) {}
  // Takes all elements of `other`, which may be in use and is empty afterwards. O(1).
  shared_mutex_map(shared_mutex_map&& other) : shared_mutex_map(other.take_all()) {}
  ~shared_mutex_map() = default;

  // Both maps may be in use; both locks are held until done. Assigning a map to itself changes nothing. If copying
  // throws, *this is what hash_map's assignment leaves.
  shared_mutex_map& operator=(const shared_mutex_map& other);
  shared_mutex_map& operator=(shared_mutex_map&& other);

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
  // Calls visitor(const T&) under the shared lock; true if the key was there.
  template <class Visitor>
  bool visit(const Key& key, Visitor&& visitor) const {
    return visit_as(key, visitor);
  }
  // Calls visitor(T&) under the exclusive lock; true if the key was there.
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
  template <detail::lookup_key<shared_mutex_map> K>
  std::optional<T> find(const K& key) const {
    return find_as(key);
  }
  template <detail::lookup_key<shared_mutex_map> K>
  bool contains(const K& key) const {
    return contains_as(key);
  }
  template <detail::lookup_key<shared_mutex_map> K, class Visitor>
  bool visit(const K& key, Visitor&& visitor) const {
    return visit_as(key, visitor);
  }
  template <detail::lookup_key<shared_mutex_map> K, class Visitor>
  bool update(const K& key, Visitor&& visitor) {
    return update_as(key, visitor);
  }
  template <detail::lookup_key<shared_mutex_map> K>
  bool erase(const K& key) {
    return erase_as(key);
  }
  template <detail::lookup_key<shared_mutex_map> K>
  std::optional<T> extract(const K& key) {
    return extract_as(key);
  }

  // ------------------------------------------------------------------------------------------- the whole map, one
  // moment
  size_type size() const;  // O(1)
  bool empty() const { return size() == 0; }
  void clear();                      // O(n)
  void reserve(size_type elements);  // room for so many without growing: O(n)
  // Calls visitor(const Key&, const T&) for every element under the shared lock: O(n), writers wait meanwhile.
  template <class Visitor>
  void for_each(Visitor&& visitor) const;
  // Erases every element for which predicate(const Key&, const T&) holds; returns how many. If the predicate throws,
  // what it had chosen so far is erased.
  template <class Predicate>
  size_type erase_if(Predicate&& predicate);
  // A plain map with the contents of one moment, its allocator chosen as for a copy: O(n).
  map_type snapshot() const;

  // ---------------------------------------------------------------------------------- two maps, one moment for both
  // O(1). Allocators as hash_map::swap requires. A map swapped with itself stays.
  void swap(shared_mutex_map& other);
  friend void swap(shared_mutex_map& a, shared_mutex_map& b) { a.swap(b); }
  // Moves over every element of `other` whose key is absent here; the others stay there. O(n).
  void merge(shared_mutex_map& other);
  // Same keys with equal values; no order, no capacity, no lock shows. O(n).
  friend bool operator==(const shared_mutex_map& a, const shared_mutex_map& b) { return a.equal_to(b); }

  // How the lock is fought over, where Policy::lock_type counts that (counted_lock in contention.h). O(1); no lock is taken.
  auto contention() const
    requires requires(const typename Policy::lock_type& lock) { lock.stats(); }
  {
    return lock_.stats();
  }
  // A few words on what is inside, for reports. O(1).
  std::string describe() const;

  // Recounts the map inside; on failure writes what is wrong to `dump`.
  bool self_check(std::ostream* dump = nullptr) const;

 protected:
  using lock_type = typename Policy::lock_type;
  using reading = detail::shared_guard<lock_type>;
  using writing = detail::exclusive_guard<lock_type>;
  using adopted = detail::adopting_guard<lock_type>;
  using inside = detail::reentry_guard<Policy::checked>;

  bool equal_to(const shared_mutex_map& other) const;
  map_type take_all();

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

  mutable lock_type lock_;
  map_type map_ GAUNTLET_GUARDED_BY(lock_);
};

namespace pmr {
template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Policy = shared_mutex_map_policy>
using shared_mutex_map = gauntlet::shared_mutex_map<Key, T, Hash, KeyEqual,
                                                    std::pmr::polymorphic_allocator<std::pair<const Key, T>>, Policy>;
}  // namespace pmr

// ------------------------------------------------------------------------------------------------------- bodies below
// Every body is: say that this thread is inside, take the lock, do what hash_map does.

#define GAUNTLET_MAP_TEMPLATE template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
#define GAUNTLET_MAP shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, Policy>

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::operator=(const shared_mutex_map& other) -> shared_mutex_map& {
  if (this != &other) {
    const inside here(this, "copy assignment");
    const inside there(&other, "copy assignment");
    const detail::write_read_guard<lock_type> guard(lock_, other.lock_);
    map_ = other.map_;
  }
  return *this;
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::operator=(shared_mutex_map&& other) -> shared_mutex_map& {
  if (this != &other) {
    const inside here(this, "move assignment");
    const inside there(&other, "move assignment");
    const detail::exclusive_pair_guard<lock_type> guard(lock_, other.lock_);
    map_ = std::move(other.map_);
    other.map_.clear();
  }
  return *this;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert(Key key, T value) {
  const inside here(this, "insert");
  const writing guard(lock_);
  return map_.try_emplace(std::move(key), std::move(value)).second;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert_or_assign(Key key, T value) {
  detail::replaced_value<T> before;
  const inside here(this, "insert_or_assign");
  const writing guard(lock_);
  return detail::insert_or_assign_locked(map_, std::move(key), std::move(value), before);
}

GAUNTLET_MAP_TEMPLATE
template <class... Arguments>
bool GAUNTLET_MAP::try_emplace(Key key, Arguments&&... arguments) {
  const inside here(this, "try_emplace");
  const writing guard(lock_);
  return map_.try_emplace(std::move(key), std::forward<Arguments>(arguments)...).second;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::compare_exchange(const Key& key, const T& expected, T desired) {
  detail::replaced_value<T> before;
  const inside here(this, "compare_exchange");
  const writing guard(lock_);
  return detail::compare_exchange_locked(map_, key, expected, std::move(desired), before);
}

GAUNTLET_MAP_TEMPLATE
template <class GiveUp>
std::optional<bool> GAUNTLET_MAP::insert_or_assign_unless(GiveUp&& give_up, Key key, T value) {
  detail::replaced_value<T> before;
  const inside here(this, "insert_or_assign_unless");
  if (!detail::lock_unless(lock_, give_up)) {
    return std::nullopt;
  }
  const adopted guard(lock_);
  return detail::insert_or_assign_locked(map_, std::move(key), std::move(value), before);
}

GAUNTLET_MAP_TEMPLATE
template <class GiveUp>
std::optional<bool> GAUNTLET_MAP::erase_unless(GiveUp&& give_up, const Key& key) {
  detail::taken_out_element<map_type> gone;
  const inside here(this, "erase_unless");
  if (!detail::lock_unless(lock_, give_up)) {
    return std::nullopt;
  }
  const adopted guard(lock_);
  return gone.erase_locked(map_, key);
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::find_as(const K& key) const {
  const inside here(this, "find");
  const reading guard(lock_);
  return detail::find_copy_locked(map_, key);
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::contains_as(const K& key) const {
  const inside here(this, "contains");
  const reading guard(lock_);
  return map_.contains(key);
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::visit_as(const K& key, Visitor& visitor) const {
  const inside here(this, "visit");
  const reading guard(lock_);
  return detail::visit_locked(map_, key, visitor);
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::update_as(const K& key, Visitor& visitor) {
  const inside here(this, "update");
  const writing guard(lock_);
  return detail::visit_locked(map_, key, visitor);
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::erase_as(const K& key) {
  detail::taken_out_element<map_type> gone;
  const inside here(this, "erase");
  const writing guard(lock_);
  return gone.erase_locked(map_, key);
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::extract_as(const K& key) {
  detail::taken_out_element<map_type> gone;
  const inside here(this, "extract");
  const writing guard(lock_);
  return gone.extract_locked(map_, key);
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::size() const -> size_type {
  const inside here(this, "size");
  const reading guard(lock_);
  return map_.size();
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::clear() {
  if constexpr (detail::destroys_nothing<value_type>) {
    const inside here(this, "clear");
    const writing guard(lock_);
    map_.clear();
  } else {
    std::optional<map_type> all;  // until the lock is free
    const inside here(this, "clear");
    const writing guard(lock_);
    all.emplace(0, map_.hash_function(), map_.key_eq(), map_.get_allocator());
    all->swap(map_);
  }
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::reserve(size_type elements) {
  const inside here(this, "reserve");
  const writing guard(lock_);
  map_.reserve(elements);
}

GAUNTLET_MAP_TEMPLATE
template <class Visitor>
void GAUNTLET_MAP::for_each(Visitor&& visitor) const {
  const inside here(this, "for_each");
  const reading guard(lock_);
  for (const auto& element : map_) {
    visitor(element.first, element.second);
  }
}

GAUNTLET_MAP_TEMPLATE
template <class Predicate>
auto GAUNTLET_MAP::erase_if(Predicate&& predicate) -> size_type {
  const inside here(this, "erase_if");
  const writing guard(lock_);
  return detail::erase_if_locked(map_, predicate);
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::snapshot() const -> map_type {
  const inside here(this, "snapshot");
  const reading guard(lock_);
  return map_;
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::take_all() -> map_type {
  const inside here(this, "move construction");
  const writing guard(lock_);
  map_type all(std::move(map_));
  map_.clear();
  return all;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::swap(shared_mutex_map& other) {
  if (this != &other) {
    const inside here(this, "swap");
    const inside there(&other, "swap");
    const detail::exclusive_pair_guard<lock_type> guard(lock_, other.lock_);
    map_.swap(other.map_);
  }
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::merge(shared_mutex_map& other) {
  if (this != &other) {
    const inside here(this, "merge");
    const inside there(&other, "merge");
    const detail::exclusive_pair_guard<lock_type> guard(lock_, other.lock_);
    map_.merge(other.map_);
  }
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::equal_to(const shared_mutex_map& other) const {
  const inside here(this, "operator==");
  if (this == &other) {
    const reading guard(lock_);
    return detail::equals_itself_locked(map_);
  }
  const inside there(&other, "operator==");
  const detail::shared_pair_guard<lock_type> guard(lock_, other.lock_);
  return map_ == other.map_;
}

GAUNTLET_MAP_TEMPLATE
std::string GAUNTLET_MAP::describe() const {
  const inside here(this, "describe");
  const reading guard(lock_);
  return map_.describe();
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::self_check(std::ostream* dump) const {
  const inside here(this, "self_check");
  const reading guard(lock_);
  return map_.self_check(dump);
}

#undef GAUNTLET_MAP
#undef GAUNTLET_MAP_TEMPLATE

}  // namespace gauntlet
