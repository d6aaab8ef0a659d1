// gauntlet::bucket_map: the hash map of Go up to version 1.23, in C++: buckets of eight, overflow chains, growth that is
// paid for by the writes that follow it.
//
// The idea. An array of 2^B buckets; the low B bits of a hash choose the bucket, its highest byte, kept beside the
// slots, tells nearly always which of the eight is meant. A full bucket is continued by overflow buckets. When there are
// more than 6.5 elements a bucket the array doubles; when elements have come and gone and left as many overflow buckets
// as buckets, an array of the same size takes over, and the holes are gone. Neither happens at once: the old array stays
// beside the new one, and each write that inserts or erases moves the old bucket of its key, and one more.
//
//   hash ─► low B bits: bucket ─► highest byte: slot ─► element          slots 8, tops 8, link to the overflow bucket
//           growing: the old array's bucket, until it has been evacuated
//
// Promises
//   Walks. A cursor (`for (auto c = m.walk(); c; c.next()) use(c->first, c->second);`) survives every change of the
//   map, made through whichever name, between two steps:
//    (1) an element present from the start of the walk to its end is visited exactly once;
//    (2) an element erased before it was reached is not visited;
//    (3) an element inserted during the walk is visited at most once;
//    (4) an element erased and inserted again is a new element: (3) holds for each insertion;
//    (5) what a visit shows is the element's current value.
//   A walk begins at a random bucket and a random place in it, another one each time. Walks nest and register nowhere.
//   Moving, swapping, assigning or destroying the map ends its walks. Iterators
//    (6) erase(iterator), erase(range) and extract(iterator) move no element: all other iterators stay valid.
//    (7) Inserting a new element, erase(key), extract(key), erase_if, merge, reserve, rehash, shrink_to_fit, clear,
//        assignment, move and swap may move elements and invalidate all iterators; those but move and swap also
//        pointers and references. A write that finds its key and inserts nothing moves nothing.
//   Growth
//    (8) No write evacuates more than two old buckets, and no memory is cleared or given back in blocks larger than 128
//        buckets, beside one pointer for each 128. reserve, rehash and shrink_to_fit do all their work at once.
//    (9) The numbers: B is the least for which count <= 8 or count <= 13 * (2^B / 2); an insertion that would exceed
//        that doubles. 2^min(B, 15) overflow buckets are too many (above B = 15 counted in units of 2^(B - 15)).
//   Exceptions
//   (10) Inserting one element, in every form, either happens or leaves the contents as they were; so do copy
//        construction and copy assignment. Erasing throws only what hash, equality, a predicate or, while the map
//        grows, the copying of an element throws, and then that element is still there. An evacuation that throws has
//        evacuated nothing and is tried again by a later write.
//   (11) Elements are moved by their move constructors. If those may throw, elements that can be copied are copied
//        instead; of a type that can neither, an element whose move throws is lost and the map stays sound.
//   Memory
//   (12) Nothing is allocated before the first insert. Erasing returns nothing: that is what Go's maps are known for.
//        clear() returns all buckets and keeps B; shrink_to_fit() makes B as small as the elements allow.
//   (13) After reserve(n), inserting up to n elements does not double the map.
//   Hashes
//   (14) Every map mixes hashes with its own secret seed, and takes a new one whenever it becomes empty; a copy keeps
//        the seed of its original. Bad hashes make a map slow, never wrong.
//   Threads
//   (15) Const operations may run in any number of threads at once, walks and iterators too. Writing needs a single
//        thread. Breaking this, or calling a map from its own hash, equality, predicate or element constructor while it
//        changes, is noticed with high probability (not certainty) and reported through gauntlet/map/misuse.h. In
//        checked builds so is the use of stale iterators and cursors.
//
//   operation                    effect                        pays for growth      memory returns
//   find, contains, at, count    none                          no                   -
//   insert, try_emplace, []      one element, or none          two chains           old buckets, 128 at a time
//   erase(key), extract(key)     one element less              two chains           likewise
//   erase(iterator), (range)     elements less                 no                   no
//   reserve, rehash, shrink      none to be seen               all of it            the old array
//   clear                        no elements                   drops it             every bucket
//   walk, begin                  none                          no                   -
//
// Costs, u64 to u64: 144 bytes a bucket, 22 to 44 an element; find, insert, erase O(1) on average, O(n) with equal
// hashes. After erasures a walk still costs O(2^B).
//
// Differences from the original: keys and values are kept as pairs; the array is in pieces; overflow buckets are not
// allocated ahead; a walk is over when Go's would be, but its order is the same for the whole walk however the map
// grows, so that it never has to look an element up again. Two elements with equal whole hashes are told apart by a
// number in a note beside their bucket (detail/bucket.h), which only walks need.
//
// Differences from std::unordered_map: iterators and references follow (6) and (7); a node handle owns a moved element;
// max_load_factor is 6.5, setting it does nothing; no local iterators.
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

