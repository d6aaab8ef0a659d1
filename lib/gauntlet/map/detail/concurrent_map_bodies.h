// The bodies of concurrent_map.h. Every body says that this thread is inside, and leaves the rest to the buckets.
#pragma once

#include <gauntlet/map/concurrent_map.h>

namespace gauntlet {

#define GAUNTLET_MAP_TEMPLATE template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
#define GAUNTLET_MAP concurrent_map<Key, T, Hash, KeyEqual, Allocator, Policy>

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::concurrent_map(std::initializer_list<value_type> elements) : concurrent_map() {
  for (const value_type& element : elements) insert(element.first, element.second);
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::concurrent_map(const map_type& contents)
    : concurrent_map(contents.hash_function(), contents.key_eq(), contents.get_allocator()) {
  for (const auto& element : contents) insert(element.first, element.second);
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::concurrent_map(const concurrent_map& other)
    : concurrent_map(other.hash_function(), other.key_eq(),
                     allocator_traits::select_on_container_copy_construction(other.get_allocator())) {
  const inside there(&other, "copy construction");
  copy_elements(other);
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::concurrent_map(concurrent_map&& other)
    : concurrent_map(other.hash_function(), other.key_eq(), other.get_allocator()) {
  const inside there(&other, "move construction");
  buckets_.swap(other.buckets_);
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::operator=(const concurrent_map& other) -> concurrent_map& {
  if (this != &other) {
    constexpr bool propagates = allocator_traits::propagate_on_container_copy_assignment::value;
    const inside here(this, "copy assignment");
    const inside there(&other, "copy assignment");
    concurrent_map copy(other.hash_function(), other.key_eq(), propagates ? other.get_allocator() : get_allocator());
    copy.copy_elements(other);
    buckets_.swap(copy.buckets_);
    if constexpr (propagates) buckets_.swap_allocators(copy.buckets_);
  }
  return *this;
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::operator=(concurrent_map&& other) -> concurrent_map& {
  if (this != &other) {
    constexpr bool propagates = allocator_traits::propagate_on_container_move_assignment::value;
    const inside here(this, "move assignment");
    const inside there(&other, "move assignment");
    concurrent_map taken(other.hash_function(), other.key_eq(), other.get_allocator());
    if (propagates || get_allocator() == other.get_allocator()) {
      taken.buckets_.swap(other.buckets_);
      buckets_.swap(taken.buckets_);
      if constexpr (propagates) buckets_.swap_allocators(taken.buckets_);
    } else {
      concurrent_map before(other.hash_function(), other.key_eq(), get_allocator());
      buckets_.swap(before.buckets_);
      buckets_.merge(other.buckets_);
      taken.buckets_.swap(other.buckets_);
    }
  }
  return *this;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert(Key key, T value) {
  const inside here(this, "insert");
  if constexpr (types::in_words) {
    return buckets_.template insert_words<false>(key, value);
  } else {
    return buckets_.emplace_or(
        std::move(key), [&value](auto&& construct) { construct(std::move(value)); }, [](T&) { return false; });
  }
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert_or_assign(Key key, T value) {
  detail::replaced_value<T> before;
  const inside here(this, "insert_or_assign");
  if constexpr (types::in_words) {
    return buckets_.template insert_words<true>(key, value);
  } else {
    return buckets_.emplace_or(
        std::move(key), [&value](auto&& construct) { construct(std::move(value)); },
        [&](T& there) {
          before.put(there, std::move(value));
          return true;
        });
  }
}

GAUNTLET_MAP_TEMPLATE
template <class... Arguments>
bool GAUNTLET_MAP::try_emplace(Key key, Arguments&&... arguments) {
  const inside here(this, "try_emplace");
  return buckets_.emplace_or(
      std::move(key), [&](auto&& construct) { construct(std::forward<Arguments>(arguments)...); },
      [](T&) { return false; });
}

GAUNTLET_MAP_TEMPLATE
template <class Visitor>
bool GAUNTLET_MAP::insert_or_visit(Key key, T value, Visitor&& visitor) {
  const inside here(this, "insert_or_visit");
  return buckets_.emplace_or(
      std::move(key), [&value](auto&& construct) { construct(std::move(value)); },
      [&visitor](T& there) {
        visitor(there);
        return true;
      });
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::compare_exchange(const Key& key, const T& expected, T desired) {
  detail::replaced_value<T> before;
  const inside here(this, "compare_exchange");
  bool replaced = false;
  buckets_.update(key, [&](T& value) {
    if (!(std::as_const(value) == expected)) return false;
    before.put(value, std::move(desired));
    replaced = true;
    return true;
  });
  return replaced;
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::find_as(const K& key) const {
  const inside here(this, "find");
  return buckets_.find(key);
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::contains_as(const K& key) const {
  const inside here(this, "contains");
  return buckets_.contains(key);
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::visit_as(const K& key, Visitor& visitor) const {
  const inside here(this, "visit");
  return buckets_.read(key, [&visitor](const T& value) { visitor(value); });
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::update_as(const K& key, Visitor& visitor) {
  const inside here(this, "update");
  return buckets_.update(key, [&visitor](T& value) {
    visitor(value);
    return true;
  });
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::erase_as(const K& key) {
  typename buckets_type::taken_out gone(buckets_);
  const inside here(this, "erase");
  return buckets_.erase(key, gone);
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::extract_as(const K& key) {
  typename buckets_type::taken_out gone(buckets_);
  const inside here(this, "extract");
  return buckets_.extract(key, gone);
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::size() const -> size_type {
  const inside here(this, "size");
  return buckets_.count(~size_type{0});
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::empty() const {
  const inside here(this, "empty");
  return buckets_.count(1) == 0;
}

GAUNTLET_MAP_TEMPLATE
template <class Visitor>
void GAUNTLET_MAP::for_each(Visitor&& visitor) const {
  const inside here(this, "for_each");
  buckets_.for_each(0, last_hash, [&visitor](const Key& key, const T& value) {
    visitor(key, value);
    return true;
  });
}

// The hashes are cut into pieces of equal length; each thread takes the next one until none is left.
GAUNTLET_MAP_TEMPLATE
template <class Visitor>
void GAUNTLET_MAP::for_each(std::size_t threads, Visitor&& visitor) const {
  constexpr std::size_t pieces_per_thread = 8, threads_max = 4096;
  threads = std::min(threads, threads_max);
  const std::size_t pieces =
      std::max(std::size_t{1}, std::min(buckets_.directory_entries(), std::bit_ceil(threads * pieces_per_thread)));
  const auto bits = static_cast<unsigned>(std::countr_zero(pieces));
  std::atomic<std::size_t> next{0};  // [piece] pairs with nothing: a ticket counter
  std::mutex failing;
  std::exception_ptr failure;  // guarded by failing
  const auto work = [&] {
    try {
      const inside here(this, "for_each");
      for (std::size_t piece = next.fetch_add(1, std::memory_order_relaxed); piece < pieces;
           piece = next.fetch_add(1, std::memory_order_relaxed)) {
        const std::uint64_t first = bits == 0 ? 0 : static_cast<std::uint64_t>(piece) << (64 - bits);
        buckets_.for_each(first, first | last_hash >> bits, [&](const Key& key, const T& value) {
          visitor(key, value);
          return next.load(std::memory_order_relaxed) <= pieces + threads;
        });
      }
    } catch (...) {
      const std::lock_guard guard(failing);
      if (!failure) failure = std::current_exception();
      next.store(2 * (pieces + threads), std::memory_order_relaxed);  // nobody goes on
    }
  };
  std::vector<std::thread> others;
  try {
    for (std::size_t i = 1; i < std::min(threads, pieces); ++i) others.emplace_back(work);
  } catch (...) {  // no more threads, or no memory for them: as many as there are
  }
  work();
  for (std::thread& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

GAUNTLET_MAP_TEMPLATE
template <class Predicate>
auto GAUNTLET_MAP::erase_if(Predicate&& predicate) -> size_type {
  return erase_chosen("erase_if", predicate);
}

GAUNTLET_MAP_TEMPLATE
template <class Chosen>
auto GAUNTLET_MAP::erase_chosen(const char* operation, Chosen& chosen) -> size_type {
  const inside here(this, operation);
  return buckets_.erase_if(chosen, [&here](auto& gone) {
    const typename inside::pause outside(here);
    gone.destroy_all();
  });
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::clear() {
  const auto all = [](const Key&, const T&) { return true; };
  erase_chosen("clear", all);
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::snapshot() const -> map_type {
  const inside here(this, "snapshot");
  map_type all(0, hash_function(), key_eq(), allocator_traits::select_on_container_copy_construction(get_allocator()));
  all.reserve(approximate_size());
  buckets_.for_each(0, last_hash, [&all](const Key& key, const T& value) {
    all.try_emplace(key, value);
    return true;
  });
  return all;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::reserve(size_type elements) {
  const inside here(this, "reserve");
  buckets_.reserve(elements);
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::swap(concurrent_map& other) {
  if (this != &other) {
    const inside here(this, "swap");
    const inside there(&other, "swap");
    buckets_.swap(other.buckets_);
    if constexpr (allocator_traits::propagate_on_container_swap::value) buckets_.swap_allocators(other.buckets_);
  }
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::merge(concurrent_map& other) {
  if (this != &other) {
    const inside here(this, "merge");
    const inside there(&other, "merge");
    buckets_.merge(other.buckets_);
  }
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::copy_elements(const concurrent_map& other) {
  other.buckets_.for_each(0, last_hash, [this](const Key& key, const T& value) {
    buckets_.emplace_or(Key(key), [&value](auto&& construct) { construct(value); }, [](T&) { return false; });
    return true;
  });
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::equal_to(const concurrent_map& other) const {
  const inside here(this, "operator==");
  if (this == &other) {
    return buckets_.for_each(0, last_hash, [](const Key&, const T& value) { return value == value; });
  }
  const inside there(&other, "operator==");
  if (buckets_.count(~size_type{0}) != other.buckets_.count(~size_type{0})) return false;
  return buckets_.for_each(0, last_hash, [&other](const Key& key, const T& value) {
    bool equal = false;
    other.buckets_.read(key, [&](const T& found) { equal = value == found; });
    return equal;
  });
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::shrink_to_fit() {
  const inside here(this, "shrink_to_fit");
  buckets_.rebuild();
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::self_check(std::ostream* dump) const {
  const inside here(this, "self_check");
  return buckets_.self_check(dump);
}

#undef GAUNTLET_MAP
#undef GAUNTLET_MAP_TEMPLATE

}  // namespace gauntlet
