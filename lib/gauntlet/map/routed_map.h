// routed_map: concurrent maps, the shards, among which a hash_ring distributes the keys. Shards come and go while reads
// and writes go on.
//
// Words. A *shard* is a concurrent map of this family, with a number, its id, and a weight. The *ring* (hash_ring.h) says
// which shard is *responsible* for a key. A *resharding* is the change from one ring to another; the keys whose shard
// differs *move*. A *step* of it moves, or erases where they were, a bounded number of elements. A *visitor* is the
// caller's function that runs inside an operation, under the locks that the shard takes for it.
//
// The idea: a shard added takes its share of keys from all others, and nothing moves between those; one removed gives its
// keys to the others. So the number of shards, and their weights, follow the load, and a change moves the least that it
// can. An operation on one key asks the ring, and does what the shard's operation does. Nobody waits for a resharding: it
// goes on in steps, a few elements with each write, or by migrate_some and migrate, in any thread.
//
// The hard case is an operation on a key that moves, at any moment of the resharding. Sources, the shards that lose keys,
// have their turn one after another: while a source is copied, a write to a key that moves goes to the old shard and then
// to the new one (dual write), under a lock for its part of the ring; reads go to the old one. When all of the source's
// moving elements have been copied it is cut over at one moment: from then on reads and writes go to the new shard. What
// is left in the old one is erased when nobody can be reading it. detail/router.h tells why nothing is lost or seen twice.
//
// Promises:
//  (1) operations on one key are linearizable, before, during and after a resharding;
//  (2) the others are weak: each key is read (or erased) at a moment of its own between call and return, none is met
//      twice; an element that is there from call to return is met, one that is not there at any moment between them is
//      not. Copies that a resharding makes do not show;
//  (3) a resharding moves the keys whose shard differs between the two rings, and no others. When migrate() has returned,
//      everything is where the ring says, and a shard that was removed is gone with its memory;
//  (4) a step that throws has moved less, and the next one goes on; nothing is lost. A write whose copy fails has happened
//      all the same: the source's copies are thrown away and made again;
//  (5) an operation on one key that throws leaves the locks free and the map unchanged (but a visitor's own changes stay);
//      add_shard, remove_shard, set_weight and reshard happen or, if they throw, have changed nothing;
//  (6) a visitor, or a destructor of what the map takes out, must not use the same map (in checked builds this is reported as
//      misuse; otherwise the thread may wait for itself), nor stay for long: a resharding waits for it between its phases,
//      and nobody else does on that account.
//      Two threads whose visitors use each other's map can wait for each other for ever: where the shards lock, by any
//      operation; whatever the shards, by migrate, add_shard, remove_shard, set_weight or reshard;
//  (7) a write that was abandoned has not happened and never will (insert_or_assign_unless, erase_unless, and
//      deadline_writer over them). A resharding waits for such a write, between its phases, while that waits for a shard,
//      unless the key moves; nobody else does;
//  (8) construction and destruction must not run beside other operations, as with any object.
//
//   operation                                 effect         blocks                              progress   memory returns
//   find contains visit                       linearizable   as the shard's                      blocking   -
//   insert insert_or_assign try_emplace       linearizable   as the shard's; moving keys below   blocking   -
//   update compare_exchange                   linearizable   as the shard's; moving keys below   blocking   -
//   insert_or_assign_unless erase_unless      linearizable   the same, until it gives up         blocking   as the shard's
//   erase extract                             linearizable   as the shard's; moving keys below   blocking   as the shard's
//   size empty for_each snapshot reserve      weak           as the shard's, one after another   blocking   -
//   erase_if clear                            weak           the same, and writes of moving keys blocking   as the shard's
//   add_shard remove_shard set_weight reshard -              nobody; waits for an earlier one    blocking   -
//   migrate_some                              -              moving keys below; other steps      blocking   see below
//   migrate                                   -              the same; waits for readers         blocking   see below
//   resharding ring                           linearizable   steps                               blocking   -
//   stats describe                            weak           as size                             blocking   -
//   self_check                                weak           writes of moving keys, steps        blocking   -
//
// Moving keys: a write to one takes the lock of its part of the ring (`stripes` of them), so it waits for writes, and for
// the copying of one element, in the same part. All parts are locked for a moment at the beginning and the end of a
// source's turn. Other keys never meet these locks. Readers never do: they wait for what the shard makes them wait for.
// A preempted writer holds up, beside what the shard says, writers of its part, and through them the steps; a preempted
// step holds up other steps, and whoever needs the lock it has.
// Memory: while a source has its turn its moving elements are there twice, at most; they are erased from it before the
// next turn. Routing tables and removed shards are freed at the end.
//
// Requires: Hash objects give equal results for equal keys. For resharding, Key and T can be copied, and T assigned; a map
// of others compiles, and keeps its shards.
//
// Costs: beside the shard's operation, an announcement (a sequentially consistent store to a slot of the thread's own), a
// second hash computation, and a look at the table, whatever the number of points on the ring. A dual write is the
// operation, a lookup in the old shard and a write to the new one. While a resharding is under way size is O(n). An empty
// map has its shards, which are not small with the default policy: eight of sixteen locks and maps, 5 KiB each. Elements
// come from the allocator; shards, tables and what a step remembers from operator new.
#pragma once