#include <gauntlet/map/detail/bucket_cursor.h>
#include <gauntlet/map/detail/bucket_iterator.h>
#include <gauntlet/map/detail/bucket_policies.h>
#include <gauntlet/map/detail/bucket_table.h>
#include <gauntlet/map/detail/key_requirements.h>
#include <gauntlet/map/detail/node_handle.h>
#include <gauntlet/map/hash.h>
#include <gauntlet/map/misuse.h>

namespace gauntlet {

template <class Key, class T, class Hash = hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>, class Policy = bucket_map_policy>
class bucket_map {
  static_assert(detail::key_owns_its_bytes<Key>,
                "gauntlet::bucket_map: this key type is a view: store what owns its bytes, std::string or std::vector, "
                "and look up "
                "by view; or say with borrowed_key<View> that what it looks at outlives the map");
  static_assert(
      detail::key_has_a_hash<Key, Hash>,
      "gauntlet::bucket_map: this key type has no hash: specialise std::hash or gauntlet::hash for it, or name a Hash "
      "that is callable with a const key");
  static_assert(
      detail::key_is_equality_comparable<Key, KeyEqual>,
      "gauntlet::bucket_map: this key type has no equality: give it an operator==, or name a KeyEqual that is "
      "callable with two const keys");
  static_assert(std::is_same_v<typename std::allocator_traits<Allocator>::value_type, std::pair<const Key, T>>,
                "gauntlet::bucket_map: the allocator's value_type must be std::pair<const Key, T>");

  using types = detail::map_types<Key, T, Hash, KeyEqual, Allocator, Policy>;
  using table_type = typename Policy::template table<types>;
  using position = typename table_type::position;
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
  using iterator = detail::bucket_iterator<types, false>;
  using const_iterator = detail::bucket_iterator<types, true>;
  using cursor = typename Policy::template cursor<types, false>;
  using const_cursor = typename Policy::template cursor<types, true>;
  using node_type = detail::node_handle<types>;
  using insert_return_type = detail::node_insert_result<iterator, node_type>;
  using observer_type = typename Policy::observer;

  // ---- making, copying, moving, destroying

