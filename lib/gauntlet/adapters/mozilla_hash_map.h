// mozilla::HashMap (mfbt of Firefox 102) before the judge: double hashing in one array, which erasing shrinks.
//
// It is made for code without exceptions: memory that is missing is an answer, and no other fault is asked of it. Its hash
// policy and its lookups ask the key, so its keys are the judge's. A move always takes the allocator along.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <mozilla/HashTable.h>

#include <gauntlet/adapters/allocator_for.h>
#include <gauntlet/adapters/judged_key.h>
#include <gauntlet/adapters/showing_pairs.h>
#include <gauntlet/adapters/standard.h>

namespace gauntlet::adapters {

// Hands out memory of the judge's allocator, aligned as malloc's is; what is missing is a null pointer.
template <class Allocator>
class mozilla_memory {
  struct unit {
    alignas(std::max_align_t) std::byte bytes[alignof(std::max_align_t)];
  };
  template <class U>
  static constexpr std::size_t units(std::size_t n) {
    return (n * sizeof(U) + sizeof(unit) - 1) / sizeof(unit);
  }

 public:
  explicit mozilla_memory(const Allocator& allocator) : allocator_(allocator) {}
  const allocator_for<Allocator, unit>& allocator() const { return allocator_; }
  template <class U>
  U* maybe_pod_malloc(std::size_t n) {
    try {
      return reinterpret_cast<U*>(allocator_.allocate(units<U>(n)));
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  template <class U>
  U* pod_malloc(std::size_t n) {
    return maybe_pod_malloc<U>(n);
  }
  template <class U>
  void free_(U* block, std::size_t n) {
    if (block != nullptr) allocator_.deallocate(reinterpret_cast<unit*>(block), units<U>(n));
  }
  void reportAllocOverflow() const {}
  bool checkSimulatedOOM() const { return true; }

 private:
  allocator_for<Allocator, unit> allocator_;
};

template <class Judged>
struct mozilla_policy {
  using Lookup = Judged;
  static mozilla::HashNumber hash(const Judged& key) {
    const std::size_t h = key.hash_code();
    return static_cast<mozilla::HashNumber>(h ^ h >> 32);
  }
  static bool match(const Judged& a, const Judged& b) { return a == b; }
};

template <class Key, class T, class Judged, class Allocator>
class mozilla_table {
  using memory = mozilla_memory<Allocator>;
  using map = mozilla::HashMap<Judged, T, mozilla_policy<Judged>, memory>;
  using entry = typename map::Entry;
  // A lookup gives the entry and no iterator: where one is needed, it is looked for.
  template <class Mapped>
  class place {
   public:
    place() = default;
    place(const map& m, entry* e) : map_(&m), entry_(e) {}
    explicit place(const map& m) : map_(&m), at_(m.iter()) { entry_ = at_->done() ? nullptr : &at_->get(); }
    const Key& key() const { return entry_->key().key; }
    Mapped& value() const { return entry_->value(); }
    void operator++() {
      if (!at_) {
        for (at_.emplace(map_->iter()); &at_->get() != entry_;) at_->next();
      }
      at_->next();
      entry_ = at_->done() ? nullptr : &at_->get();
    }
    bool operator==(const place& other) const { return entry_ == other.entry_; }

   private:
    const map* map_ = nullptr;
    entry* entry_ = nullptr;
    std::optional<typename map::Iterator> at_;
  };

 public:
  using iterator = showing_pairs<Key, T, place<T>>;
  using const_iterator = showing_pairs<Key, const T, place<const T>>;

  mozilla_table(const Allocator& allocator, std::size_t capacity)
      : map_(memory(allocator), static_cast<std::uint32_t>(capacity)), allocator_(allocator) {}
  Allocator get_allocator() const { return allocator_; }
  iterator begin() { return {place<T>(map_)}; }
  iterator end() { return {}; }
  const_iterator begin() const { return {place<const T>(map_)}; }
  const_iterator end() const { return {}; }
  iterator find(const Key& key) { return {place<T>(map_, found(key))}; }
  const_iterator find(const Key& key) const { return {place<const T>(map_, found(key))}; }
  bool contains(const Key& key) const { return map_.has(Judged(key)); }
  template <class Argument>
  std::pair<iterator, bool> try_emplace(const Key& key, Argument&& argument) {
    auto at = map_.lookupForAdd(Judged(key));
    const bool fresh = !at;
    if (fresh && !map_.add(at, Judged(key), T(std::forward<Argument>(argument))))
      throw check::injected_allocation_failure();
    return {iterator(place<T>(map_, &*at)), fresh};
  }
  std::pair<iterator, bool> insert(std::pair<const Key, T>&& e) { return try_emplace(e.first, std::move(e.second)); }
  template <class Argument>
  std::pair<iterator, bool> insert_or_assign(const Key& key, Argument&& argument) {
    const std::size_t before = size();
    if (!map_.put(Judged(key), T(std::forward<Argument>(argument)))) throw check::injected_allocation_failure();
    return {find(key), size() != before};
  }
  std::size_t erase(const Key& key) {
    const std::size_t before = size();
    map_.remove(Judged(key));
    return before - size();
  }
  friend std::size_t erase_if(mozilla_table& m, auto predicate) {
    const std::size_t before = m.size();
    for (auto at = m.map_.modIter(); !at.done(); at.next()) {
      if (predicate(std::pair<const Key&, T&>(at.get().key().key, at.get().value()))) at.remove();
    }
    return before - m.size();
  }
  std::size_t size() const { return map_.count(); }
  void clear() { map_.clear(); }
  void shrink_to_fit() { map_.compact(); }
  void reserve(std::size_t elements) {
    if (elements > std::size_t{1} << 29) throw std::length_error("more room than there can be");
    if (!map_.reserve(static_cast<std::uint32_t>(elements))) throw check::injected_allocation_failure();
  }

 private:
  entry* found(const Key& key) const {
    const auto at = map_.lookup(Judged(key));
    return at ? &*at : nullptr;
  }
  map map_;
  Allocator allocator_;
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct mozilla_hash_map {
  using judged = judged_key<Key, Hash, KeyEqual>;
  using map_type = mozilla_table<Key, T, judged, Allocator>;
  static constexpr std::string_view name = "mozilla_hash_map";
  static map_type make(const Hash& hash, const KeyEqual& equal, const Allocator& allocator, std::size_t capacity) {
    judged::ask(hash, equal);
    return map_type(allocator, capacity);
  }
  static constexpr check::capabilities can() {
    return {.erase_keeps_iterators = false, .arguments_may_refer_inside = false};
  }
  static constexpr bool leaves_out(const check::circumstances& now) {
    if (now.code == check::opcode::move_assign) return now.allocators_differ && !now.allocators_propagate;
    return now.fault_armed && now.fault != check::fault_kind::allocation;
  }
};

}  // namespace gauntlet::adapters