#include <concepts>
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
#include <type_traits>
#include <utility>
#include <vector>

#include <gauntlet/map/consistency.h>
#include <gauntlet/map/detail/annotations.h>
#include <gauntlet/map/detail/epoch_domain.h>
#include <gauntlet/map/detail/point_operations.h>
#include <gauntlet/map/detail/reentry_guard.h>
#include <gauntlet/map/detail/router.h>
#include <gauntlet/map/detail/spin_park_lock.h>
#include <gauntlet/map/detail/stepwise_walk.h>
#include <gauntlet/map/hash_map.h>
#include <gauntlet/map/hash_ring.h>
#include <gauntlet/map/sharded_map.h>

namespace gauntlet {

// Like hash_map_policy, two types: one for translation units with checks, one for those without.
#if GAUNTLET_CHECKED
inline namespace checked_policies {
#else
inline namespace unchecked_policies {
#endif

struct routed_shard_policy : sharded_map_policy {
  static constexpr std::size_t shard_count = 16;
};

// What can be replaced without touching the map.
struct routed_map_policy {
  // What a shard is: a concurrent map of this family. A resharding walks through shared_mutex_map and sharded_map some
  // elements at a time; any other map is asked for all its keys at once, when its turn begins.
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>
  using shard_map = sharded_map<Key, T, Hash, KeyEqual, Allocator, routed_shard_policy>;

  using lock_type = detail::spin_park_lock;       // of the parts of the ring, and of steps: lock, try_lock, unlock
  using epoch_domain = detail::epoch_domain;      // guard, advance, is_over
  using protocol = detail::resharding_protocol;   // how elements get from shard to shard
  using map_policy = hash_map_policy;             // of what snapshot returns
  static constexpr std::size_t first_shards = 8;  // a new map has shards 0, 1, ..., with the usual weight
  static constexpr std::size_t virtual_nodes = 128;
  static constexpr std::size_t stripes = 64;                 // parts of the ring for moving keys
  static constexpr std::size_t elements_per_write = 4;       // that a write walks past for a resharding; 0: none
  static constexpr bool checked = hash_map_policy::checked;  // report re-entry instead of waiting for ever

  static std::uint64_t seed() noexcept { return hash_map_policy::seed(); }  // of the ring
};

}  // namespace checked_policies or unchecked_policies

template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = routed_map_policy>
class routed_map {
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
  using shard_type = typename Policy::template shard_map<Key, T, Hash, KeyEqual, Allocator>;
  using shard_id = std::uint32_t;
  using ring_type = hash_ring<shard_id>;

  // Promises (1) and (2).
  static constexpr operation_contracts contracts{
      .size = consistency::weak,
      .empty = consistency::weak,
      .clear = consistency::weak,
      .for_each = consistency::weak,
      .erase_if = consistency::weak,
      .snapshot = consistency::weak,
  };

  // What a lock's waiter is asked (deadline_writer.h).
  using question = bool (&)();
  static constexpr bool shards_can_be_abandoned = requires(shard_type& shard, question give_up, Key key, T value) {
    shard.insert_or_assign_unless(give_up, std::move(key), std::move(value));
    shard.erase_unless(give_up, key);
  };
  static constexpr bool can_be_resharded =
      std::copy_constructible<Key> && std::copy_constructible<T> && std::is_move_assignable_v<T>;

  struct statistics {
    std::size_t shards = 0;        // those that hold elements or are going to
    std::size_t arcs = 0;          // pieces of the ring with one answer
    std::size_t sources = 0;       // shards that lose keys in the resharding under way
    std::size_t sources_done = 0;  // those of them that have been cut over
  };

  // ---------------------------------------------------------------------- construction: no other thread may be present
  routed_map() : routed_map(Hash()) {}
  explicit routed_map(const Allocator& allocator) : routed_map(Hash(), KeyEqual(), allocator) {}
  explicit routed_map(const Hash& hash, const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : routed_map(first_ring(), hash, equal, allocator) {}
  routed_map(std::initializer_list<value_type> elements);
  // With the shards of a ring, which has members: throws std::invalid_argument otherwise.
  explicit routed_map(const ring_type& ring, const Hash& hash = Hash(), const KeyEqual& equal = KeyEqual(),
                      const Allocator& allocator = Allocator());
  routed_map(const routed_map&) = delete;
  routed_map& operator=(const routed_map&) = delete;
  ~routed_map() = default;

  // ------------------------------------------------------------------------------------------------------ one key: O(1)
  // As in sharded_map. Arguments taken by value are made before a lock is taken.

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
  // Calls visitor(const T&) as the shard does; true if the key was there.
  template <class Visitor>
  bool visit(const Key& key, Visitor&& visitor) const {
    return visit_as(key, visitor);
  }
  // Calls visitor(T&) as the shard does; true if the key was there.
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

  // insert_or_assign and erase that can be abandoned while they wait, if the shards' can: give_up() is asked each time that
  // a lock is not to be had, and should pass some time before it says no. Nothing, without effect, when it says yes. For a
  // key that moves, nothing is held or announced meanwhile; the write happens, in both shards, once the lock for its part
  // of the ring and the old shard's are held. These do no steps of a resharding.
  template <class GiveUp>
  std::optional<bool> insert_or_assign_unless(GiveUp&& give_up, Key key, T value)
    requires shards_can_be_abandoned;
  template <class GiveUp>
  std::optional<bool> erase_unless(GiveUp&& give_up, const Key& key)
    requires shards_can_be_abandoned;

  // The same with any key type that Hash and KeyEqual both understand.
  template <detail::lookup_key<routed_map> K>
  std::optional<T> find(const K& key) const {
    return find_as(key);
  }
  template <detail::lookup_key<routed_map> K>
  bool contains(const K& key) const {
    return contains_as(key);
  }
  template <detail::lookup_key<routed_map> K, class Visitor>
  bool visit(const K& key, Visitor&& visitor) const {
    return visit_as(key, visitor);
  }
  template <detail::lookup_key<routed_map> K, class Visitor>
  bool update(const K& key, Visitor&& visitor) {
    return update_as(key, visitor);
  }
  template <detail::lookup_key<routed_map> K>
  bool erase(const K& key) {
    return erase_as(key);
  }
  template <detail::lookup_key<routed_map> K>
  std::optional<T> extract(const K& key) {
    return extract_as(key);
  }

  // ----------------------------------------------------------------------------- the whole map, shard by shard: weak
  size_type size() const;  // O(shards); O(n) while a resharding is under way
  bool empty() const { return size() == 0; }
  void reserve(size_type elements);  // room for so many, evenly spread, without growing: O(n)
  // Calls visitor(const Key&, const T&) for every element, as the shards do: O(n).
  template <class Visitor>
  void for_each(Visitor&& visitor) const;
  // Erases every element for which predicate(const Key&, const T&) holds; returns how many. O(n).
  template <class Predicate>
  size_type erase_if(Predicate&& predicate);
  void clear();  // O(n)
  // A plain map with every element: O(n).
  map_type snapshot() const;

  // ---------------------------------------------------------------------------------------------------- the shards
  // Each begins a resharding, and returns when that has begun; before, it finishes one that is under way (migrate()).
  // False, without effect: as hash_ring's functions of these names say, and for the last shard, which can't be removed.
  bool add_shard(shard_id id, unsigned weight = ring_type::usual_weight);
  bool remove_shard(shard_id id);
  bool set_weight(shard_id id, unsigned weight);
  // To any other ring: to that of ring(), with members added, removed and weighed anew, in one resharding. Throws
  // std::invalid_argument if its seed or its number of virtual nodes is another one. False, without effect, if it has no
  // members.
  bool reshard(const ring_type& target);

  // Does one step for a resharding that is under way: looks at up to `elements` elements, and at 4096 at most, and copies
  // or erases those of them that move. Returns whether a resharding is under way still. It does not wait for readers: if there are some that
  // must leave, nothing is done.
  bool migrate_some(size_type elements);
  // Returns when the resharding that was under way at the call is over. O(n) in all.
  void migrate();
  // Whether one is under way.
  bool resharding() const;
  // The ring as it is, or as it will be when the resharding is over.
  ring_type ring() const { return router_.ring(); }
  statistics stats() const;

  // A few words on what is inside, for reports. As size.
  std::string describe() const;
  // Recounts every shard and checks that each element is where it may be; on failure writes what is wrong.
  bool self_check(std::ostream* dump = nullptr) const GAUNTLET_UNCHECKED_LOCKING;

 protected:
  // Where a key's hash lies on every ring of this map.
  struct place_of_key {
    Hash hash;
    ring_type places;  // without members
    template <class K>
    std::uint64_t operator()(const K& key) const {
      return places.place_of(detail::seeded_hash(hash, key, 0));
    }
  };
  struct router_types {
    using key_type = Key;
    using shard_type = detail::walkable<routed_map::shard_type>;
    using lock_type = typename Policy::lock_type;
    using epoch_domain = typename Policy::epoch_domain;
    using protocol = typename Policy::protocol;
    using place_of_key = routed_map::place_of_key;
    static constexpr std::size_t stripes = Policy::stripes;
  };
  using router_type = detail::router<router_types>;
  using shard = typename router_types::shard_type;
  using reading = typename router_type::reading;
  using handover_type = typename router_type::handover_type;
  using all_stripes = typename handover_type::all_stripes_guard;
  using inside = detail::reentry_guard<Policy::checked>;
  using stripe_guard = detail::exclusive_guard<typename Policy::lock_type>;

  static ring_type first_ring();
  static const ring_type& with_members(const ring_type& ring);
  auto shard_maker() const;

  // operation(shard&) on the shard that is responsible for reading.
  template <class K, class Operation>
  auto read(const K& key, Operation operation) const;
  // operation(shard&, key_is_needed) on the shard that is responsible; the latter is std::true_type if the key must be as
  // it was afterwards. Then the step that a write owes.
  template <class K, class Operation>
  auto write(const K& key, Operation operation);
  template <class K, class Operation>
  auto write_to_moving(const K& key, std::uint64_t place, const detail::routing_arc<shard>& arc,
                       handover_type& handover, Operation& operation);
  void step_after_a_write() noexcept;
  // attempt(shard&, give_up, arguments_are_needed) on the shard that is responsible; std::true_type if it must leave its
  // arguments as they are.
  template <class GiveUp, class Attempt>
  std::optional<bool> write_unless(GiveUp& give_up, const Key& key, Attempt attempt);
  template <class Attempt>
  std::optional<bool> write_to_moving_at_once(const Key& key, std::uint64_t place,
                                              const detail::routing_arc<shard>& arc, handover_type& handover,
                                              Attempt& attempt);
  template <class Predicate>
  size_type erase_if_while_moving(const typename router_type::table_type& table, Predicate& predicate);

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

  [[no_unique_address]] Hash hash_;  // constant after construction, as the next two
  [[no_unique_address]] KeyEqual equal_;
  [[no_unique_address]] Allocator allocator_;
  router_type router_;
};

namespace pmr {
template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Policy = routed_map_policy>
using routed_map =
    gauntlet::routed_map<Key, T, Hash, KeyEqual, std::pmr::polymorphic_allocator<std::pair<const Key, T>>, Policy>;
}  // namespace pmr

}  // namespace gauntlet

// What follows are the bodies.
#include <gauntlet/map/detail/routed_map_bodies.h>