  // O(1), no allocation.
  bucket_map() : bucket_map(0) {}
  // With room for so many elements; buckets are made when they are needed.
  explicit bucket_map(size_type count, const Hash& hash = Hash(), const KeyEqual& equal = KeyEqual(),
                      const Allocator& allocator = Allocator())
      : table_(hash, equal, allocator) {
    table_.reserve(count);
  }
  bucket_map(size_type count, const Allocator& allocator) : bucket_map(count, Hash(), KeyEqual(), allocator) {}
  bucket_map(size_type count, const Hash& hash, const Allocator& allocator)
      : bucket_map(count, hash, KeyEqual(), allocator) {}
  explicit bucket_map(const Allocator& allocator) : bucket_map(0, Hash(), KeyEqual(), allocator) {}
  template <std::input_iterator Input>
  bucket_map(Input first, Input last, size_type count = 0, const Hash& hash = Hash(),
             const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : bucket_map(count, hash, equal, allocator) {
    insert(first, last);
  }
  template <std::input_iterator Input>
  bucket_map(Input first, Input last, size_type count, const Allocator& allocator)
      : bucket_map(first, last, count, Hash(), KeyEqual(), allocator) {}
  template <std::input_iterator Input>
  bucket_map(Input first, Input last, size_type count, const Hash& hash, const Allocator& allocator)
      : bucket_map(first, last, count, hash, KeyEqual(), allocator) {}
  bucket_map(std::initializer_list<value_type> values, size_type count = 0, const Hash& hash = Hash(),
             const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : bucket_map(values.begin(), values.end(), count, hash, equal, allocator) {}
  bucket_map(std::initializer_list<value_type> values, size_type count, const Allocator& allocator)
      : bucket_map(values, count, Hash(), KeyEqual(), allocator) {}
  bucket_map(std::initializer_list<value_type> values, size_type count, const Hash& hash, const Allocator& allocator)
      : bucket_map(values, count, hash, KeyEqual(), allocator) {}

  // O(capacity); no key is hashed. Strong guarantee.
  bucket_map(const bucket_map& other)
      : bucket_map(other, traits::select_on_container_copy_construction(other.get_allocator())) {}
  bucket_map(const bucket_map& other, const std::type_identity_t<Allocator>& allocator)
      : table_(other.table_.hash(), other.table_.equal(), allocator) {
    other.table_.read(operation::copy);
    table_.copy_from(other.table_);
  }
  // O(1). The other map is empty and usable afterwards; it keeps its hash and equality, hence the copies. As with every
  // operation that is noexcept, a misuse handler that throws here terminates.
  bucket_map(bucket_map&& other) noexcept(std::is_nothrow_copy_constructible_v<Hash> &&
                                          std::is_nothrow_copy_constructible_v<KeyEqual>)
      : table_(other.table_.hash(), other.table_.equal(), other.table_.allocator()) {
    const writing<operation::move> guard(other);
    table_.take_from(other.table_);
  }
  // O(1) when the allocators are equal, else every element moves.
  bucket_map(bucket_map&& other, const std::type_identity_t<Allocator>& allocator)
      : table_(other.table_.hash(), other.table_.equal(), allocator) {
    const writing<operation::move> guard(other);
    take_or_move(other);
  }
  // Strong guarantee. Assigning a map to itself does nothing.
  bucket_map& operator=(const bucket_map& other) {
    if (this == &other) return *this;
    other.table_.read(operation::copy);
    const writing<operation::assign> guard(*this);
    constexpr bool propagates = traits::propagate_on_container_copy_assignment::value;
    bucket_map copy(other, propagates ? other.get_allocator() : get_allocator());
    // Nothing below throws, unless copying hash or equality does, and that comes first.
    table_.hash() = other.table_.hash();
    table_.equal() = other.table_.equal();
    table_.release_all();
    if constexpr (propagates) table_.allocator() = other.table_.allocator();
    table_.take_from(copy.table_);
    return *this;
  }
  // O(size), O(1) more when the allocators are equal or propagate, else every element moves (basic guarantee).
  bucket_map& operator=(bucket_map&& other) noexcept((traits::propagate_on_container_move_assignment::value ||
                                                      traits::is_always_equal::value) &&
                                                     std::is_nothrow_copy_assignable_v<Hash> &&
                                                     std::is_nothrow_copy_assignable_v<KeyEqual>) {
    if (this == &other) return *this;
    const writing<operation::assign> guard(*this);
    const writing<operation::move> other_guard(other);
    table_.release_all();
    table_.hash() = other.table_.hash();
    table_.equal() = other.table_.equal();
    if constexpr (traits::propagate_on_container_move_assignment::value) {
      table_.allocator() = std::move(other.table_.allocator());
      table_.take_from(other.table_);
    } else {
      take_or_move(other);
    }
    return *this;
  }
  bucket_map& operator=(std::initializer_list<value_type> values) {
    bucket_map copy(values, 0, hash_function(), key_eq(), get_allocator());
    const writing<operation::assign> guard(*this);
    table_.release_all();
    table_.take_from(copy.table_);
    return *this;
  }
  ~bucket_map() = default;
  // O(1). Allocators that do not propagate must be equal.
  void swap(bucket_map& other) noexcept(std::is_nothrow_swappable_v<Hash> && std::is_nothrow_swappable_v<KeyEqual>) {
    if (this == &other) return;
    const writing<operation::swap> guard(*this);
    const writing<operation::swap> other_guard(other);
    using std::swap;
    swap(table_.hash(), other.table_.hash());
    swap(table_.equal(), other.table_.equal());
    if constexpr (traits::propagate_on_container_swap::value) swap(table_.allocator(), other.table_.allocator());
    table_.swap_with(other.table_);
  }
  friend void swap(bucket_map& a, bucket_map& b) noexcept(noexcept(a.swap(b))) { a.swap(b); }

  // ---- looking

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  size_type size() const noexcept { return table_.size(); }
  static constexpr size_type max_size() noexcept { return table_type::max_size(); }
  // Average O(1). Throw what hash and equality throw.
  iterator find(const Key& key) { return at_position(lookup(key)); }
  const_iterator find(const Key& key) const { return at_position(lookup(key)); }
  bool contains(const Key& key) const { return lookup(key).element != nullptr; }
  size_type count(const Key& key) const { return contains(key); }
  std::pair<iterator, iterator> equal_range(const Key& key) { return range_of(find(key)); }
  std::pair<const_iterator, const_iterator> equal_range(const Key& key) const { return range_of(find(key)); }
  // Throws std::out_of_range if there is no such key.
  T& at(const Key& key) { return mapped_at(lookup(key)); }
  const T& at(const Key& key) const { return mapped_at(lookup(key)); }
  template <class K>
    requires is_transparent<K>
  iterator find(const K& key) {
    return at_position(lookup(key));
  }
  template <class K>
    requires is_transparent<K>
  const_iterator find(const K& key) const {
    return at_position(lookup(key));
  }
  template <class K>
    requires is_transparent<K>
  bool contains(const K& key) const {
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
  friend bool operator==(const bucket_map& a, const bucket_map& b) {
    a.table_.read(operation::compare);
    b.table_.read(operation::compare);
    if (a.size() != b.size()) return false;
    for (position at = a.table_.first(); at.element != nullptr; a.table_.advance(at)) {
      const position other = b.table_.find(at.element->key());
      if (other.element == nullptr || !(at.element->value().second == other.element->value().second)) return false;
    }
    return true;
  }

  // ---- iterating. begin() skips free slots from the front: O(capacity) at worst.

  iterator begin() { return first_position(); }
  const_iterator begin() const { return first_position(); }
  const_iterator cbegin() const { return first_position(); }
  iterator end() noexcept { return iterator(&table_, {}); }
  const_iterator end() const noexcept { return const_iterator(&table_, {}); }
  const_iterator cend() const noexcept { return const_iterator(&table_, {}); }
  // A walk that survives every change: promises (1) to (5).
  cursor walk() { return cursor(&table_); }
  const_cursor walk() const { return const_cursor(&table_); }

  // ---- inserting. Average O(1), and at most two chains evacuated, promises (8) and (10).

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
  std::pair<iterator, bool> try_emplace(const Key& key, Arguments&&... arguments) {
    return insert_parts(key, std::forward<Arguments>(arguments)...);
  }
  template <class... Arguments>
  std::pair<iterator, bool> try_emplace(Key&& key, Arguments&&... arguments) {
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
  void merge(bucket_map<Key, T, Hash2, KeyEqual2, Allocator, Policy2>& source);
  template <class Hash2, class KeyEqual2, class Policy2>
  void merge(bucket_map<Key, T, Hash2, KeyEqual2, Allocator, Policy2>&& source) {
    merge(source);
  }

  // ---- erasing

  // Average O(1); while the map grows, two chains are evacuated whether the key is there or not.
  size_type erase(const Key& key) { return erase_key(key); }
  template <class K>
    requires(is_transparent<K> && !std::is_convertible_v<K, iterator> && !std::is_convertible_v<K, const_iterator>)
  size_type erase(K&& key) {
    return erase_key(key);
  }
  // Moves no element, promise (6). Returns the next one.
  iterator erase(iterator at) { return erase_position(at.at()); }
  iterator erase(const_iterator at) { return erase_position(at.at()); }
  iterator erase(const_iterator first, const_iterator last);
  // Erases what the predicate accepts and returns how many that were; the predicate must not touch the map.
  // O(capacity).
  template <class Predicate>
  friend size_type erase_if(bucket_map& map, Predicate predicate) {
    const writing<operation::erase_if> guard(map);
    return map.table_.erase_if([&predicate](value_type& value) { return static_cast<bool>(predicate(value)); });
  }
  node_type extract(const_iterator at) {
    const writing<operation::extract> guard(*this);
    return extract_position(at.at());
  }
  node_type extract(const Key& key) { return extract_key(key); }
  template <class K>
    requires(is_transparent<K> && !std::is_convertible_v<K, iterator> && !std::is_convertible_v<K, const_iterator>)
  node_type extract(K&& key) {
    return extract_key(key);
  }
  // O(capacity); returns all buckets, keeps their number.
  void clear() noexcept(!Policy::detect_misuse) {
    const writing<operation::clear> guard(*this);
    table_.clear();
  }

  // ---- memory

  // Promise (13). Throws std::length_error above max_size(), std::bad_alloc; the contents stay as they were.
  void reserve(size_type count) {
    const writing<operation::reserve> guard(*this);
    table_.reserve(count);
  }
  // At least this many buckets, as few as the elements allow.
  void rehash(size_type buckets) {
    const writing<operation::reserve> guard(*this);
    table_.rehash(buckets);
  }
  // As little memory as the elements allow, O(capacity).
  void shrink_to_fit() {
    const writing<operation::shrink> guard(*this);
    table_.shrink_to_fit();
  }
  size_type bucket_count() const noexcept { return table_.buckets(); }
  float load_factor() const noexcept { return static_cast<float>(size()) / static_cast<float>(bucket_count()); }
  float max_load_factor() const noexcept { return 6.5F; }
  // Accepted for compatibility, without effect.
  void max_load_factor(float /*wanted*/) noexcept {}

  // ---- looking inside

  allocator_type get_allocator() const noexcept { return table_.allocator(); }
  hasher hash_function() const { return table_.hash(); }
  key_equal key_eq() const { return table_.equal(); }
  // O(capacity).
  bucket_map_stats stats() const { return table_.stats(); }
  // Recounts everything that must hold. On failure prints what was found and what was recounted.
  bool self_check(std::ostream* dump = nullptr) const { return table_.self_check(dump); }
  observer_type& observer() noexcept { return table_.observer(); }
  // Buckets looked at and elements moved since construction, if the policy counts them.
  std::uint64_t work() const noexcept { return table_.work(); }

 private:
  template <class, class, class, class, class, class>
  friend class bucket_map;

  // A writing operation of one map.
  template <operation Op>
  class writing : detail::writing<typename table_type::activity_type, Op> {
    using base = detail::writing<typename table_type::activity_type, Op>;

   public:
    explicit writing(bucket_map& map) : base(map.table_.writers(), map.table_) {}
  };

  template <class K>
  position lookup(const K& key) const {
    table_.read(operation::find);
    return table_.find(key);
  }
  iterator at_position(const position& at) noexcept { return iterator(&table_, at); }
  const_iterator at_position(const position& at) const noexcept { return const_iterator(&table_, at); }
  iterator first_position() {
    table_.read(operation::iterate);
    return iterator(&table_, table_.first());
  }
  const_iterator first_position() const {
    table_.read(operation::iterate);
    return const_iterator(&table_, table_.first());
  }
  template <class Iterator>
  static std::pair<Iterator, Iterator> range_of(const Iterator& at) {
    if (at == Iterator()) return {at, at};
    return {at, std::next(at)};
  }
  static T& mapped_at(const position& at) {
    if (at.element == nullptr) throw std::out_of_range("gauntlet::bucket_map::at: no such key");
    return at.element->value().second;
  }
  template <class Value>
  std::pair<iterator, bool> insert_pair(const Key& key, Value&& value) {
    const writing<operation::insert> guard(*this);
    const auto [at, inserted] =
        table_.insert(key, [&](slot& to) { types::construct(table_.allocator(), to, std::forward<Value>(value)); });
    return {at_position(at), inserted};
  }
  template <class K, class... Arguments>
  std::pair<position, bool> place_parts(K&& key, Arguments&&... arguments) {
    return table_.insert(
        key, [&](slot& to) { construct_parts(to, std::forward<K>(key), std::forward<Arguments>(arguments)...); });
  }
  template <class K, class... Arguments>
  std::pair<iterator, bool> insert_parts(K&& key, Arguments&&... arguments) {
    const writing<operation::insert> guard(*this);
    const auto [at, inserted] = place_parts(std::forward<K>(key), std::forward<Arguments>(arguments)...);
    return {at_position(at), inserted};
  }
  template <class K, class... Arguments>
  void construct_parts(slot& to, K&& key, Arguments&&... arguments) {
    types::construct(table_.allocator(), to, std::piecewise_construct, std::forward_as_tuple(std::forward<K>(key)),
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
  size_type erase_key(const K& key) {
    const writing<operation::erase> guard(*this);
    return table_.erase(key);
  }
  iterator erase_position(const position& at) {
    const writing<operation::erase> guard(*this);
    position after = at;
    table_.advance(after);
    table_.erase_at(at);
    return at_position(after);
  }
  // Moves the element out; what may throw comes before the element goes.
  node_type extract_position(const position& at) {
    value_type& value = at.element->value();
    node_type node;
    node.fill(table_.allocator(), std::move_if_noexcept(const_cast<Key&>(value.first)),
              std::move_if_noexcept(value.second));
    table_.erase_at(at);
    return node;
  }
  template <class K>
  node_type extract_key(const K& key) {
    const writing<operation::extract> guard(*this);
    const position at = table_.find(key);
    if (at.element == nullptr) return {};
    return extract_position(at);
  }
  // Copies what may throw when it moves, if it can.
  void take_element(slot& to, value_type& from) {
    types::construct(table_.allocator(), to, std::move_if_noexcept(const_cast<Key&>(from.first)),
                     std::move_if_noexcept(from.second));
  }
  void take_or_move(bucket_map& other) {
    if constexpr (traits::is_always_equal::value) {
      table_.take_from(other.table_);
    } else if (table_.allocator() == other.table_.allocator()) {
      table_.take_from(other.table_);
    } else {
      table_.move_elements_from(other.table_);
    }
  }

  table_type table_;
};

namespace pmr {
template <class Key, class T, class Hash = hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Policy = bucket_map_policy>
using bucket_map =
    gauntlet::bucket_map<Key, T, Hash, KeyEqual, std::pmr::polymorphic_allocator<std::pair<const Key, T>>, Policy>;
}  // namespace pmr

template <std::input_iterator Input>
bucket_map(Input, Input)
    -> bucket_map<std::remove_const_t<typename std::iterator_traits<Input>::value_type::first_type>,
                  typename std::iterator_traits<Input>::value_type::second_type>;
template <class Key, class T>
bucket_map(std::initializer_list<std::pair<Key, T>>) -> bucket_map<std::remove_const_t<Key>, T>;

// ------------------------------------------------------------------------------------------------------------------
// bodies

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
template <class... Arguments>
auto bucket_map<Key, T, Hash, KeyEqual, Allocator, Policy>::emplace(Arguments&&... arguments)
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
  types::construct(table_.allocator(), made.element, std::forward<Arguments>(arguments)...);
  made.allocator = &table_.allocator();
  const auto [at, inserted] = table_.insert(made.element.key(), [&made](slot& to) {
    types::relocate(to, made.element);
    made.allocator = nullptr;
  });
  return {at_position(at), inserted};
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
auto bucket_map<Key, T, Hash, KeyEqual, Allocator, Policy>::insert(node_type&& node) -> insert_return_type {
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
  const auto [placed, inserted] = table_.insert(node.key(), taker{table_.allocator(), node});
  const iterator at = at_position(placed);
  if (!inserted) return {at, false, std::move(node)};
  node.reset();
  return {at, true, node_type()};
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
auto bucket_map<Key, T, Hash, KeyEqual, Allocator, Policy>::erase(const_iterator first, const_iterator last)
    -> iterator {
  const writing<operation::erase> guard(*this);
  if (first == last) return last == end() ? end() : at_position(last.at());
  const bool to_end = last == end();
  const position stop = to_end ? position{} : last.at();
  for (position at = first.at(); at.element != stop.element;) {
    const position here = at;
    table_.advance(at);
    table_.erase_at(here);
  }
  return at_position(stop);
}

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
template <class Hash2, class KeyEqual2, class Policy2>
void bucket_map<Key, T, Hash, KeyEqual, Allocator, Policy>::merge(
    bucket_map<Key, T, Hash2, KeyEqual2, Allocator, Policy2>& source) {
  if (static_cast<const void*>(this) == static_cast<const void*>(&source)) return;
  using source_type = bucket_map<Key, T, Hash2, KeyEqual2, Allocator, Policy2>;
  const writing<operation::merge> guard(*this);
  const typename source_type::template writing<operation::merge> source_guard(source);
  for (auto at = source.table_.first(); at.element != nullptr;) {
    auto after = at;
    source.table_.advance(after);
    bool moved = false;
    if constexpr (types::loses_on_failure()) {
      bool touched = false;
      try {
        moved = table_
                    .insert(at.element->key(),
                            [&](slot& to) {
                              touched = true;
                              take_element(to, at.element->value());
                            })
                    .second;
      } catch (...) {
        if (touched) source.table_.erase_at(at);
        throw;
      }
    } else {
      struct taker {
        bucket_map& map;
        value_type& from;
        void operator()(slot& to) { map.take_element(to, from); }
        void give_back(slot& made) noexcept {
          if constexpr (types::moves_in_place()) {
            from.~value_type();
            ::new (static_cast<void*>(&from))
                value_type(std::move(const_cast<Key&>(made.value().first)), std::move(made.value().second));
          }
          types::destroy(map.table_.allocator(), made);
        }
      };
      moved = table_.insert(at.element->key(), taker{*this, at.element->value()}).second;
    }
    if (moved) source.table_.erase_at(at);
    at = after;
  }
}

}  // namespace gauntlet
