// plain_map: what hash_map and bucket_map have in common, which is all that they show: the interface of an unordered map,
// over the works that hold the elements.
//
// A map derives from plain_map<Kind>. Its kind names
//   map             the deriving map
//   types           detail/map_types.h
//   works           where the elements are: detail/table_set.h, detail/bucket_table.h
//   cursor<Const>   a walk over the works
//   name            for messages
//
// Works have the operations that are used below. Positions name elements; `look_ahead` is what an iterator over them
// remembers beside its position. What must not happen half is done in two steps: plan_erase may throw, finish_erase may
// not. Erasures by position leave a debt, which pay_debt and pay_whole_debt work off; who erases the last element so, pays.
//
// What each operation promises for iterators, pauses and memory is told at the top of hash_map.h and bucket_map.h, in
// numbered promises of which the first seven are the same: (1) to (5) about walks, (6) and (7) about iterators.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <gauntlet/map/detail/activity.h>
#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/iterator.h>
#include <gauntlet/map/detail/map_types.h>
#include <gauntlet/map/detail/node_handle.h>
#include <gauntlet/map/detail/passage.h>
#include <gauntlet/map/misuse.h>

namespace gauntlet::detail {

// Maps of which one can take the other's elements.
template <class A, class B>
concept same_elements = std::is_same_v<typename A::types::value_type, typename B::types::value_type> &&
                        std::is_same_v<typename A::types::allocator_type, typename B::types::allocator_type>;

template <class Kind>
class plain_map {
  using types = typename Kind::types;
  using works_type = typename Kind::works;
  using map_type = typename Kind::map;
  using position = typename works_type::position;
  using look_ahead = typename works_type::look_ahead;
  using slot = typename types::slot;
  using Key = typename types::key_type;
  using T = typename types::mapped_type;
  using Hash = typename types::hasher;
  using KeyEqual = typename types::key_equal;
  using Allocator = typename types::allocator_type;
  using Policy = typename types::policy;
  using traits = std::allocator_traits<Allocator>;
  template <class K>
  static constexpr bool is_transparent = transparent<Hash> && transparent<KeyEqual>;
  // The cases that are nearly all are decided in a function without calls, the others in one of their own.
  static constexpr bool inserts_in_two_steps = requires { typename works_type::quick_insert; };

 public:
  using key_type = Key;
  using mapped_type = T;
  using value_type = typename types::value_type;
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
  using iterator = map_iterator<works_type, false>;
  using const_iterator = map_iterator<works_type, true>;
  using cursor = typename Kind::template cursor<false>;
  using const_cursor = typename Kind::template cursor<true>;
  using node_type = node_handle<types>;
  using insert_return_type = node_insert_result<iterator, node_type>;
  using observer_type = typename Policy::observer;

  // ---- making, copying, moving, destroying

  // O(1), no allocation.
  plain_map() : plain_map(0) {}
  explicit plain_map(size_type count, const Hash& hash = Hash(), const KeyEqual& equal = KeyEqual(),
                     const Allocator& allocator = Allocator())
      : works_(hash, equal, allocator) {
    works_.reserve(count);
  }
  plain_map(size_type count, const Allocator& allocator) : plain_map(count, Hash(), KeyEqual(), allocator) {}
  plain_map(size_type count, const Hash& hash, const Allocator& allocator)
      : plain_map(count, hash, KeyEqual(), allocator) {}
  explicit plain_map(const Allocator& allocator) : plain_map(0, Hash(), KeyEqual(), allocator) {}
  template <std::input_iterator Input>
  plain_map(Input first, Input last, size_type count = 0, const Hash& hash = Hash(), const KeyEqual& equal = KeyEqual(),
            const Allocator& allocator = Allocator())
      : plain_map(count, hash, equal, allocator) {
    insert(first, last);
  }
  template <std::input_iterator Input>
  plain_map(Input first, Input last, size_type count, const Allocator& allocator)
      : plain_map(first, last, count, Hash(), KeyEqual(), allocator) {}
  template <std::input_iterator Input>
  plain_map(Input first, Input last, size_type count, const Hash& hash, const Allocator& allocator)
      : plain_map(first, last, count, hash, KeyEqual(), allocator) {}
  plain_map(std::initializer_list<value_type> values, size_type count = 0, const Hash& hash = Hash(),
            const KeyEqual& equal = KeyEqual(), const Allocator& allocator = Allocator())
      : plain_map(values.begin(), values.end(), count, hash, equal, allocator) {}
  plain_map(std::initializer_list<value_type> values, size_type count, const Allocator& allocator)
      : plain_map(values, count, Hash(), KeyEqual(), allocator) {}
  plain_map(std::initializer_list<value_type> values, size_type count, const Hash& hash, const Allocator& allocator)
      : plain_map(values, count, hash, KeyEqual(), allocator) {}

