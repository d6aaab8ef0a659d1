// gauntlet::hash_map: an unordered map without pauses, that gives memory back and can be walked while it changes.
//
// The idea. A directory (extendible hashing) leads to small Swiss tables of bounded size. Growing means splitting one
// table, never rehashing the world: the worst insert costs microseconds at any size. Erasing merges sparse neighbours:
// memory comes back by itself. Up to 1,433 elements there is one table and no directory; a map that was never filled
// has no memory at all.
//
//   hash ─► directory entry ─► table ─► group of 7 slots, tags compared at once ─► element
//
// Promises
//   Walks. A cursor (`for (auto c = m.walk(); c; c.next()) use(c->first, c->second);`) survives every change of the
//   map, made through whichever name, between two steps:
//    (1) an element present from the start of the walk to its end is visited exactly once;
//    (2) an element erased before it was reached is not visited;
//    (3) an element inserted during the walk is visited at most once;
//    (4) an element erased and inserted again is a new element: (3) holds for each insertion;
//    (5) what a visit shows is the element's current value.
//   Walks nest, register nowhere, and cost the map nothing. Moving, swapping, assigning or destroying the map ends its
//   walks. Iterators
//    (6) erase(iterator), erase(range) and extract(iterator) move no element: all other iterators stay valid.
//    (7) Inserting a new element, erase(key), extract(key), erase_if, merge, reserve, rehash, shrink_to_fit, clear,
//        assignment, move and swap may move elements and invalidate all iterators; those but move and swap also
//        pointers and references.
//   Exceptions
//    (8) Inserting one element, in every form, either happens or leaves the contents as they were; so do copy
//        construction and copy assignment. Erasing throws only what hash, equality or a predicate throws, and then that
//        element is still there.
//    (9) Elements are moved by their move constructors. If those may throw, elements that can be copied are copied
//        instead when a table is rebuilt or an element is extracted; of a type that can neither, an element whose move
//        throws is lost and the map stays sound.
//   Memory
//   (10) Nothing is allocated before the first insert. clear() returns everything; erasing returns memory as it goes
//        and keeps one group at most when the last element goes. A reservation lasts until elements are erased by key.
//   (11) After reserve(n), inserting up to n distinct well-hashed keys draws no growth and no split.
//   Hashes
//   (12) Every map mixes hashes with its own secret seed; a copy keeps the seed of its original. Elements that no table
//        can hold, for their hashes collide completely, are kept aside: bad hashes make a map slow, never wrong.
//   Threads
//   (13) Const operations may run in any number of threads at once, walks and iterators too. Writing needs a single
//        thread. Breaking this, or calling a map from its own hash, equality, predicate or element constructor while it
//        changes, is noticed with high probability (not certainty) and reported through gauntlet/map/misuse.h. In
//        checked builds so is the use of stale iterators and cursors. Moving and swapping are noexcept where those of
//        std are: a misuse handler that throws from there terminates.
//
// Costs, u64 to u64: 18 bytes a slot, 23 to 46 an element; find, insert, erase O(1) on average, O(n) with equal hashes;
// the worst single insert O(table) = 1,433 moves; the directory doubles in O(tables).
//
// Differences from std::unordered_map: no buckets (bucket_count is the capacity in slots; max_load_factor is fixed by
// the policy, setting it does nothing); iterators and references follow (6) and (7); a node handle owns a moved
// element.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gauntlet/map/detail/cursor.h>
#include <gauntlet/map/detail/iterator.h>
#include <gauntlet/map/detail/key_requirements.h>
#include <gauntlet/map/detail/node_handle.h>
#include <gauntlet/map/detail/policies.h>
#include <gauntlet/map/detail/table_set.h>
#include <gauntlet/map/hash.h>
#include <gauntlet/map/misuse.h>

namespace gauntlet {

template <class Key, class T, class Hash = hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = hash_map_policy>
class hash_map {
  static_assert(
      detail::key_owns_its_bytes<Key>,
      "gauntlet::hash_map: this key type is a view: store what owns its bytes, std::string or std::vector, and look up "
      "by view; or say with borrowed_key<View> that what it looks at outlives the map");
  static_assert(
      detail::key_has_a_hash<Key, Hash>,
      "gauntlet::hash_map: this key type has no hash: specialise std::hash or gauntlet::hash for it, or name a Hash "
      "that is callable with a const key");
  static_assert(detail::key_is_equality_comparable<Key, KeyEqual>,
                "gauntlet::hash_map: this key type has no equality: give it an operator==, or name a KeyEqual that is "
                "callable with two const keys");
  static_assert(std::is_same_v<typename std::allocator_traits<Allocator>::value_type, std::pair<const Key, T>>,
                "gauntlet::hash_map: the allocator's value_type must be std::pair<const Key, T>");

