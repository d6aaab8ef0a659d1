// sync_map: a map that is mostly read. While keys stay the same, nobody takes a lock. (Go's sync.Map, up to Go 1.23.)
//
// Words. The *read part* is a table that never changes, in which every reader looks first. The *dirty part* is a table
// that holds everything in the read part that is not deleted, and new keys besides; it is looked at under the lock, and
// exists only while the map is *amended*: while there may be keys that the read part lacks. *Promotion* makes the dirty
// part the read part. An operation that had to look into the dirty part and added no key is a *miss*. Both tables point
// to the same *entries*: a key and, in one atomic word, its value (*live*), nothing (*deleted*), or nothing and left out
// of the dirty part (*expunged*). A value is in a *box* of its own, which never changes. A *phase* is the time in which
// one dirty part comes into being and is promoted. A *visitor* is the caller's function that runs inside an operation.
//
//   read ──► table ──┬──► entry: key, word ──► box: value
//                    │
//   dirty ─► table ──┘        (under the lock)
//
// The idea: what happens to a key that is in the read part is one compare-and-exchange of its entry's word, seen through
// both tables. Only a new key needs the lock and the dirty part. Misses pay for promotion, which moves a pointer: O(1).
// The first new key after it begins a dirty part: it copies pointers to all entries that are not deleted, O(n), and
// expunges those that are; stats() and the observer tell how many. A dirty part that is full is promoted at once: growing
// is copying, and this copy leaves out what has been deleted meanwhile.
//
// The hard cases:
//   - between a look at the read part and having the lock, somebody may have promoted: look again;
//   - a store to a deleted entry must not be lost when a dirty part that leaves the entry out is begun at the same time:
//     that is why deleted entries are expunged first, and why a store to an expunged one takes the lock and puts the
//     entry into the dirty part before it makes it live;
//   - readers may be in a table that is not the read part any more, at entries that it alone still holds, and at boxes
//     that have been replaced. All three are retired, and freed when every reader of that time has gone
//     (detail/epoch_domain.h). An expunged word carries its phase: when the table that was read in that phase is freed, the
//     entries that are still expunged with this number are those which only that table holds. Tables are freed in order;
//   - clear: who is still in the old table acts on entries that are not the map's any more. It began before clear, and so
//     counts as done before it.
//
// Promises:
//  (1) operations on one key are linearizable, and so is clear;
//  (2) size, empty, for_each, range and erase_if are weak: each key is read (or erased) at a moment of its own between
//      call and return, none is met twice; an element that is there from call to return is met;
//  (3) an operation on one key that finds it in the read part, and a lookup while the map is not amended, take no lock,
//      and lookups then write nothing but this thread's own cache line, without a read-modify-write;
//  (4) copies handed out are the caller's own. A visitor gets a value that does not change while it looks; it runs
//      without the lock in for_each, range and erase_if, which may use the map, and maybe under it in visit and update,
//      which must not (in checked builds this is reported as misuse; otherwise the thread may wait for itself).
//      The allocator must not use the map either. Destructors of keys and values may: what was replaced or erased is
//      destroyed at the end of some later operation of any thread, when that has let go of the lock. (A visitor of
//      update works on a copy of the value, which may be destroyed under the lock.);
//  (5) an operation on one key that throws leaves the lock free and the map unchanged;
//  (6) construction and destruction need no lock and must not run beside other operations, as with any object.
//
//   operation                            effect         blocks                          progress    memory returns
//   find load contains visit             linearizable   nobody; if amended, on a key    blocking    -
//                                                       not in the read part: lock
//   insert try_emplace load_or_store     linearizable   nobody for keys in the read     blocking    when readers of
//   insert_or_assign store swap                         part, else everybody's lock                 this time are gone
//   erase extract load_and_delete        linearizable   as find                         blocking    likewise; the key
//                                                                                                   after a promotion
//   update compare_exchange              linearizable   as find                         blocking    likewise
//   compare_and_swap compare_and_delete
//   size empty for_each range erase_if   weak           lock to promote if amended      blocking    likewise
//   clear                                linearizable   lock                            blocking    likewise
//   stats self_check                     linearizable   lock                            blocking    -
//
// "blocking" is the word for operations that may need the lock; on the clean path they need nobody. A preempted holder of
// the lock holds up whoever needs it. A thread that stops inside an operation holds up no one, but nothing that is
// retired from then on is freed until it goes on. Otherwise about 2 x Policy::retired_boxes_max replaced values and one
// read part wait; an erased key (without its value) until a dirty part has left it out and been promoted, so that erased
// keys are never more than the two tables have room for.
//
// Requires: hash, equality and allocator can be called by several threads at once. T is copyable for what hands out
// copies (find, extract, swap, ...) and for update, which works on a copy and may call its visitor again.
//
// Costs: a lookup is epochs' guard, one group of tags, the entry, the box. Per element u64 to u64: 32 bytes in entry and
// box, which are two allocations, and 11 to 17 in each table. An empty map allocates nothing.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <ostream>
#include <type_traits>
#include <utility>