  // O(capacity); no key is hashed. Strong guarantee.
  plain_map(const plain_map& other)
      : plain_map(other, traits::select_on_container_copy_construction(other.get_allocator())) {}
  plain_map(const plain_map& other, const std::type_identity_t<Allocator>& allocator)
      : works_(other.works_.hash(), other.works_.equal(), allocator) {
    other.works_.read(operation::copy);
    works_.copy_from(other.works_);
  }
  // O(1). The other map is empty and usable afterwards; it keeps its hash and equality, hence the copies. As with every
  // operation that is noexcept, a misuse handler that throws here terminates.
  plain_map(plain_map&& other) noexcept(std::is_nothrow_copy_constructible_v<Hash> &&
                                        std::is_nothrow_copy_constructible_v<KeyEqual>)
      : works_(other.works_.hash(), other.works_.equal(), other.works_.allocator()) {
    const writing<operation::move> guard(other);
    works_.take_from(other.works_);
  }
  // O(1) when the allocators are equal, else every element moves.
  plain_map(plain_map&& other, const std::type_identity_t<Allocator>& allocator)
      : works_(other.works_.hash(), other.works_.equal(), allocator) {
    const writing<operation::move> guard(other);
    take_or_move(other);
  }
  // Strong guarantee if hash and equality can be move-assigned without exceptions (so can std::function and all without a
  // state); if such an assignment throws, the map is empty. Assigning a map to itself does nothing.
  plain_map& operator=(const plain_map& other);
  // O(size), O(1) more when the allocators are equal or propagate, else every element moves (basic guarantee). If
  // assigning hash or equality throws, this map is empty and the other one as it was.
  plain_map& operator=(plain_map&& other) noexcept((traits::propagate_on_container_move_assignment::value ||
                                                    traits::is_always_equal::value) &&
                                                   std::is_nothrow_copy_assignable_v<Hash> &&
                                                   std::is_nothrow_copy_assignable_v<KeyEqual>);
  plain_map& operator=(std::initializer_list<value_type> values) {
    plain_map copy(values, 0, hash_function(), key_eq(), get_allocator());
    const writing<operation::assign> guard(*this);
    works_.release_all();
    works_.take_from(copy.works_);
    return *this;
  }
  // O(1). Allocators that do not propagate must be equal. If swapping hash or equality throws, both maps are empty.
  void swap(plain_map& other) noexcept(std::is_nothrow_swappable_v<Hash> && std::is_nothrow_swappable_v<KeyEqual>);
  friend void swap(map_type& a, map_type& b) noexcept(noexcept(a.swap(b))) { a.swap(b); }