  using types = detail::map_types<Key, T, Hash, KeyEqual, Allocator, Policy>;
  using tables_type = detail::table_set<types>;
  using position = typename tables_type::position;
  using slot = typename types::slot;
  using traits = std::allocator_traits<Allocator>;
  using operation = detail::operation;
  template <class K>
  static constexpr bool is_transparent = detail::transparent<Hash> && detail::transparent<KeyEqual>;

 public:
  using key_type = Key;
  using mapped_type = T;
  using value_type = std::pair<const Key, T>;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using hasher = Hash;
  using key_equal = KeyEqual;
  using allocator_type = Allocator;
  using policy_type = Policy;
  using reference = value_type&;
  using const_reference = const value_type&;
  using pointer = value_type*;
  using const_pointer = const value_type*;
  using iterator = detail::map_iterator<types, false>;
  using const_iterator = detail::map_iterator<types, true>;
  using cursor = detail::map_cursor<types, false>;
  using const_cursor = detail::map_cursor<types, true>;
  using node_type = detail::node_handle<types>;
  using insert_return_type = detail::node_insert_result<iterator, node_type>;
  using observer_type = typename Policy::observer;

  // ---- making, copying, moving, destroying

  // O(1), no allocation.
  hash_map() : hash_map(0) {}
  explicit hash_map(size_type count, const Hash& hash = Hash(), const KeyEqual& equal = KeyEqual(),
                    const Allocator& allocator = Allocator())
      : tables_(hash, equal, allocator) {
    tables_.reserve(count);
  }
  hash_map(size_type count, const Allocator& allocator) : hash_map(count, Hash(), KeyEqual(), allocator) {}
  hash_map(size_type count, const Hash& hash, const Allocator& allocator)
      : hash_map(count, hash, KeyEqual(), allocator) {}
  explicit hash_map(const Allocator& allocator) : hash_map(0, Hash(), KeyEqual(), allocator) {}
  template <std::input_iterator Input>
  hash_map(Input first, Input last, size_type count = 0, const Hash& hash = Hash(), const KeyEqual& equal = KeyEqual(),
           const Allocator& allocator = Allocator())
      : hash_map(count, hash, equal, allocator) {
    insert(first, last);
  }
  template <std::input_iterator Input>
  hash_map(Input first, Input last, size_type count, const Allocator& allocator)
      : hash_map(first, last, count, Hash(), KeyEqual(), allocator) {}
  template <std::input_iterator Input>
  hash_map(Input first, Input last, size_type count, const Hash& hash, const Allocator& allocator)
      : hash_map(first, last, count, hash, KeyEqual(), allocator) {}
  hash_map(std::initializer_list<value_type> values, size_type count = 0, const Hash& hash = Hash(),
           const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : hash_map(values.begin(), values.end(), count, hash, equal, allocator) {}
  hash_map(std::initializer_list<value_type> values, size_type count, const Allocator& allocator)
      : hash_map(values, count, Hash(), KeyEqual(), allocator) {}
  hash_map(std::initializer_list<value_type> values, size_type count, const Hash& hash, const Allocator& allocator)
      : hash_map(values, count, hash, KeyEqual(), allocator) {}

  // O(capacity); no key is hashed. Strong guarantee.
  hash_map(const hash_map& other)
      : hash_map(other, traits::select_on_container_copy_construction(other.get_allocator())) {}
  hash_map(const hash_map& other, const std::type_identity_t<Allocator>& allocator)
      : tables_(other.tables_.hash(), other.tables_.equal(), allocator) {
    other.tables_.read(operation::copy);
    tables_.copy_from(other.tables_);
  }
  // O(1). The other map is empty and usable afterwards; it keeps its hash and equality, hence the copies. As with every
  // operation that is noexcept, a misuse handler that throws here terminates.
  hash_map(hash_map&& other) noexcept(std::is_nothrow_copy_constructible_v<Hash> &&
                                      std::is_nothrow_copy_constructible_v<KeyEqual>)
      : tables_(other.tables_.hash(), other.tables_.equal(), other.tables_.allocator()) {
    const writing<operation::move> guard(other);
    tables_.take_from(other.tables_);
  }
  // O(1) when the allocators are equal, else every element moves.
  hash_map(hash_map&& other, const std::type_identity_t<Allocator>& allocator)
      : tables_(other.tables_.hash(), other.tables_.equal(), allocator) {
    const writing<operation::move> guard(other);
    take_or_move(other);
  }
  // Strong guarantee. Assigning a map to itself does nothing.
  hash_map& operator=(const hash_map& other) {
    if (this == &other) return *this;
    other.tables_.read(operation::copy);
    const writing<operation::assign> guard(*this);
    constexpr bool propagates = traits::propagate_on_container_copy_assignment::value;
    hash_map copy(other, propagates ? other.get_allocator() : get_allocator());
    // Nothing below throws, unless copying hash or equality does, and that comes first.
    tables_.hash() = other.tables_.hash();
    tables_.equal() = other.tables_.equal();
    tables_.clear();
    if constexpr (propagates) tables_.allocator() = other.tables_.allocator();
    tables_.take_from(copy.tables_);
    return *this;
  }
  // O(size), O(1) more when the allocators are equal or propagate, else every element moves (basic guarantee).
  hash_map& operator=(hash_map&& other) noexcept((traits::propagate_on_container_move_assignment::value ||
                                                  traits::is_always_equal::value) &&
                                                 std::is_nothrow_copy_assignable_v<Hash> &&
                                                 std::is_nothrow_copy_assignable_v<KeyEqual>) {
    if (this == &other) return *this;
    const writing<operation::assign> guard(*this);
    const writing<operation::move> other_guard(other);
    tables_.clear();
    tables_.hash() = other.tables_.hash();
    tables_.equal() = other.tables_.equal();
    if constexpr (traits::propagate_on_container_move_assignment::value) {
      tables_.allocator() = std::move(other.tables_.allocator());
      tables_.take_from(other.tables_);
    } else {
      take_or_move(other);
    }
    return *this;
  }
  hash_map& operator=(std::initializer_list<value_type> values) {
    hash_map copy(values, 0, hash_function(), key_eq(), get_allocator());
    const writing<operation::assign> guard(*this);
    tables_.clear();
    tables_.take_from(copy.tables_);
    return *this;
  }
  ~hash_map() = default;
  // O(1). Allocators that do not propagate must be equal.
  void swap(hash_map& other) noexcept(std::is_nothrow_swappable_v<Hash> && std::is_nothrow_swappable_v<KeyEqual>) {
    if (this == &other) return;
    const writing<operation::swap> guard(*this);
    const writing<operation::swap> other_guard(other);
    using std::swap;
    swap(tables_.hash(), other.tables_.hash());
    swap(tables_.equal(), other.tables_.equal());
    if constexpr (traits::propagate_on_container_swap::value) swap(tables_.allocator(), other.tables_.allocator());
    tables_.swap_with(other.tables_);
  }
  friend void swap(hash_map& a, hash_map& b) noexcept(noexcept(a.swap(b))) { a.swap(b); }

  // ---- looking

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  size_type size() const noexcept { return tables_.size(); }
  static constexpr size_type max_size() noexcept { return tables_type::max_size(); }
  // Average O(1). Throw what hash and equality throw.
  GAUNTLET_ALWAYS_INLINE iterator find(const Key& key) { return at_position(lookup(key)); }
  GAUNTLET_ALWAYS_INLINE const_iterator find(const Key& key) const { return at_position(lookup(key)); }
  GAUNTLET_ALWAYS_INLINE bool contains(const Key& key) const { return lookup(key).element != nullptr; }
  size_type count(const Key& key) const { return contains(key); }
  std::pair<iterator, iterator> equal_range(const Key& key) { return range_of(find(key)); }
  std::pair<const_iterator, const_iterator> equal_range(const Key& key) const { return range_of(find(key)); }
  // Throws std::out_of_range if there is no such key.
  T& at(const Key& key) { return mapped_at(lookup(key)); }
  const T& at(const Key& key) const { return mapped_at(lookup(key)); }
  template <class K>
    requires is_transparent<K>
  GAUNTLET_ALWAYS_INLINE iterator find(const K& key) {
    return at_position(lookup(key));
  }
  template <class K>
    requires is_transparent<K>
  GAUNTLET_ALWAYS_INLINE const_iterator find(const K& key) const {
    return at_position(lookup(key));
  }
  template <class K>
    requires is_transparent<K>
  GAUNTLET_ALWAYS_INLINE bool contains(const K& key) const {
    return lookup(key).element != nullptr;
  }
  template <class K>
    requires is_transparent<K>
  size_type count(const K& key) const {
    return contains(key);
  }
  template <class K>
    requires is_transparent<K>
  std::pair<iterator, iterator> equal_range(const K& key) {
    return range_of(find(key));
  }
  template <class K>
    requires is_transparent<K>
  std::pair<const_iterator, const_iterator> equal_range(const K& key) const {
    return range_of(find(key));
  }
  template <class K>
    requires is_transparent<K>
  T& at(const K& key) {
    return mapped_at(lookup(key));
  }
  template <class K>
    requires is_transparent<K>
  const T& at(const K& key) const {
    return mapped_at(lookup(key));
  }
  // The same keys with equal values; order never shows. Average O(size).
  friend bool operator==(const hash_map& a, const hash_map& b) {
    a.tables_.read(operation::compare);
    b.tables_.read(operation::compare);
    if (a.size() != b.size()) return false;
    std::uint64_t ahead = 0;
    for (position at = a.tables_.first(ahead); at.element != nullptr; a.tables_.advance(at, ahead)) {
      const position other = b.tables_.find(at.element->key());
      if (other.element == nullptr || !(at.element->value().second == other.element->value().second)) return false;
    }
    return true;
  }

  // ---- iterating. begin() skips free slots from the front: O(capacity) at worst.

  iterator begin() { return first_position(); }
  const_iterator begin() const { return first_position(); }
  const_iterator cbegin() const { return first_position(); }
  iterator end() noexcept { return iterator(&tables_, {}); }
  const_iterator end() const noexcept { return const_iterator(&tables_, {}); }
  const_iterator cend() const noexcept { return const_iterator(&tables_, {}); }
  // A walk that survives every change: promises (1) to (5).
  cursor walk() { return cursor(&tables_); }
  const_cursor walk() const { return const_cursor(&tables_); }

  // ---- inserting. Average O(1) and never more than one table's worth of moves, promise (8).

  std::pair<iterator, bool> insert(const value_type& value) { return insert_pair(value.first, value); }
  std::pair<iterator, bool> insert(value_type&& value) { return insert_pair(value.first, std::move(value)); }
  template <class P>
    requires std::is_constructible_v<value_type, P&&>
  std::pair<iterator, bool> insert(P&& value) {
    return emplace(std::forward<P>(value));
  }
  iterator insert(const_iterator, const value_type& value) { return insert(value).first; }
  iterator insert(const_iterator, value_type&& value) { return insert(std::move(value)).first; }
  template <class P>
    requires std::is_constructible_v<value_type, P&&>
  iterator insert(const_iterator, P&& value) {
    return emplace(std::forward<P>(value)).first;
  }
  template <std::input_iterator Input>
  void insert(Input first, Input last) {
    for (; first != last; ++first) emplace(*first);
  }
  void insert(std::initializer_list<value_type> values) { insert(values.begin(), values.end()); }
  // Makes the element first, unless the key can be seen in the arguments.
  template <class... Arguments>
  std::pair<iterator, bool> emplace(Arguments&&... arguments);
  template <class... Arguments>
  iterator emplace_hint(const_iterator, Arguments&&... arguments) {
    return emplace(std::forward<Arguments>(arguments)...).first;
  }
  // Touch neither key nor arguments if the key is present.
  template <class... Arguments>
  GAUNTLET_ALWAYS_INLINE std::pair<iterator, bool> try_emplace(const Key& key, Arguments&&... arguments) {
    return insert_parts(key, std::forward<Arguments>(arguments)...);
  }
  template <class... Arguments>
  GAUNTLET_ALWAYS_INLINE std::pair<iterator, bool> try_emplace(Key&& key, Arguments&&... arguments) {
    return insert_parts(std::move(key), std::forward<Arguments>(arguments)...);
  }
  template <class... Arguments>
  iterator try_emplace(const_iterator, const Key& key, Arguments&&... arguments) {
    return insert_parts(key, std::forward<Arguments>(arguments)...).first;
  }
  template <class... Arguments>
  iterator try_emplace(const_iterator, Key&& key, Arguments&&... arguments) {
    return insert_parts(std::move(key), std::forward<Arguments>(arguments)...).first;
  }
  template <class M>
  std::pair<iterator, bool> insert_or_assign(const Key& key, M&& mapped) {
    return assign_parts(key, std::forward<M>(mapped));
  }
  template <class M>
  std::pair<iterator, bool> insert_or_assign(Key&& key, M&& mapped) {
    return assign_parts(std::move(key), std::forward<M>(mapped));
  }
  template <class M>
  iterator insert_or_assign(const_iterator, const Key& key, M&& mapped) {
    return assign_parts(key, std::forward<M>(mapped)).first;
  }
  template <class M>
  iterator insert_or_assign(const_iterator, Key&& key, M&& mapped) {
    return assign_parts(std::move(key), std::forward<M>(mapped)).first;
  }
  T& operator[](const Key& key) { return insert_mapped(key); }
  T& operator[](Key&& key) { return insert_mapped(std::move(key)); }
  // A node whose key is present comes back in the result.
  insert_return_type insert(node_type&& node);
  iterator insert(const_iterator, node_type&& node) {
    insert_return_type done = insert(std::move(node));
    if (!done.inserted && !done.node.empty()) node = std::move(done.node);
    return done.position;
  }
  // Moves every element whose key is not here yet. Average O(size of the other map).
  template <class Hash2, class KeyEqual2, class Policy2>
  void merge(hash_map<Key, T, Hash2, KeyEqual2, Allocator, Policy2>& source);
  template <class Hash2, class KeyEqual2, class Policy2>
  void merge(hash_map<Key, T, Hash2, KeyEqual2, Allocator, Policy2>&& source) {
    merge(source);
  }

  // ---- erasing

  // Average O(1); may move elements of one table.
  GAUNTLET_ALWAYS_INLINE size_type erase(const Key& key) { return erase_key(key); }
  template <class K>
    requires(is_transparent<K> && !std::is_convertible_v<K, iterator> && !std::is_convertible_v<K, const_iterator>)
  size_type erase(K&& key) {
    return erase_key(key);
  }
  // Moves no element, promise (6); later writes do the tidying. Returns the next one.
  GAUNTLET_ALWAYS_INLINE iterator erase(iterator at) { return erase_position(at.at(), at.ahead()); }
  GAUNTLET_ALWAYS_INLINE iterator erase(const_iterator at) { return erase_position(at.at(), at.ahead()); }
  iterator erase(const_iterator first, const_iterator last);
  // Erases what the predicate accepts and returns how many that were; the predicate must not touch the map.
  // O(capacity).
  template <class Predicate>
  friend size_type erase_if(hash_map& map, Predicate predicate) {
    const writing<operation::erase_if> guard(map);
    return map.tables_.erase_if([&predicate](value_type& value) { return static_cast<bool>(predicate(value)); });
  }
  node_type extract(const_iterator at) {
    const writing<operation::extract> guard(*this);
    return extract_position(at.at());
  }
  node_type extract(const Key& key) {
    const writing<operation::extract> guard(*this);
    return extract_found(tables_.find(key));
  }
  template <class K>
    requires(is_transparent<K> && !std::is_convertible_v<K, iterator> && !std::is_convertible_v<K, const_iterator>)
  node_type extract(K&& key) {
    const writing<operation::extract> guard(*this);
    return extract_found(tables_.find(key));
  }
  // O(capacity); returns all memory.
  void clear() noexcept(!Policy::detect_misuse) {
    const writing<operation::clear> guard(*this);
    tables_.clear();
  }

  // ---- memory

  // Promise (11). Throws std::length_error above max_size(), std::bad_alloc; the contents stay as they were.
  void reserve(size_type count) {
    const writing<operation::reserve> guard(*this);
    tables_.reserve(count);
  }
  // At least this many slots, as few as the elements allow.
  void rehash(size_type slots) {
    const writing<operation::reserve> guard(*this);
    if (slots > max_size()) throw std::length_error("gauntlet::hash_map::rehash: more slots than max_size()");
    if (slots < tables_.capacity()) tables_.shrink_to_fit();
    tables_.reserve(static_cast<size_type>(static_cast<double>(slots) * static_cast<double>(max_load_factor())));
  }
  // As little memory as the elements allow, O(capacity).
  void shrink_to_fit() {
    const writing<operation::shrink> guard(*this);
    tables_.shrink_to_fit();
  }
  size_type bucket_count() const noexcept { return tables_.capacity(); }
  float load_factor() const noexcept {
    return bucket_count() == 0 ? 0.0F : static_cast<float>(size()) / static_cast<float>(bucket_count());
  }
  float max_load_factor() const noexcept { return static_cast<float>(Policy::max_load_per_mille) / 1000.0F; }
  // The load is the policy's: accepted for compatibility, without effect.
  void max_load_factor(float /*wanted*/) noexcept {}

  // ---- looking inside

  allocator_type get_allocator() const noexcept { return tables_.allocator(); }
  hasher hash_function() const { return tables_.hash(); }
  key_equal key_eq() const { return tables_.equal(); }
  // O(capacity).
  hash_map_stats stats() const { return tables_.stats(); }
  // Size, tables, splits and merges in a few words, for reports. O(1).
  std::string describe() const { return tables_.describe(); }
  // Recounts everything that must hold. On failure prints what was found, what was recounted and the tables.
  bool self_check(std::ostream* dump = nullptr) const { return tables_.self_check(dump); }
  observer_type& observer() noexcept { return tables_.observer(); }
  // Groups probed and elements moved since construction, if the policy counts them.
  std::uint64_t work() const noexcept { return tables_.work(); }

 private:
  template <class, class, class, class, class, class>
  friend class hash_map;

  // A writing operation of one map.
  template <operation Op>
  class writing : detail::writing<typename tables_type::activity_type, Op> {
    using base = detail::writing<typename tables_type::activity_type, Op>;

   public:
    GAUNTLET_ALWAYS_INLINE explicit writing(hash_map& map) : base(map.tables_.writers(), map.tables_) {}
    // Takes over what another guard has handed over.
    GAUNTLET_ALWAYS_INLINE writing(hash_map& map, detail::handed_over_t over) : base(map.tables_.writers(), over) {}
    using base::hand_over;
  };

  template <class K>
  GAUNTLET_ALWAYS_INLINE position lookup(const K& key) const {
    tables_.read(operation::find);
    return tables_.find(key);
  }
  iterator at_position(const position& at) noexcept { return iterator(&tables_, at); }
  const_iterator at_position(const position& at) const noexcept { return const_iterator(&tables_, at); }
  iterator first_position() {
    tables_.read(operation::iterate);
    std::uint64_t ahead = 0;
    const position at = tables_.first(ahead);
    return iterator(&tables_, at, ahead);
  }
  const_iterator first_position() const {
    tables_.read(operation::iterate);
    std::uint64_t ahead = 0;
    const position at = tables_.first(ahead);
    return const_iterator(&tables_, at, ahead);
  }
  template <class Iterator>
  static std::pair<Iterator, Iterator> range_of(const Iterator& at) {
    if (at == Iterator()) return {at, at};
    return {at, std::next(at)};
  }
  static T& mapped_at(const position& at) {
    if (at.element == nullptr) throw std::out_of_range("gauntlet::hash_map::at: no such key");
    return at.element->value().second;
  }
  template <class Value>
  std::pair<iterator, bool> insert_pair(const Key& key, Value&& value) {
    const writing<operation::insert> guard(*this);
    const auto [at, inserted] =
        tables_.insert(key, [&](slot& to) { types::construct(tables_.allocator(), to, std::forward<Value>(value)); });
    return {at_position(at), inserted};
  }
  template <class K, class... Arguments>
  GAUNTLET_ALWAYS_INLINE std::pair<position, bool> place_parts(K&& key, Arguments&&... arguments) {
    return tables_.insert(
        key, [&](slot& to) { construct_parts(to, std::forward<K>(key), std::forward<Arguments>(arguments)...); });
  }
  template <class K, class... Arguments>
  GAUNTLET_ALWAYS_INLINE std::pair<iterator, bool> insert_parts(K&& key, Arguments&&... arguments) {
    std::uint64_t hash;
    {
      writing<operation::insert> guard(*this);
      hash = tables_.hash_of(key);
      const auto quick = tables_.insert_quickly(hash, key, [&](slot& to) {
        construct_parts(to, std::forward<K>(key), std::forward<Arguments>(arguments)...);
      });
      if (GAUNTLET_LIKELY(quick.settled)) return {at_position(quick.at), quick.inserted};
      guard.hand_over();
    }
    return insert_parts_slowly(hash, std::forward<K>(key), std::forward<Arguments>(arguments)...);
  }
  template <class K, class... Arguments>
  GAUNTLET_NOINLINE std::pair<iterator, bool> insert_parts_slowly(std::uint64_t hash, K&& key,
                                                                  Arguments&&... arguments) {
    const writing<operation::insert> guard(*this, detail::handed_over_t());
    const auto [at, inserted] = tables_.insert_slowly(
        hash, key, [&](slot& to) { construct_parts(to, std::forward<K>(key), std::forward<Arguments>(arguments)...); });
    return {at_position(at), inserted};
  }
  template <class K, class... Arguments>
  GAUNTLET_ALWAYS_INLINE void construct_parts(slot& to, K&& key, Arguments&&... arguments) {
    types::construct(tables_.allocator(), to, std::piecewise_construct, std::forward_as_tuple(std::forward<K>(key)),
                     std::forward_as_tuple(std::forward<Arguments>(arguments)...));
  }
  template <class K, class M>
  std::pair<iterator, bool> assign_parts(K&& key, M&& mapped) {
    const writing<operation::insert> guard(*this);
    const auto [at, inserted] = place_parts(std::forward<K>(key), std::forward<M>(mapped));
    if (!inserted) at.element->value().second = std::forward<M>(mapped);
    return {at_position(at), inserted};
  }
  template <class K>
  T& insert_mapped(K&& key) {
    const writing<operation::insert> guard(*this);
    return place_parts(std::forward<K>(key)).first.element->value().second;
  }
  template <class K>
  GAUNTLET_ALWAYS_INLINE size_type erase_key(const K& key) {
    const writing<operation::erase> guard(*this);
    return tables_.erase(key);
  }
  GAUNTLET_ALWAYS_INLINE iterator erase_position(const position& at, std::uint64_t ahead) {
    const writing<operation::erase> guard(*this);
    position after = at;
    tables_.advance(after, ahead);
    tables_.erase_at(at);
    return iterator(&tables_, after, ahead);
  }
  // Moves the element out; what may throw comes before the element goes.
  node_type extract_position(const position& at) {
    const auto plan = tables_.plan_erase(at);
    value_type& value = at.element->value();
    node_type node;
    node.fill(tables_.allocator(), std::move_if_noexcept(const_cast<Key&>(value.first)),
              std::move_if_noexcept(value.second));
    tables_.finish_erase(plan);
    return node;
  }
  node_type extract_found(const position& at) {
    if (at.element == nullptr) return {};
    node_type node = extract_position(at);
    tables_.pay_debt();
    return node;
  }
  // Copies what may throw when it moves, if it can.
  void take_element(slot& to, value_type& from) {
    types::construct(tables_.allocator(), to, std::move_if_noexcept(const_cast<Key&>(from.first)),
                     std::move_if_noexcept(from.second));
  }
  void take_or_move(hash_map& other) {
    if constexpr (traits::is_always_equal::value) {
      tables_.take_from(other.tables_);
    } else if (tables_.allocator() == other.tables_.allocator()) {
      tables_.take_from(other.tables_);
    } else {
      tables_.move_elements_from(other.tables_);
    }
  }

  tables_type tables_;
};

namespace pmr {
template <class Key, class T, class Hash = hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Policy = hash_map_policy>
using hash_map =
    gauntlet::hash_map<Key, T, Hash, KeyEqual, std::pmr::polymorphic_allocator<std::pair<const Key, T>>, Policy>;
}  // namespace pmr

template <std::input_iterator Input>
hash_map(Input, Input) -> hash_map<std::remove_const_t<typename std::iterator_traits<Input>::value_type::first_type>,
                                   typename std::iterator_traits<Input>::value_type::second_type>;
template <class Key, class T>
hash_map(std::initializer_list<std::pair<Key, T>>) -> hash_map<std::remove_const_t<Key>, T>;

// ------------------------------------------------------------------------------------------------------------------
// bodies

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
template <class... Arguments>
auto hash_map<Key, T, Hash, KeyEqual, Allocator, Policy>::emplace(Arguments&&... arguments)
    -> std::pair<iterator, bool> {
  if constexpr (sizeof...(Arguments) == 2) {
    using first_type = std::remove_cvref_t<std::tuple_element_t<0, std::tuple<Arguments...>>>;
    if constexpr (std::is_same_v<first_type, Key>) return insert_parts(std::forward<Arguments>(arguments)...);
  } else if constexpr (sizeof...(Arguments) == 1) {
    using pair_type = std::remove_cvref_t<std::tuple_element_t<0, std::tuple<Arguments...>>>;
    if constexpr (std::is_same_v<pair_type, value_type> || std::is_same_v<pair_type, std::pair<Key, T>>) {
      return [this](auto&& value) {
        return this->insert_pair(value.first, std::forward<decltype(value)>(value));
      }(std::forward<Arguments>(arguments)...);
    }
  }
  const writing<operation::insert> guard(*this);
  struct holder {
    slot element;
    Allocator* allocator;  // null: nothing to destroy
    ~holder() {
      if (allocator != nullptr) types::destroy(*allocator, element);
    }
  } made{{}, nullptr};
  types::construct(tables_.allocator(), made.element, std::forward<Arguments>(arguments)...);
  made.allocator = &tables_.allocator();
  const auto [at, inserted] = tables_.insert(made.element.key(), [&made](slot& to) {
    types::relocate(to, made.element);
    made.allocator = nullptr;
  });
  return {at_position(at), inserted};
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
auto hash_map<Key, T, Hash, KeyEqual, Allocator, Policy>::insert(node_type&& node) -> insert_return_type {
  if (node.empty()) return {end(), false, node_type()};
  struct taker {
    Allocator& allocator;
    node_type& node;
    void operator()(slot& to) {
      types::construct(allocator, to, std::move_if_noexcept(node.key()), std::move_if_noexcept(node.mapped()));
    }
    // What was copied is still in the node. Of what can only be moved, and throws, nothing can be given back.
    void give_back(slot& made) noexcept {
      if constexpr (types::moves_in_place()) {
        node.fill(allocator, std::move(const_cast<Key&>(made.value().first)), std::move(made.value().second));
      } else if constexpr (types::loses_on_failure()) {
        node.reset();
      }
      types::destroy(allocator, made);
    }
  };
  const writing<operation::insert> guard(*this);
  const auto [placed, inserted] = tables_.insert(node.key(), taker{tables_.allocator(), node});
  const iterator at = at_position(placed);
  if (!inserted) return {at, false, std::move(node)};
  node.reset();
  return {at, true, node_type()};
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
auto hash_map<Key, T, Hash, KeyEqual, Allocator, Policy>::erase(const_iterator first, const_iterator last) -> iterator {
  const writing<operation::erase> guard(*this);
  if (first == last) return last == end() ? end() : at_position(last.at());
  const bool to_end = last == end();
  const position stop = to_end ? position{} : last.at();
  std::uint64_t ahead = first.ahead();
  for (position at = first.at(); at.element != stop.element;) {
    const position here = at;
    tables_.advance(at, ahead);
    tables_.erase_at(here);
  }
  return at_position(stop);
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
template <class Hash2, class KeyEqual2, class Policy2>
void hash_map<Key, T, Hash, KeyEqual, Allocator, Policy>::merge(
    hash_map<Key, T, Hash2, KeyEqual2, Allocator, Policy2>& source) {
  if (static_cast<const void*>(this) == static_cast<const void*>(&source)) return;
  using source_type = hash_map<Key, T, Hash2, KeyEqual2, Allocator, Policy2>;
  const writing<operation::merge> guard(*this);
  const typename source_type::template writing<operation::merge> source_guard(source);
  const size_type before = source.size();
  std::uint64_t ahead = 0;
  auto at = source.tables_.first(ahead);
  while (at.element != nullptr) {
    auto after = at;
    source.tables_.advance(after, ahead);
    // What may throw of the erasure comes before the element leaves.
    const auto plan = source.tables_.plan_erase(at);
    bool moved = false;
    if constexpr (types::loses_on_failure()) {
      bool touched = false;
      try {
        moved = tables_
                    .insert(at.element->key(),
                            [&](slot& to) {
                              touched = true;
                              take_element(to, at.element->value());
                            })
                    .second;
      } catch (...) {
        if (touched) source.tables_.finish_erase(plan);
        throw;
      }
    } else {
      struct taker {
        hash_map& map;
        value_type& from;
        void operator()(slot& to) { map.take_element(to, from); }
        void give_back(slot& made) noexcept {
          if constexpr (types::moves_in_place()) {
            from.~value_type();
            ::new (static_cast<void*>(&from))
                value_type(std::move(const_cast<Key&>(made.value().first)), std::move(made.value().second));
          }
          types::destroy(map.tables_.allocator(), made);
        }
      };
      moved = tables_.insert(at.element->key(), taker{*this, at.element->value()}).second;
    }
    if (moved) source.tables_.finish_erase(plan);
    at = after;
  }
  if (source.size() != before) source.tables_.pay_whole_debt();
}

}  // namespace gauntlet
