// snapshot_map: immutable versions behind one atomic pointer. Reading never waits, a snapshot costs O(1) and stays.
//
// Words. A *version* is the whole map at one moment: a number, a size and a tree that never changes. The *newest* one is
// the map. A *snapshot* is a handle that keeps a version. A *batch* is a number of changes that make one version.
//
//   map ──► newest version ──► tree ◄── shares all but a path ──► tree ◄── older version, held by a snapshot
//
// The idea: whoever updates copies the nodes on the way to what changes, O(log n) of them, and publishes the result with
// one store (detail/hash_trie.h, detail/hash_trie_edit.h). Readers load the pointer and read what it points to; nothing
// there will ever change. So whatever is asked of one version is exact: its size, a walk, two keys together.
//
// The hard cases:
//   - two threads that both copy the newest version and publish: the second would throw away what the first did. Those
//     who update take turns, from looking at the newest version to publishing the next. Who makes up a change from a
//     snapshot, without the turn, hands in that snapshot when he publishes: compare_and_publish refuses when it is not
//     the newest any more;
//   - a version that is read while it is superseded: it is freed when its readers are gone, which announce themselves
//     without waiting and without a read-modify-write (detail/epoch_domain.h);
//   - nodes that several versions share: each node knows when it was born, and each version which nodes died after it
//     (detail/version_chain.h). There are no reference counts but for the versions that snapshots hold.
//
// Promises:
//  (1) every operation is linearizable; a load sees the version that is the newest at one moment during that load;
//  (2) a snapshot never changes, and may be kept after the map is gone. It can be read by several threads at once;
//  (3) a batch happens as a whole or not at all, and nobody sees a part of it; if its function throws, it has not
//      happened;
//  (4) whoever reads (loads, walks, takes a snapshot) waits for nobody, and loads write only to this thread's own cache
//      line, without a read-modify-write;
//  (5) operations that throw (allocation, hash, equality, copy, visitor) leave the map unchanged and the lock free;
//  (6) functions that run inside update, erase_if, compare_and_publish and the update of one key must not change the
//      same map (in checked builds this is reported as misuse; otherwise the thread waits for itself). They and all
//      other visitors may read it: they see the version before. The same goes for the allocator. Destructors of keys and
//      values may use the map: they run when some later update, of any thread, or letting go of a snapshot, has let go of
//      the lock. (Copies that this map makes for a visitor of update and hands to nobody are destroyed under it.);
//  (7) construction and destruction need no lock and must not run beside other operations on the map, as with any
//      object; those of snapshots may run beside anything.
//
//   operation                                        effect         blocks           progress    memory returns
//   find contains visit size empty                   linearizable   nobody           wait-free   -
//   snapshot for_each copying a snapshot             linearizable   nobody           wait-free   -
//   insert insert_or_assign try_emplace erase        linearizable   who updates      blocking    with versions
//   extract update compare_exchange erase_if clear
//   batches: update(f), compare_and_publish          linearizable   who updates      blocking    with versions
//   letting go of a snapshot                         -              who updates,     wait-free   see below
//                                                                   while it frees
//
// A preempted thread that updates holds up others that update, never readers. A thread that stops while it reads holds
// up nobody, but nothing that this map or another one with the same Policy::epochs has superseded since is freed until it
// goes on; a snapshot keeps its own version's nodes and nothing newer. Superseded versions (some nodes each) wait for an
// update that looks which of them can be freed: the next look comes after Policy::versions_kept updates, and one more for
// each version that the last look had to leave. Letting go of the last handle of a superseded version looks at once,
// unless somebody has the lock, be it the same thread within an update: then the version waits with the others. release()
// looks whenever it is called.
//
// Requires: hash, equality and allocator can be called by several threads at once, also after the map is gone, while
// snapshots live. T is copyable for what hands out copies and for changing a value by a function.
//
// Costs: a lookup follows about log32(n) + 2 pointers; an update copies as many nodes of about 150 bytes. Per element u64
// to u64: a leaf of 48 bytes and about 18 bytes in branches. clear is O(1), its memory O(n) when the version is released.
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
#include <type_traits>
#include <utility>

#include <gauntlet/map/consistency.h>
#include <gauntlet/map/detail/key_hash.h>
#include <gauntlet/map/detail/key_requirements.h>
#include <gauntlet/map/detail/point_operations.h>
#include <gauntlet/map/detail/policies.h>
#include <gauntlet/map/detail/process_epochs.h>
#include <gauntlet/map/detail/reentry_guard.h>
#include <gauntlet/map/detail/spin_park_lock.h>
#include <gauntlet/map/detail/version_chain.h>
#include <gauntlet/map/hash.h>
#include <gauntlet/map/progress.h>