  // ---- looking

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  size_type size() const noexcept { return works_.size(); }
  static constexpr size_type max_size() noexcept { return works_type::max_size(); }
  // Average O(1). Throw what hash and equality throw.
  GAUNTLET_ALWAYS_INLINE iterator find(const Key& key) { return at_position(lookup(key)); }
  GAUNTLET_ALWAYS_INLINE const_iterator find(const Key& key) const { return at_position(lookup(key)); }
  GAUNTLET_ALWAYS_INLINE bool contains(const Key& key) const { return lookup(key).element != nullptr; }
  size_type count(const Key& key) const { return contains(key); }
  // Looks up a range of keys and calls visit(key, iterator) for each, in order; where the key is absent the iterator is
  // end(). The visitor must not change the map. A hash_map of more than 4 MiB looks keys up in batches whose cache misses
  // overlap: where most keys are there, that takes half the time of a loop over find at 10^6 elements, 0.6 of it at 10^7
  // (where most are not: twice, and 0.75). Throws what hash, equality and visitor throw.
  template <std::forward_iterator Keys, class Visitor>
    requires(std::is_same_v<std::iter_value_t<Keys>, Key> || is_transparent<std::iter_value_t<Keys>>)
  void find_many(Keys first, Keys last, Visitor&& visit) {
    find_many_in(*this, first, last, visit);
  }
  template <std::forward_iterator Keys, class Visitor>
    requires(std::is_same_v<std::iter_value_t<Keys>, Key> || is_transparent<std::iter_value_t<Keys>>)
  void find_many(Keys first, Keys last, Visitor&& visit) const {
    find_many_in(*this, first, last, visit);
  }
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
  friend bool operator==(const map_type& a, const map_type& b) { return a.equals(b); }

  // ---- iterating. begin() skips free slots from the front: O(capacity) at worst.

  iterator begin() { return first_position(); }
  const_iterator begin() const { return first_position(); }
  const_iterator cbegin() const { return first_position(); }
  iterator end() noexcept { return iterator(&works_, {}); }
  const_iterator end() const noexcept { return const_iterator(&works_, {}); }
  const_iterator cend() const noexcept { return const_iterator(&works_, {}); }
  // A walk that survives every change, promises (1) to (5).
  cursor walk() { return cursor(&works_); }
  const_cursor walk() const { return const_cursor(&works_); }

  // ---- inserting. Average O(1), and some moves of other elements at most, so many as the map promises. Strong guarantee.

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
  template <class Kind2>
    requires same_elements<Kind, Kind2>
  void merge(plain_map<Kind2>& source);
  template <class Kind2>
    requires same_elements<Kind, Kind2>
  void merge(plain_map<Kind2>&& source) {
    merge(source);
  }

  // ---- erasing

  // Average O(1); may move elements.
  GAUNTLET_ALWAYS_INLINE size_type erase(const Key& key) { return erase_key(key); }
  template <class K>
    requires(is_transparent<K> && !std::is_convertible_v<K, iterator> && !std::is_convertible_v<K, const_iterator>)
  size_type erase(K&& key) {
    return erase_key(key);
  }
  // Moves no element, promise (6); what there is to tidy, later writes do. Returns the next one.
  GAUNTLET_ALWAYS_INLINE iterator erase(iterator at) { return erase_position(at.at(), at.ahead()); }
  GAUNTLET_ALWAYS_INLINE iterator erase(const_iterator at) { return erase_position(at.at(), at.ahead()); }
  iterator erase(const_iterator first, const_iterator last);
  // Erases what the predicate accepts and returns how many that were; the predicate must not touch the map.
  // O(capacity).
  template <class Predicate>
  friend size_type erase_if(map_type& map, Predicate predicate) {
    plain_map& self = map;
    const writing<operation::erase_if> guard(self);
    return self.works_.erase_if([&predicate](value_type& value) { return static_cast<bool>(predicate(value)); });
  }
  node_type extract(const_iterator at) {
    const writing<operation::extract> guard(*this);
    return extract_position(at.at());
  }
  node_type extract(const Key& key) {
    const writing<operation::extract> guard(*this);
    return extract_found(works_.find(key));
  }
  template <class K>
    requires(is_transparent<K> && !std::is_convertible_v<K, iterator> && !std::is_convertible_v<K, const_iterator>)
  node_type extract(K&& key) {
    const writing<operation::extract> guard(*this);
    return extract_found(works_.find(key));
  }
  // O(capacity).
  void clear() noexcept(!Policy::detect_misuse) {
    const writing<operation::clear> guard(*this);
    works_.clear();
  }

  // ---- memory