#include <gauntlet/map/consistency.h>
#include <gauntlet/map/detail/annotations.h>
#include <gauntlet/map/detail/key_hash.h>
#include <gauntlet/map/detail/key_requirements.h>
#include <gauntlet/map/detail/mutex.h>
#include <gauntlet/map/detail/point_operations.h>
#include <gauntlet/map/detail/pointer_table.h>
#include <gauntlet/map/detail/policies.h>
#include <gauntlet/map/detail/process_epochs.h>
#include <gauntlet/map/detail/reentry_guard.h>
#include <gauntlet/map/detail/spin_park_lock.h>
#include <gauntlet/map/detail/sync_entry.h>
#include <gauntlet/map/hash.h>

namespace gauntlet {

// Receives the events of a sync_map, under its lock: must not throw and must not touch the map.
struct no_sync_map_observer {
  // The dirty part, with so many keys, has become the read part.
  void on_promotion(std::size_t /*keys*/) noexcept {}
  // A new key made the map copy so many pointers: a pause of that length.
  void on_copy(std::size_t /*pointers*/) noexcept {}
};

// Like hash_map_policy, two types: one for translation units with checks, one for those without.
#if GAUNTLET_CHECKED
inline namespace checked_policies {
#else
inline namespace unchecked_policies {
#endif

// What can be replaced without touching the map.
struct sync_map_policy {
  using lock_type = detail::spin_park_lock;  // an annotated lock: lock, try_lock, unlock
  using epochs = detail::process_epochs;     // who tells when readers are gone
  template <class Key, class T>
  using entry = detail::sync_entry<Key, T>;
  using observer = no_sync_map_observer;
  static constexpr bool checked = hash_map_policy::checked;  // report re-entry instead of waiting for ever

  static std::uint64_t seed() noexcept { return hash_map_policy::seed(); }
  // Misses that pay for the promotion of so many keys: as many as it will take to copy them again.
  static constexpr std::size_t misses_before_promotion(std::size_t keys) noexcept { return keys; }
  // After so many replaced values somebody asks whether they can be freed, which may interrupt all processors.
  static constexpr std::size_t retired_boxes_max = 256;
};

}  // namespace checked_policies or unchecked_policies

template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = sync_map_policy>
class sync_map {
  static_assert(
      detail::key_owns_its_bytes<Key>,
      "gauntlet::sync_map: this key type is a view: store what owns its bytes, std::string or std::vector, and look up "
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

  // Promises (1) and (2).
  static constexpr operation_contracts contracts{
      .size = consistency::weak,
      .empty = consistency::weak,
      .for_each = consistency::weak,
      .erase_if = consistency::weak,
  };

  // ---------------------------------------------------------------------- construction: no other thread may be present
  sync_map() : sync_map(Hash()) {}
  explicit sync_map(const Allocator& allocator) : sync_map(Hash(), KeyEqual(), allocator) {}
  explicit sync_map(const Hash& hash, const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : hash_(hash), equal_(equal), allocator_(allocator), seed_(Policy::seed()) {}
  sync_map(std::initializer_list<value_type> elements) : sync_map() {
    for (const value_type& element : elements) insert(element.first, element.second);
  }
  ~sync_map() GAUNTLET_UNCHECKED_LOCKING;  // nobody else is here
  sync_map(const sync_map&) = delete;
  sync_map& operator=(const sync_map&) = delete;

  // ------------------------------------------------------------------------------------- one key: O(1), the standard's
  // names. A new key may cost O(n) once after a promotion.

  // True if the element was inserted, false if the key was there (then its value stays).
  bool insert(Key key, T value) { return try_emplace(std::move(key), std::move(value)); }
  // As insert, but makes the value from `arguments`, and only if it is needed.
  template <class... Arguments>
  bool try_emplace(Key key, Arguments&&... arguments);
  // True if the element was inserted, false if the value of an existing one was replaced.
  bool insert_or_assign(Key key, T value);

  // A copy of the value, if the key is there.
  std::optional<T> find(const Key& key) const { return find_as(key); }
  bool contains(const Key& key) const { return contains_as(key); }
  // Calls visitor(const T&); true if the key was there. The visitor must not use the map.
  template <class Visitor>
  bool visit(const Key& key, Visitor&& visitor) const {
    return visit_as(key, visitor);
  }
  // Calls visitor(T&) on a copy of the value and puts the copy in its place, unless another thread has changed the value
  // meanwhile: then once more. True if the key was there. The visitor must not use the map.
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

  // The same with any key type that Hash and KeyEqual both understand.
  template <detail::lookup_key<sync_map> K>
  std::optional<T> find(const K& key) const {
    return find_as(key);
  }
  template <detail::lookup_key<sync_map> K>
  bool contains(const K& key) const {
    return contains_as(key);
  }
  template <detail::lookup_key<sync_map> K, class Visitor>
  bool visit(const K& key, Visitor&& visitor) const {
    return visit_as(key, visitor);
  }
  template <detail::lookup_key<sync_map> K, class Visitor>
  bool update(const K& key, Visitor&& visitor) {
    return update_as(key, visitor);
  }
  template <detail::lookup_key<sync_map> K>
  bool erase(const K& key) {
    return erase_as(key);
  }
  template <detail::lookup_key<sync_map> K>
  std::optional<T> extract(const K& key) {
    return extract_as(key);
  }

  // ----------------------------------------------------------------------------------------- one key: Go's names
  std::optional<T> load(const Key& key) const { return find_as(key); }
  void store(Key key, T value) { insert_or_assign(std::move(key), std::move(value)); }
  // The value that is there afterwards, and whether it was there before.
  std::pair<T, bool> load_or_store(Key key, T value);
  std::optional<T> load_and_delete(const Key& key) { return extract_as(key); }
  // Sets the value; the one that was there before.
  std::optional<T> swap(Key key, T value);
  bool compare_and_swap(const Key& key, const T& expected, T desired) {
    return compare_exchange(key, expected, std::move(desired));
  }
  // Erases the element if its value equals `expected`; true if it did.
  bool compare_and_delete(const Key& key, const T& expected);

  // -------------------------------------------------------------------------------------------- the whole map, weakly
  size_type size() const;  // counts: O(n)
  bool empty() const;
  // Calls visitor(const Key&, const T&) for every element. O(n)
  template <class Visitor>
  void for_each(Visitor&& visitor) const;
  // The same, until a visitor returns false.
  template <class Visitor>
  void range(Visitor&& visitor) const;
  // Erases every element for which predicate(const Key&, const T&) holds for the value that is erased; returns how many.
  template <class Predicate>
  size_type erase_if(Predicate&& predicate);

  // Erases everything, at one moment. O(n), most of it when readers are gone.
  void clear();

  // ------------------------------------------------------------------------------------------------ looking inside
  struct statistics {
    size_type read_keys = 0;        // in the read part, deleted ones too
    size_type dirty_keys = 0;       // in the dirty part, deleted ones too
    bool amended = false;           // there is a dirty part
    size_type misses = 0;           // since the last promotion
    std::uint64_t promotions = 0;   // so far
    std::uint64_t copies = 0;       // so far: new keys that began a dirty part
    size_type pointers_copied = 0;  // by the last of them
    size_type table_bytes = 0;      // of both tables
  };
  statistics stats() const;

  // Checks that the two parts agree about every entry; on failure writes what is wrong.
  bool self_check(std::ostream* dump = nullptr) const;

 protected:
  using epochs = typename Policy::epochs;
  using reading = typename epochs::guard;
  using lock_type = typename Policy::lock_type;
  using locked = detail::exclusive_guard<lock_type>;
  using inside = detail::reentry_guard<Policy::checked>;
  using entry = typename Policy::template entry<Key, T>;
  using box = typename entry::box;
  using word = typename entry::word;
  using table = detail::pointer_table<entry, Allocator>;

  // The read part and, in the lowest bit, whether the map is amended: one word, so that nobody sees an old table with a
  // new answer.
  using read_word = std::uintptr_t;
  static constexpr read_word amended_bit = 1;
  static table* table_of(read_word read) noexcept { return reinterpret_cast<table*>(read & ~amended_bit); }
  static bool is_amended(read_word read) noexcept { return (read & amended_bit) != 0; }
  // [read part] pairs with itself: who sees the table sees its entries. Sequentially consistent: a lookup that finds
  // nothing takes effect here, and a table is retired after it has been unlinked for every reader that begins later.
  read_word load_read() const noexcept { return read_.load(std::memory_order_seq_cst); }
  void publish(read_word read) const noexcept { read_.store(read, std::memory_order_seq_cst); }

  // A box that is made when it is first needed, and freed unless it has been put into an entry.
  template <class Make>
  class fresh_box {
   public:
    fresh_box(const Allocator& allocator, Make make) : allocator_(allocator), make_(make) {}
    ~fresh_box() {
      if (box_ != nullptr) free_box(allocator_, box_);
    }
    fresh_box(const fresh_box&) = delete;
    fresh_box& operator=(const fresh_box&) = delete;
    word get() {
      if (box_ == nullptr) box_ = make_();
      return entry::word_of(box_);
    }
    void is_in_use() noexcept { box_ = nullptr; }

   private:
    const Allocator& allocator_;
    Make make_;
    box* box_ = nullptr;
  };
  template <class Make>
  fresh_box<Make> fresh_from(Make make) const {
    return fresh_box<Make>(allocator_, make);
  }

  template <class K>
  std::uint64_t hash_of(const K& key) const {
    return detail::key_hash(hash_, key, seed_);
  }
  template <class K>
  entry* find_in(const table* where, std::uint64_t hash, const K& key) const {
    return where == nullptr ? nullptr : where->find(hash, [&](const entry& e) { return equal_(e.key, key); });
  }

  // What an operation may free, until it does not hold the lock: destructors of keys and values may use the map.
  class taken_out;

  // Calls act(entry*) with the key's entry, or null: under the guard of epochs or under the lock. For what adds no key.
  template <class K, class Act>
  auto with_entry(const K& key, taken_out& gone, Act act) const;
  enum class put : unsigned char { inserted, replaced, kept, not_possible };
  // Gives the entry the fresh box, if it has none, or in any case if `replaces`; before that, see(const T&) is shown the
  // value that is there. Not possible: it is expunged.
  template <class Fresh, class See>
  put put_into(entry& e, Fresh& fresh, bool replaces, See& see);
  template <class Fresh, class See>
  bool put_at(Key&& key, Fresh& fresh, taken_out& gone, bool replaces, See see);
  template <class Fresh>
  void add_locked(Key&& key, std::uint64_t hash, Fresh& fresh) GAUNTLET_REQUIRES(lock_);
  template <class Wanted>
  std::optional<word> delete_in(entry& e, Wanted wanted) const;

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
  template <class Visit>
  void walk(taken_out& gone, Visit visit) const;

  void begin_dirty_locked() const GAUNTLET_REQUIRES(lock_);
  void promote_locked(taken_out& gone) const GAUNTLET_REQUIRES(lock_);
  void note_miss_locked(taken_out& gone) const GAUNTLET_REQUIRES(lock_);

  // What cannot be reached any more: freed later (detail/sync_map_retiring.h).
  void retire(box* old) const noexcept;
  void retire_locked(table* old, bool all_die) const GAUNTLET_REQUIRES(lock_);
  void tidy(taken_out& gone) const;
  void take_retired_locked(bool at_once, taken_out& gone) const GAUNTLET_REQUIRES(lock_);
  void take_waiting_locked(taken_out& gone) const GAUNTLET_REQUIRES(lock_);
  void take_entries_and_free_table_locked(table* old, taken_out& gone) const noexcept GAUNTLET_REQUIRES(lock_);

  template <class... Arguments>
  box* make_box(Arguments&&... arguments) const;
  static void free_box(const Allocator& allocator, box* old) noexcept;
  entry* make_entry(Key&& key) const;
  void free_entry(entry* old) const noexcept;

  [[no_unique_address]] Hash hash_;  // these four are constant after construction
  [[no_unique_address]] KeyEqual equal_;
  [[no_unique_address]] Allocator allocator_;
  std::uint64_t seed_;
  mutable std::atomic<read_word> read_{0};  // set under lock_

  alignas(64) mutable lock_type lock_;
  mutable table* dirty_ GAUNTLET_GUARDED_BY(lock_) = nullptr;   // null: not amended
  mutable std::uint64_t phase_ GAUNTLET_GUARDED_BY(lock_) = 0;  // of the newest dirty part
  mutable size_type misses_ GAUNTLET_GUARDED_BY(lock_) = 0;     // in this phase
  mutable std::uint64_t promotions_ GAUNTLET_GUARDED_BY(lock_) = 0;
  mutable size_type pointers_copied_ GAUNTLET_GUARDED_BY(lock_) = 0;
  [[no_unique_address]] mutable typename Policy::observer observer_ GAUNTLET_GUARDED_BY(lock_);

  // Boxes are retired without the lock, tables under it. What *waits* was retired before waiting_since_.
  mutable std::atomic<box*> retired_boxes_{nullptr};
  mutable std::atomic<std::size_t> retired_boxes_count_{0};  // [box count] pairs with nothing: about how many
  mutable table* retired_tables_ GAUNTLET_GUARDED_BY(lock_) = nullptr;  // oldest first
  mutable box* waiting_boxes_ GAUNTLET_GUARDED_BY(lock_) = nullptr;
  mutable table* waiting_tables_ GAUNTLET_GUARDED_BY(lock_) = nullptr;  // oldest first
  mutable std::uint64_t waiting_since_ GAUNTLET_GUARDED_BY(lock_) = 0;
};

namespace pmr {
template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Policy = sync_map_policy>
using sync_map =
    gauntlet::sync_map<Key, T, Hash, KeyEqual, std::pmr::polymorphic_allocator<std::pair<const Key, T>>, Policy>;
}  // namespace pmr

}  // namespace gauntlet

#include <gauntlet/map/detail/sync_map_retiring.h>

#include <gauntlet/map/detail/sync_map_bodies.h>
#include <gauntlet/map/detail/sync_map_check.h>