namespace gauntlet {

// Like hash_map_policy, two types: one for translation units with checks, one for those without.
#if GAUNTLET_CHECKED
inline namespace checked_policies {
#else
inline namespace unchecked_policies {
#endif

// What can be replaced without touching the map.
struct snapshot_map_policy {
  using lock_type = detail::spin_park_lock;                  // an annotated lock: lock, try_lock, unlock
  using epochs = detail::process_epochs;                     // who tells when readers are gone
  static constexpr bool checked = hash_map_policy::checked;  // report re-entry instead of waiting for ever

  static std::uint64_t seed() noexcept { return hash_map_policy::seed(); }
  // After so many updates somebody asks which versions can be freed, which may interrupt all processors.
  static constexpr std::size_t versions_kept = 64;
};

}  // namespace checked_policies or unchecked_policies

template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = snapshot_map_policy>
class snapshot_map {
  static_assert(detail::key_owns_its_bytes<Key>,
                "gauntlet::snapshot_map: this key type is a view: store what owns its bytes, std::string or "
                "std::vector, and look up "
                "by view; or say with borrowed_key<View> that what it looks at outlives the map");
  using versions = detail::version_chain<Key, T, Hash, KeyEqual, Allocator, Policy>;
  using version = detail::map_version;
  using trie = detail::hash_trie<Key, T>;
  using leaf = typename trie::leaf;
  using edit = typename versions::edit;
  using dead_nodes = typename versions::dead_nodes;
  using reading = typename versions::epochs::guard;

 public:
  using key_type = Key;
  using mapped_type = T;
  using value_type = std::pair<const Key, T>;
  using size_type = std::size_t;
  using hasher = Hash;
  using key_equal = KeyEqual;
  using allocator_type = Allocator;
  using policy_type = Policy;

  // Promises (1) and (4).
  static constexpr operation_contracts contracts{};
  static constexpr operation_progress progress{
      .find = progress_guarantee::wait_free,
      .contains = progress_guarantee::wait_free,
      .size = progress_guarantee::wait_free,
      .for_each = progress_guarantee::wait_free,
      .snapshot = progress_guarantee::wait_free,
  };

  // A version that stays. Copies are O(1). One handle is one object: share it by copies.
  class snapshot_type {
   public:
    using key_type = Key;
    using mapped_type = T;
    using hasher = Hash;
    using key_equal = KeyEqual;
    using value_type = snapshot_map::value_type;
    using iterator = typename trie::iterator;
    using const_iterator = iterator;

    snapshot_type(const snapshot_type& other) noexcept : chain_(other.chain_), version_(other.version_) {
      chain_->hold(version_);
    }
    // The other one holds the version, too: a handle is never empty.
    snapshot_type& operator=(const snapshot_type& other) noexcept {
      snapshot_type copy(other);
      std::swap(chain_, copy.chain_);
      std::swap(version_, copy.version_);
      return *this;
    }
    ~snapshot_type() { chain_->let_go(version_); }

    // Versions of one map are numbered in the order in which they were published.
    std::uint64_t number() const noexcept { return version_->number; }
    size_type size() const noexcept { return version_->size; }
    bool empty() const noexcept { return size() == 0; }
    // Elements in no order that means anything; the same for the same version. Valid as long as a handle holds it.
    iterator begin() const { return iterator(version_->root); }
    iterator end() const { return iterator(); }

    std::optional<T> find(const Key& key) const { return copy_of(find_in(*chain_, version_->root, key)); }
    bool contains(const Key& key) const { return get(key) != nullptr; }
    // The value, or null. Valid as long as a handle holds the version.
    const T* get(const Key& key) const { return value_of(find_in(*chain_, version_->root, key)); }
    template <detail::lookup_key<snapshot_type> K>
    std::optional<T> find(const K& key) const {
      return copy_of(find_in(*chain_, version_->root, key));
    }
    template <detail::lookup_key<snapshot_type> K>
    bool contains(const K& key) const {
      return get(key) != nullptr;
    }
    template <detail::lookup_key<snapshot_type> K>
    const T* get(const K& key) const {
      return value_of(find_in(*chain_, version_->root, key));
    }
    template <class Visitor>
    void for_each(Visitor&& visitor) const {
      for (const value_type& element : *this) visitor(element.first, element.second);
    }
    // Whether both are the same version of the same map.
    friend bool operator==(const snapshot_type& a, const snapshot_type& b) { return a.version_ == b.version_; }

   private:
    friend snapshot_map;
    explicit snapshot_type(versions& chain) : chain_(&chain), version_(chain.hold_newest()) {}

    versions* chain_;
    const version* version_;
  };

  // Changes on their way to one version. Lives inside the function that update and compare_and_publish call.
  class batch {
   public:
    batch(const batch&) = delete;
    batch& operator=(const batch&) = delete;

    // What they do and return is what the map's operations of these names do; lookups see the changes made so far.
    bool insert(Key key, T value) { return try_emplace(std::move(key), std::move(value)); }
    template <class... Arguments>
    bool try_emplace(Key key, Arguments&&... arguments) {
      return put(std::move(key), false, std::forward<Arguments>(arguments)...);
    }
    bool insert_or_assign(Key key, T value) { return put(std::move(key), true, std::move(value)); }
    bool erase(const Key& key) {
      return erase_where(key, [](const T&) { return true; });
    }
    std::optional<T> find(const Key& key) const { return copy_of(find_in(chain_, edit_.root(), key)); }
    bool contains(const Key& key) const { return find_in(chain_, edit_.root(), key) != nullptr; }
    // Calls visitor(T&) on a copy of the value, which becomes the value.
    template <class Visitor>
    bool update(const Key& key, Visitor&& visitor) {
      return update_as(key, visitor);
    }
    size_type size() const noexcept { return edit_.size(); }
    bool empty() const noexcept { return size() == 0; }
    void clear() { edit_.clear(); }
    // Not to be combined with changes in the visitor.
    template <class Visitor>
    void for_each(Visitor&& visitor) const {
      for (typename trie::iterator at(edit_.root()); at != typename trie::iterator(); ++at) {
        visitor(at->first, at->second);
      }
    }

   private:
    friend snapshot_map;
    batch(const versions& chain, edit& changes) : chain_(chain), edit_(changes) {}
    template <class... Arguments>
    bool put(Key&& key, bool replaces, Arguments&&... arguments);
    template <class K, class Visitor>
    bool update_as(const K& key, Visitor& visitor);
    template <class K, class Wanted>
    bool erase_where(const K& key, Wanted&& wanted);

    const versions& chain_;
    edit& edit_;
  };

  // ---------------------------------------------------------------------- construction: no other thread may be present
  snapshot_map() : snapshot_map(Hash()) {}
  explicit snapshot_map(const Allocator& allocator) : snapshot_map(Hash(), KeyEqual(), allocator) {}
  explicit snapshot_map(const Hash& hash, const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : versions_(versions::make(hash, equal, allocator)) {}
  snapshot_map(std::initializer_list<value_type> elements) : snapshot_map() {
    update([&elements](batch& changes) {
      for (const value_type& element : elements) changes.insert(element.first, element.second);
    });
  }
  ~snapshot_map() { versions_->end_of_map(); }
  snapshot_map(const snapshot_map&) = delete;
  snapshot_map& operator=(const snapshot_map&) = delete;

  // ------------------------------------------------------------------------------------------ one key: O(log n)
  // True if the element was inserted, false if the key was there (then its value stays).
  bool insert(Key key, T value) { return try_emplace(std::move(key), std::move(value)); }
  template <class... Arguments>
  bool try_emplace(Key key, Arguments&&... arguments) {
    return changed("insert",
                   [&](batch& b) { return b.put(std::move(key), false, std::forward<Arguments>(arguments)...); });
  }
  // True if the element was inserted, false if the value of an existing one was replaced.
  bool insert_or_assign(Key key, T value) {
    return changed("insert_or_assign", [&](batch& b) { return b.put(std::move(key), true, std::move(value)); });
  }
  // A copy of the value, if the key is there.
  std::optional<T> find(const Key& key) const { return find_as(key); }
  bool contains(const Key& key) const { return contains_as(key); }
  // Calls visitor(const T&); true if the key was there.
  template <class Visitor>
  bool visit(const Key& key, Visitor&& visitor) const {
    return visit_as(key, visitor);
  }
  // Calls visitor(T&) on a copy of the value, which becomes the value; true if the key was there.
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
  template <detail::lookup_key<snapshot_map> K>
  std::optional<T> find(const K& key) const {
    return find_as(key);
  }
  template <detail::lookup_key<snapshot_map> K>
  bool contains(const K& key) const {
    return contains_as(key);
  }
  template <detail::lookup_key<snapshot_map> K, class Visitor>
  bool visit(const K& key, Visitor&& visitor) const {
    return visit_as(key, visitor);
  }
  template <detail::lookup_key<snapshot_map> K, class Visitor>
  bool update(const K& key, Visitor&& visitor) {
    return update_as(key, visitor);
  }
  template <detail::lookup_key<snapshot_map> K>
  bool erase(const K& key) {
    return erase_as(key);
  }
  template <detail::lookup_key<snapshot_map> K>
  std::optional<T> extract(const K& key) {
    return extract_as(key);
  }

  // ------------------------------------------------------------------------------------------- the whole map, one moment
  // The newest version, to keep. O(1)
  snapshot_type snapshot() const { return snapshot_type(*versions_); }
  size_type size() const {
    const reading guard;
    return versions_->newest()->size;
  }
  bool empty() const { return size() == 0; }
  // Calls visitor(const Key&, const T&) for every element of the newest version. O(n)
  template <class Visitor>
  void for_each(Visitor&& visitor) const {
    snapshot().for_each(visitor);
  }
  // Erases every element for which predicate(const Key&, const T&) holds; returns how many. O(n)
  template <class Predicate>
  size_type erase_if(Predicate&& predicate);
  void clear() {
    changed("clear", [](batch& b) {
      b.clear();
      return true;
    });
  }

  // Calls change(batch&) and publishes what it has done, as one version. Changes may be as many as they like.
  template <class Change>
    requires std::invocable<Change&, batch&>
  void update(Change&& change) {
    changed("batch", [&change](batch& b) {
      change(b);
      return true;
    });
  }
  // The same, if `base` is still the newest version; else nothing is called, and false.
  template <class Change>
    requires std::invocable<Change&, batch&>
  bool compare_and_publish(const snapshot_type& base, Change&& change) {
    return changed(
        "compare_and_publish",
        [&change](batch& b) {
          change(b);
          return true;
        },
        &base);
  }

  // ------------------------------------------------------------------------------------------- two versions of one map
  // Calls visitor(const Key&, const T* before, const T* after) for every key that has been added (before is null),
  // erased (after is null) or given another value. Values that were replaced by equal ones are left out, if T can tell.
  // O(what has changed, times log n), however large the map; O(n) for versions of two different maps.
  template <class Visitor>
  static void diff(const snapshot_type& from, const snapshot_type& to, Visitor&& visitor);

  // ------------------------------------------------------------------------------------------------- looking inside
  struct statistics {
    std::uint64_t version = 0;      // number of the newest one
    size_type versions_living = 0;  // the newest one, those held, those still read, and those not freed yet
    size_type versions_held = 0;
  };
  statistics stats() const;
  // Frees what can be freed now. For who wants memory back at a time of his own.
  void release();
  // Checks the newest version's tree: its form, its size, and that every key is found; on failure writes what is wrong.
  bool self_check(std::ostream* dump = nullptr) const;

 protected:
  using inside = detail::reentry_guard<Policy::checked>;
  using turn = typename versions::turn;

  // Calls change(batch&) -> bool on what follows the newest version, if that is `base` or there is none, and publishes;
  // false if there is no change or it says so.
  template <class Change>
  bool changed(const char* operation, Change change, const snapshot_type* base = nullptr);

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

  template <class K>
  static const leaf* find_in(const versions& chain, const detail::trie_node* root, const K& key) {
    return trie::find(root, detail::key_hash(chain.hash, key, chain.seed),
                      [&](const Key& other) { return chain.equal(other, key); });
  }
  static std::optional<T> copy_of(const leaf* found) {
    return found != nullptr ? std::optional<T>(std::in_place, found->element.second) : std::nullopt;
  }
  static const T* value_of(const leaf* found) { return found != nullptr ? &found->element.second : nullptr; }
  static bool check_tree(const versions& chain, const detail::trie_node* node, std::size_t level, std::uint64_t way,
                         size_type& leaves, std::ostream* dump);

  versions* versions_;  // constant
};

namespace pmr {
template <class Key, class T, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Policy = snapshot_map_policy>
using snapshot_map =
    gauntlet::snapshot_map<Key, T, Hash, KeyEqual, std::pmr::polymorphic_allocator<std::pair<const Key, T>>, Policy>;
}  // namespace pmr

}  // namespace gauntlet

#include <gauntlet/map/detail/snapshot_map_bodies.h>