  // Room for so many elements. Throws std::length_error above max_size(), std::bad_alloc; the contents stay as they were.
  void reserve(size_type count) {
    const writing<operation::reserve> guard(*this);
    works_.reserve(count);
  }
  // bucket_count() is at least this, and as small as the elements allow.
  void rehash(size_type slots) {
    const writing<operation::reserve> guard(*this);
    works_.rehash(slots);
  }
  // As little memory as the elements allow, O(capacity).
  void shrink_to_fit() {
    const writing<operation::shrink> guard(*this);
    works_.shrink_to_fit();
  }
  size_type bucket_count() const noexcept { return works_.bucket_count(); }
  float load_factor() const noexcept {
    return bucket_count() == 0 ? 0.0F : static_cast<float>(size()) / static_cast<float>(bucket_count());
  }
  float max_load_factor() const noexcept { return works_type::max_load_factor(); }
  // The load is the policy's: accepted for compatibility, without effect.
  void max_load_factor(float /*wanted*/) noexcept {}

  // ---- looking inside

  allocator_type get_allocator() const noexcept { return works_.allocator(); }
  hasher hash_function() const { return works_.hash(); }
  key_equal key_eq() const { return works_.equal(); }
  // O(capacity).
  auto stats() const { return works_.stats(); }
  // Size, tables, splits and merges in a few words, for reports. O(1).
  std::string describe() const { return works_.describe(); }
  // Recounts everything that must hold. On failure prints what was found, what was recounted and the tables.
  bool self_check(std::ostream* dump = nullptr) const { return works_.self_check(dump); }
  observer_type& observer() noexcept { return works_.observer(); }
  // Groups or buckets looked at and elements moved since construction, if the policy counts them.
  std::uint64_t work() const noexcept { return works_.work(); }

 private:
  template <class>
  friend class plain_map;

  // A writing operation of one map.
  template <operation Op>
  class writing : detail::writing<typename works_type::activity_type, Op> {
    using base = detail::writing<typename works_type::activity_type, Op>;

   public:
    GAUNTLET_ALWAYS_INLINE explicit writing(plain_map& map) : base(map.works_.writers(), map.works_) {}
    // Takes over what another guard has handed over.
    GAUNTLET_ALWAYS_INLINE writing(plain_map& map, handed_over_t over) : base(map.works_.writers(), over) {}
    using base::hand_over;
  };

