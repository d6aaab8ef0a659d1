// pooled_append_map: a key has a sequence that grows at its end; the memory of sequences that were erased, or have
// outgrown it, is used again.
//
// Words. A *sequence* is the elements appended under one key, in order, in one *buffer*: memory for a power of two times
// the smallest capacity. A sequence that outgrows its buffer moves to one of twice the size. The *pool* keeps buffers that
// have no owner, by size (detail/buffer_pool.h); they are *idle*.
//
// The idea: logs, posting lists, batches by key: many sequences that grow and are thrown away, again and again. With a
// map of vectors each of them allocates on its way up, and frees it all. Here an append costs a lookup, and now and then a
// buffer, mostly one that another sequence has left; in a steady state the allocator is not asked at all. Erasing gives
// memory back as soon as the pool has enough.
//
// The hard case is a buffer with two owners: given back too early, or twice. Every buffer has one, a sequence or the pool;
// self_check looks at all of them and finds any two that overlap.
//
// Promises
//    (1) find shows the elements appended since the key was last absent, in order, one after another in memory.
//    (2) What find showed stays valid until the key's sequence is appended to or erased, whatever happens to other keys,
//        and if the map is moved or swapped (with equal allocators or ones that go along).
//    (3) append and append_range happen or, if they throw, have changed nothing. Elements may come from the map itself.
//    (4) No buffer has two owners.
//    (5) Idle buffers have at most max(idle_bytes_min, what sequences own) bytes; release() frees them all. Memory
//        follows what the map holds: a sequence's buffer is at most twice its elements or the smallest buffer, and the
//        index is a hash_map.
//    (6) A key that is there has at least one element.
//   Const operations may run in any number of threads at once; changing needs a single thread, and use that breaks this is
//   diagnosed as in hash_map.
//
//   operation                cost, n elements of the sequence                              memory returns
//   append                   amortised O(1); O(n) when the sequence outgrows its buffer    the old buffer, to the pool
//   append_range             O(appended), and as above                                     the same
//   find contains            O(1), no allocation                                           -
//   erase                    O(n)                                                          to the pool, up to its bound
//   erase_if clear           O(elements)                                                   the same
//   for_each, copy, ==       O(elements)                                                   -
//   release                  O(idle buffers)                                               everything idle
//   shrink_to_fit            the same and O(keys)                                          and what the index can spare
//
// Requires: elements can be moved and destroyed without throwing.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <memory_resource>
#include <ostream>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <gauntlet/map/detail/buffer_pool.h>
#include <gauntlet/map/detail/point_operations.h>
#include <gauntlet/map/hash_map.h>