  bool equals(const plain_map& other) const {
    works_.read(operation::compare);
    other.works_.read(operation::compare);
    if (size() != other.size()) return false;
    look_ahead ahead{};
    for (position at = works_.first(ahead); at.element != nullptr; works_.advance(at, ahead)) {
      const position there = other.works_.find(at.element->key());
      if (there.element == nullptr || !(at.element->value().second == there.element->value().second)) return false;
    }
    return true;
  }
  template <class K>
  GAUNTLET_ALWAYS_INLINE position lookup(const K& key) const {
    works_.read(operation::find);
    return works_.find(key);
  }
  template <class Map, class Keys, class Visitor>
  static void find_many_in(Map& map, Keys first, Keys last, Visitor& visit);
  iterator at_position(const position& at) noexcept { return iterator(&works_, at); }
  const_iterator at_position(const position& at) const noexcept { return const_iterator(&works_, at); }
  iterator first_position() {
    works_.read(operation::iterate);
    look_ahead ahead{};
    const position at = works_.first(ahead);
    return iterator(&works_, at, ahead);
  }
  const_iterator first_position() const {
    works_.read(operation::iterate);
    look_ahead ahead{};
    const position at = works_.first(ahead);
    return const_iterator(&works_, at, ahead);
  }
  template <class Iterator>
  static std::pair<Iterator, Iterator> range_of(const Iterator& at) {
    if (at == Iterator()) return {at, at};
    return {at, std::next(at)};
  }
  static T& mapped_at(const position& at) {
    if (at.element == nullptr) throw std::out_of_range("gauntlet::" + std::string(Kind::name) + "::at: no such key");
    return at.element->value().second;
  }
  template <class Value>
  std::pair<iterator, bool> insert_pair(const Key& key, Value&& value) {
    const writing<operation::insert> guard(*this);
    const auto [at, inserted] =
        works_.insert(key, [&](slot& to) { types::construct(works_.allocator(), to, std::forward<Value>(value)); });
    return {at_position(at), inserted};
  }
  template <class K, class... Arguments>
  GAUNTLET_ALWAYS_INLINE std::pair<position, bool> place_parts(K&& key, Arguments&&... arguments) {
    return works_.insert(
        key, [&](slot& to) { construct_parts(to, std::forward<K>(key), std::forward<Arguments>(arguments)...); });
  }
  template <class K, class... Arguments>
  GAUNTLET_ALWAYS_INLINE std::pair<iterator, bool> insert_parts(K&& key, Arguments&&... arguments) {
    const auto construct = [&](slot& to) {
      construct_parts(to, std::forward<K>(key), std::forward<Arguments>(arguments)...);
    };
    if constexpr (!inserts_in_two_steps) {
      const writing<operation::insert> guard(*this);
      const auto [at, inserted] = works_.insert(key, construct);
      return {at_position(at), inserted};
    } else {
      std::uint64_t hash;
      bool absent;
      {
        writing<operation::insert> guard(*this);
        hash = works_.hash_of(key);
        const auto quick = works_.insert_quickly(hash, key, construct);
        if (GAUNTLET_LIKELY(quick.settled)) return {at_position(quick.at), quick.inserted};
        absent = quick.absent;
        guard.hand_over();
      }
      return insert_parts_slowly(hash, absent, std::forward<K>(key), std::forward<Arguments>(arguments)...);
    }
  }
  template <class K, class... Arguments>
  GAUNTLET_NOINLINE std::pair<iterator, bool> insert_parts_slowly(std::uint64_t hash, bool absent, K&& key,
                                                                  Arguments&&... arguments) {
    const writing<operation::insert> guard(*this, handed_over_t());
    const auto [at, inserted] = works_.insert_slowly(hash, key, absent, [&](slot& to) {
      construct_parts(to, std::forward<K>(key), std::forward<Arguments>(arguments)...);
    });
    return {at_position(at), inserted};
  }
  template <class K, class... Arguments>
  GAUNTLET_ALWAYS_INLINE void construct_parts(slot& to, K&& key, Arguments&&... arguments) {
    types::construct(works_.allocator(), to, std::piecewise_construct, std::forward_as_tuple(std::forward<K>(key)),
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
    return works_.erase(key);
  }
  GAUNTLET_ALWAYS_INLINE iterator erase_position(const position& at, look_ahead ahead) {
    const writing<operation::erase> guard(*this);
    position after = at;
    works_.advance(after, ahead);
    works_.erase_at(at);
    pay_if_empty();
    return iterator(&works_, after, ahead);
  }
  // Where no element is left, none can be moved.
  GAUNTLET_ALWAYS_INLINE void pay_if_empty() noexcept {
    if (GAUNTLET_RARE(works_.size() == 0)) works_.pay_debt();
  }
  // Moves the element out; what may throw comes before the element goes. Of what can only be moved, and throws then, no
  // part stays behind.
  node_type extract_position(const position& at) {
    const auto plan = works_.plan_erase(at);
    auto& key = const_cast<Key&>(at.element->key());
    T& mapped = at.element->value().second;
    node_type node;
    if constexpr (types::loses_on_failure()) {
      bool begun = false;
      try {
        node.fill(works_.allocator(), std::move(key), std::move(mapped), begun);
      } catch (...) {
        if (begun) works_.finish_erase(plan);
        throw;
      }
    } else {
      node.fill(works_.allocator(), types::moved_or_copied(key), types::moved_or_copied(mapped));
    }
    works_.finish_erase(plan);
    pay_if_empty();
    return node;
  }
  node_type extract_found(const position& at) {
    if (at.element == nullptr) return {};
    node_type node = extract_position(at);
    works_.pay_debt();
    return node;
  }
  template <class Insert, class Lose>
  static std::pair<position, bool> insert_or_lose(const passage<types>& taken, Insert insert, Lose lose);
  void take_or_move(plain_map& other) {
    if constexpr (traits::is_always_equal::value) {
      works_.take_from(other.works_);
    } else if (works_.allocator() == other.works_.allocator()) {
      works_.take_from(other.works_);
    } else {
      works_.move_elements_from(other.works_);
    }
  }

  works_type works_;
};

}  // namespace gauntlet::detail

#include <gauntlet/map/detail/plain_map_bodies.h>