namespace gauntlet {

#if GAUNTLET_CHECKED
inline namespace checked_policies {
#else
inline namespace unchecked_policies {
#endif

// What can be replaced without touching the map.
struct pooled_append_map_policy {
  using map_policy = hash_map_policy;                                  // of the index
  static constexpr std::size_t first_capacity = 4;                     // elements of the smallest buffer
  static constexpr std::size_t idle_bytes_min = std::size_t{1} << 16;  // that the pool may keep in any case
  template <class Element, class Allocator, class Policy>
  using pool = detail::buffer_pool<Element, Allocator, Policy>;
};

}  // namespace checked_policies or unchecked_policies

template <class Key, class Element, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Allocator = std::allocator<std::pair<const Key, Element>>, class Policy = pooled_append_map_policy>
class pooled_append_map {
  static_assert(std::is_nothrow_move_constructible_v<Element> && std::is_nothrow_destructible_v<Element>,
                "pooled_append_map: elements must be movable and destructible without throwing");

  struct sequence {
    Element* first = nullptr;
    std::size_t size = 0;
    unsigned number = 0;  // class of the buffer
  };
  using traits = std::allocator_traits<Allocator>;
  using index_allocator = typename traits::template rebind_alloc<std::pair<const Key, sequence>>;
  using index_type = hash_map<Key, sequence, Hash, KeyEqual, index_allocator, typename Policy::map_policy>;
  using pool_type = typename Policy::template pool<Element, index_allocator, Policy>;

 public:
  using key_type = Key;
  using element_type = Element;
  using mapped_type = std::span<const Element>;
  using size_type = std::size_t;
  using hasher = Hash;
  using key_equal = KeyEqual;
  using allocator_type = Allocator;
  using policy_type = Policy;

  struct statistics {
    std::size_t keys = 0;
    std::size_t elements = 0;
    std::size_t buffers = 0;       // of sequences
    std::size_t buffer_bytes = 0;  // in those
    std::size_t idle_buffers = 0;
    std::size_t idle_bytes = 0;
    std::size_t buffers_taken = 0;  // so far, by sequences that began or had outgrown theirs
    std::size_t pool_hits = 0;      // those that were idle before; the others came from the allocator
  };

  // ---- construction

  pooled_append_map() = default;
  explicit pooled_append_map(const Allocator& allocator) : index_(index_allocator(allocator)) {}
  explicit pooled_append_map(const Hash& hash, const KeyEqual& equal = KeyEqual(),
                             const Allocator& allocator = Allocator())
      : index_(0, hash, equal, index_allocator(allocator)) {}
  // Copies every sequence: O(elements). Only where elements can be copied.
  pooled_append_map(const pooled_append_map& other)
      : pooled_append_map(other, traits::select_on_container_copy_construction(other.get_allocator())) {}
  pooled_append_map(const pooled_append_map& other, const Allocator& allocator);
  // O(1). The other map is empty afterwards.
  pooled_append_map(pooled_append_map&& other) noexcept(std::is_nothrow_move_constructible_v<index_type>)
      : index_(std::move(other.index_)), pool_(std::move(other.pool_)), elements_(std::exchange(other.elements_, 0)) {}
  ~pooled_append_map() { free_everything(); }

  // If copying throws, nothing has changed.
  pooled_append_map& operator=(const pooled_append_map& other);
  // O(1) where allocators are equal or propagate; otherwise each element moves, and those that have are lost if memory runs out.
  pooled_append_map& operator=(pooled_append_map&& other);
  // O(1). Allocators that do not propagate must be equal.
  void swap(pooled_append_map& other);
  friend void swap(pooled_append_map& a, pooled_append_map& b) { a.swap(b); }

  // ---- looking

  size_type size() const noexcept { return index_.size(); }       // keys
  size_type element_count() const noexcept { return elements_; }  // of all sequences
  [[nodiscard]] bool empty() const noexcept { return index_.empty(); }
  allocator_type get_allocator() const { return Allocator(index_.get_allocator()); }
  // The key's sequence; empty if there is none.
  std::span<const Element> find(const Key& key) const { return find_as(key); }
  std::span<Element> find(const Key& key) { return find_as(key); }
  bool contains(const Key& key) const { return index_.contains(key); }
  // The same with any key type that Hash and KeyEqual both understand.
  template <detail::lookup_key<pooled_append_map> K>
  std::span<const Element> find(const K& key) const {
    return find_as(key);
  }
  template <detail::lookup_key<pooled_append_map> K>
  std::span<Element> find(const K& key) {
    return find_as(key);
  }
  template <detail::lookup_key<pooled_append_map> K>
  bool contains(const K& key) const {
    return index_.contains(key);
  }
  // Calls visitor(const Key&, std::span<const Element>) for each key, in no order.
  template <class Visitor>
  void for_each(Visitor&& visitor) const {
    for (const auto& [key, held] : index_) visitor(key, view(held));
  }
  // The same keys with equal sequences.
  friend bool operator==(const pooled_append_map& a, const pooled_append_map& b) {
    if (a.size() != b.size() || a.elements_ != b.elements_) return false;
    for (const auto& [key, held] : a.index_) {
      const std::span<const Element> other = b.find(key);
      if (!std::equal(held.first, held.first + held.size, other.begin(), other.end())) return false;
    }
    return true;
  }
  statistics stats() const noexcept;

  // ---- growing

  // Appends to the key's sequence, which begins if it was not there; returns how many it has now.
  size_type append(const Key& key, Element element) { return append_as(key, element); }
  size_type append(Key&& key, Element element) { return append_as(std::move(key), element); }
  // Appends all of the range, in its order. Of an input range that is read once, those appended before something throws stay.
  template <std::ranges::input_range Range>
  size_type append_range(const Key& key, Range&& range);
  // Room for so many keys without growth of the index.
  void reserve(size_type keys) { index_.reserve(keys); }

  // ---- erasing

  // How many elements the key had.
  size_type erase(const Key& key) { return erase_as(key); }
  template <detail::lookup_key<pooled_append_map> K>
  size_type erase(const K& key) {
    return erase_as(key);
  }
  // Erases the keys for which predicate(const Key&, std::span<const Element>) holds; returns how many. If the predicate
  // throws, what it had chosen before is erased.
  template <class Predicate>
  size_type erase_if(Predicate predicate);
  void clear();
  // Frees the pool's idle buffers.
  void release() noexcept { pool_.release(memory()); }
  // The same, and what the index can spare.
  void shrink_to_fit() {
    release();
    index_.shrink_to_fit();
  }

  // Recounts everything and looks for buffers that overlap: O(n log n). On failure writes what is wrong.
  bool self_check(std::ostream* dump = nullptr) const;

 private:
  static std::span<const Element> view(const sequence& held) noexcept { return {held.first, held.size}; }
  index_allocator memory() const { return index_.get_allocator(); }

  template <class K>
  std::span<Element> find_as(const K& key) const {
    const auto place = index_.find(key);
    if (place == index_.end()) return {};
    return {place->second.first, place->second.size};
  }
  template <class K>
  size_type append_as(K&& key, Element& element);
  template <class K>
  size_type erase_as(const K& key);

  // A buffer without a key: it goes back to the pool, and its elements are destroyed, unless it is kept.
  class loose_buffer;
  // Calls construct(Element* at) for room for `count` elements behind the key's sequence, in a larger buffer if it takes
  // one: construct makes all of them, or throws and has made none.
  template <class K, class Construct>
  size_type grow(K&& key, size_type count, Construct construct);
  void give_back(sequence& held) noexcept;
  void free_everything() noexcept;

  index_type index_;
  pool_type pool_;
  size_type elements_ = 0;
};

namespace pmr {
template <class Key, class Element, class Hash = gauntlet::hash<Key>, class KeyEqual = std::equal_to<Key>,
          class Policy = pooled_append_map_policy>
using pooled_append_map =
    gauntlet::pooled_append_map<Key, Element, Hash, KeyEqual,
                                std::pmr::polymorphic_allocator<std::pair<const Key, Element>>, Policy>;
}  // namespace pmr

// ------------------------------------------------------------------------------------------------------- bodies below

#define GAUNTLET_MAP_TEMPLATE \
  template <class Key, class Element, class Hash, class KeyEqual, class Allocator, class Policy>
#define GAUNTLET_MAP pooled_append_map<Key, Element, Hash, KeyEqual, Allocator, Policy>

GAUNTLET_MAP_TEMPLATE
class GAUNTLET_MAP::loose_buffer {
 public:
  loose_buffer(pooled_append_map& map, unsigned number)
      : map_(map), number_(number), first_(map.pool_.take(map.memory(), number)) {}
  loose_buffer(pooled_append_map& map, const sequence& held)
      : map_(map), number_(held.number), first_(held.first), made_(held.size) {}
  ~loose_buffer() {
    if (first_ == nullptr) return;
    sequence held{first_, made_, number_};
    map_.give_back(held);
  }
  loose_buffer(const loose_buffer&) = delete;
  loose_buffer& operator=(const loose_buffer&) = delete;
  Element* first() const noexcept { return first_; }
  void has(size_type made) noexcept { made_ = made; }
  Element* keep() noexcept { return std::exchange(first_, nullptr); }

 private:
  pooled_append_map& map_;
  unsigned number_;
  Element* first_;
  size_type made_ = 0;
};

// The new elements are made first: until they are there nothing of the old sequence has moved, so they may be made from it.
GAUNTLET_MAP_TEMPLATE
template <class K, class Construct>
auto GAUNTLET_MAP::grow(K&& key, size_type count, Construct construct) -> size_type {
  auto place = index_.find(key);
  if (place == index_.end()) {
    const unsigned number = pool_type::class_for(count);
    loose_buffer buffer(*this, number);
    construct(buffer.first());
    buffer.has(count);
    // The key last: to take it out again may throw, to destroy elements may not.
    place = index_.try_emplace(std::forward<K>(key)).first;
    place->second = {buffer.keep(), count, number};
    elements_ += count;
    return count;
  }
  sequence& held = place->second;
  if (count <= pool_type::capacity_of(held.number) - held.size) {
    construct(held.first + held.size);
  } else {
    const unsigned number = pool_type::class_for(held.size + count);
    loose_buffer buffer(*this, number);
    construct(buffer.first() + held.size);
    std::uninitialized_move(held.first, held.first + held.size, buffer.first());
    give_back(held);
    held.first = buffer.keep();
    held.number = number;
  }
  held.size += count;
  elements_ += count;
  return held.size;
}

GAUNTLET_MAP_TEMPLATE
template <class K>
auto GAUNTLET_MAP::append_as(K&& key, Element& element) -> size_type {
  return grow(std::forward<K>(key), 1, [&element](Element* at) { std::construct_at(at, std::move(element)); });
}

GAUNTLET_MAP_TEMPLATE
template <std::ranges::input_range Range>
auto GAUNTLET_MAP::append_range(const Key& key, Range&& range) -> size_type {
  if constexpr (std::ranges::forward_range<Range>) {
    const auto count = static_cast<size_type>(std::ranges::distance(range));
    if (count == 0) return find(key).size();
    return grow(key, count, [&range](Element* at) {
      // Whatever iterators and sentinels: construct one by one, and take back what there is if one throws.
      Element* made = at;
      try {
        for (auto&& each : range) {
          std::construct_at(made, std::forward<decltype(each)>(each));
          ++made;
        }
      } catch (...) {
        std::destroy(at, made);
        throw;
      }
    });
  } else {
    for (auto&& each : range) append(key, Element(std::forward<decltype(each)>(each)));
    return find(key).size();
  }
}

GAUNTLET_MAP_TEMPLATE
template <class K>
auto GAUNTLET_MAP::erase_as(const K& key) -> size_type {
  const auto place = index_.find(key);
  if (place == index_.end()) return 0;
  sequence held = place->second;
  index_.erase(place->first);
  elements_ -= held.size;
  give_back(held);
  return held.size;
}

GAUNTLET_MAP_TEMPLATE
template <class Predicate>
auto GAUNTLET_MAP::erase_if(Predicate predicate) -> size_type {
  using std::erase_if;
  // Erasing an entry may throw, and then it stays, with its buffer: that goes back when the entry after it is looked at.
  sequence erased;
  const auto settle = [this, &erased]() noexcept {
    if (erased.first == nullptr) return;
    elements_ -= erased.size;
    give_back(erased);
    erased = {};
  };
  const size_type count = erase_if(index_, [&](const auto& entry) {
    settle();
    if (!predicate(entry.first, view(entry.second))) return false;
    erased = entry.second;
    return true;
  });
  settle();
  return count;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::clear() {
  for (auto& entry : index_) give_back(entry.second);
  elements_ = 0;
  index_.clear();
}

// Destroys the elements and leaves the buffer to the pool.
GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::give_back(sequence& held) noexcept {
  std::destroy_n(held.first, held.size);
  pool_.give(memory(), held.first, held.number);
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::free_everything() noexcept {
  for (auto& entry : index_) give_back(entry.second);
  pool_.release(memory());
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::pooled_append_map(const pooled_append_map& other, const Allocator& allocator)
    : pooled_append_map(other.index_.hash_function(), other.index_.key_eq(), allocator) {
  index_.reserve(other.index_.size());
  for (const auto& [key, held] : other.index_) append_range(key, view(held));
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::operator=(const pooled_append_map& other) -> pooled_append_map& {
  if (this == &other) return *this;
  constexpr bool propagates = traits::propagate_on_container_copy_assignment::value;
  pooled_append_map copy(other, propagates ? other.get_allocator() : get_allocator());
  clear();
  release();
  // Both have the allocator that is to be: the entries do not move, and neither do the buffers.
  if constexpr (propagates) {
    const index_type empty(0, copy.index_.hash_function(), copy.index_.key_eq(), copy.memory());
    index_ = empty;
  }
  index_ = std::move(copy.index_);
  pool_.swap(copy.pool_);
  elements_ = std::exchange(copy.elements_, 0);
  return *this;
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::operator=(pooled_append_map&& other) -> pooled_append_map& {
  if (this == &other) return *this;
  if constexpr (!traits::propagate_on_container_move_assignment::value) {
    if (memory() != other.memory()) {
      pooled_append_map moved(other.index_.hash_function(), other.index_.key_eq(), get_allocator());
      moved.index_.reserve(other.index_.size());
      for (auto place = other.index_.begin(); place != other.index_.end();) {
        const auto here = place++;
        const sequence held = here->second;
        const auto entry = other.index_.extract(here);  // which leaves all other iterators as they are
        other.elements_ -= held.size;
        const loose_buffer left(other, held);
        moved.grow(std::move(entry.key()), held.size,
                   [&held](Element* at) noexcept { std::uninitialized_move_n(held.first, held.size, at); });
      }
      other.clear();
      return *this = std::move(moved);
    }
  }
  // From here on the map is empty if assigning Hash or KeyEqual throws.
  clear();
  release();
  index_ = std::move(other.index_);
  pool_type(std::move(other.pool_)).swap(pool_);
  elements_ = std::exchange(other.elements_, 0);
  return *this;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::swap(pooled_append_map& other) {
  if (this == &other) return;
  index_.swap(other.index_);
  pool_.swap(other.pool_);
  std::swap(elements_, other.elements_);
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::stats() const noexcept -> statistics {
  const auto& pool = pool_.stats();
  return {index_.size(),     elements_,       pool.buffers, pool.bytes,
          pool.idle_buffers, pool.idle_bytes, pool.taken,   pool.hits};
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::self_check(std::ostream* dump) const {
  bool healthy = index_.self_check(dump);
  const auto expect = [&healthy, dump](bool right, const char* what, size_type counted, size_type said) {
    if (right) return;
    healthy = false;
    if (dump != nullptr) *dump << "pooled_append_map: " << what << ": " << counted << ", " << said << "\n";
  };
  struct extent {
    const char* first;
    size_type bytes;
  };
  std::vector<extent> owned, all;
  size_type elements = 0, owned_bytes = 0, idle = 0, idle_bytes = 0;
  for (const auto& [key, held] : index_) {
    expect(held.size != 0, "a key without elements", held.size, 1);
    const size_type room = pool_type::capacity_of(held.number);
    expect(held.size <= room, "a sequence is larger than its buffer", held.size, room);
    all.push_back({reinterpret_cast<const char*>(held.first), pool_type::bytes_of(held.number)});
    owned_bytes += all.back().bytes;
    elements += held.size;
  }
  // A pool whose list has lost its end would go round for ever.
  const size_type idle_max = pool_.stats().idle_buffers + index_.size() + 1;
  pool_.for_each_idle([&](const void* at, size_type bytes) {
    if (++idle > idle_max) return false;
    all.push_back({static_cast<const char*>(at), bytes});
    idle_bytes += bytes;
    return true;
  });
  expect(elements == elements_, "elements counted and said to be there", elements, elements_);
  expect(index_.size() == pool_.stats().buffers, "sequences and buffers owned", index_.size(), pool_.stats().buffers);
  expect(owned_bytes == pool_.stats().bytes, "bytes owned, counted and said", owned_bytes, pool_.stats().bytes);
  expect(idle == pool_.stats().idle_buffers, "idle buffers, counted and said", idle, pool_.stats().idle_buffers);
  expect(idle_bytes == pool_.stats().idle_bytes, "idle bytes, counted and said", idle_bytes, pool_.stats().idle_bytes);
  expect(idle_bytes <= std::max(Policy::idle_bytes_min, owned_bytes), "idle bytes and those owned", idle_bytes,
         owned_bytes);
  std::sort(all.begin(), all.end(), [](const extent& a, const extent& b) { return std::less<>()(a.first, b.first); });
  size_type shared = 0;
  for (size_type i = 1; i < all.size(); ++i) shared += std::less<>()(all[i].first, all[i - 1].first + all[i - 1].bytes);
  expect(shared == 0, "buffers that overlap another one, of all", shared, all.size());
  return healthy;
}

#undef GAUNTLET_MAP
#undef GAUNTLET_MAP_TEMPLATE

}  // namespace gauntlet
