// The bodies of sharded_map.h. Operations on one key: say that this thread is inside, find the shard, take its lock, do
// what hash_map does. Operations under all_shards_guard are unchecked by the annotations, which cannot name the locks
// of an array; each of them creates the guard first and touches shards afterwards.
#pragma once

#include <gauntlet/map/sharded_map.h>

namespace gauntlet {

#define GAUNTLET_MAP_TEMPLATE template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
#define GAUNTLET_MAP sharded_map<Key, T, Hash, KeyEqual, Allocator, Policy>

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::sharded_map(std::initializer_list<value_type> elements) : sharded_map() {
  for (const value_type& element : elements) {
    insert(element.first, element.second);
  }
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::sharded_map(const map_type& contents)
    : sharded_map(contents.hash_function(), contents.key_eq(), contents.get_allocator()) {
  for (const auto& element : contents) {
    insert(element.first, element.second);
  }
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::all_shards_guard::all_shards_guard(const sharded_map& only) : first_(&only), second_(nullptr) {
  for (const shard& each : first_->shards_) {
    each.lock.lock();
  }
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::all_shards_guard::all_shards_guard(const sharded_map& one, const sharded_map& other)
    : first_(std::less<>()(&one, &other) ? &one : &other), second_(first_ == &one ? &other : &one) {
  for (const sharded_map* map : {first_, second_}) {
    for (const shard& each : map->shards_) {
      each.lock.lock();
    }
  }
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::all_shards_guard::~all_shards_guard() {
  for (const sharded_map* map : {first_, second_}) {
    if (map != nullptr) {
      for (const shard& each : map->shards_) {
        each.lock.unlock();
      }
    }
  }
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::sharded_map(const sharded_map& other) : sharded_map(other, all_shards_guard(other)) {}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::sharded_map(sharded_map&& other) : sharded_map(other, all_shards_guard(other)) {}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::sharded_map(const sharded_map& other, const all_shards_guard&)
    : hash_(other.hash_), shards_(make_shards([&other](std::size_t number) GAUNTLET_UNCHECKED_LOCKING {
        const inside there(&other, "copy construction");
        return map_type(other.shards_[number].map);
      })) {}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::sharded_map(sharded_map& other, const all_shards_guard&)
    : hash_(other.hash_), shards_(make_shards([&other](std::size_t number) GAUNTLET_UNCHECKED_LOCKING {
        const inside there(&other, "move construction");
        map_type taken(std::move(other.shards_[number].map));
        other.shards_[number].map.clear();
        return taken;
      })) {}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::operator=(const sharded_map& other) -> sharded_map& {
  if (this != &other) {
    const inside here(this, "copy assignment");
    const inside there(&other, "copy assignment");
    const all_shards_guard guard(*this, other);
    for (std::size_t number = 0; number < shard_count; ++number) {
      shards_[number].map = other.shards_[number].map;
    }
  }
  return *this;
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::operator=(sharded_map&& other) -> sharded_map& {
  if (this != &other) {
    const inside here(this, "move assignment");
    const inside there(&other, "move assignment");
    const all_shards_guard guard(*this, other);
    for (std::size_t number = 0; number < shard_count; ++number) {
      shards_[number].map = std::move(other.shards_[number].map);
      other.shards_[number].map.clear();
    }
  }
  return *this;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert(Key key, T value) {
  const inside here(this, "insert");
  shard& home = shard_of(key);
  const locked guard(home.lock);
  return home.map.try_emplace(std::move(key), std::move(value)).second;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert_or_assign(Key key, T value) {
  detail::replaced_value<T> before;
  const inside here(this, "insert_or_assign");
  shard& home = shard_of(key);
  const locked guard(home.lock);
  return detail::insert_or_assign_locked(home.map, std::move(key), std::move(value), before);
}

GAUNTLET_MAP_TEMPLATE
template <class... Arguments>
bool GAUNTLET_MAP::try_emplace(Key key, Arguments&&... arguments) {
  const inside here(this, "try_emplace");
  shard& home = shard_of(key);
  const locked guard(home.lock);
  return home.map.try_emplace(std::move(key), std::forward<Arguments>(arguments)...).second;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::compare_exchange(const Key& key, const T& expected, T desired) {
  detail::replaced_value<T> before;
  const inside here(this, "compare_exchange");
  shard& home = shard_of(key);
  const locked guard(home.lock);
  return detail::compare_exchange_locked(home.map, key, expected, std::move(desired), before);
}

GAUNTLET_MAP_TEMPLATE
template <class GiveUp>
std::optional<bool> GAUNTLET_MAP::insert_or_assign_unless(GiveUp&& give_up, Key key, T value) {
  detail::replaced_value<T> before;
  const inside here(this, "insert_or_assign_unless");
  shard& home = shard_of(key);
  if (!detail::lock_unless(home.lock, give_up)) {
    return std::nullopt;
  }
  const adopted guard(home.lock);
  return detail::insert_or_assign_locked(home.map, std::move(key), std::move(value), before);
}

GAUNTLET_MAP_TEMPLATE
template <class GiveUp>
std::optional<bool> GAUNTLET_MAP::erase_unless(GiveUp&& give_up, const Key& key) {
  detail::taken_out_element<map_type> gone;
  const inside here(this, "erase_unless");
  shard& home = shard_of(key);
  if (!detail::lock_unless(home.lock, give_up)) {
    return std::nullopt;
  }
  const adopted guard(home.lock);
  return gone.erase_locked(home.map, key);
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::find_as(const K& key) const {
  const inside here(this, "find");
  const shard& home = shard_of(key);
  const locked guard(home.lock);
  return detail::find_copy_locked(home.map, key);
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::contains_as(const K& key) const {
  const inside here(this, "contains");
  const shard& home = shard_of(key);
  const locked guard(home.lock);
  return home.map.contains(key);
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::visit_as(const K& key, Visitor& visitor) const {
  const inside here(this, "visit");
  const shard& home = shard_of(key);
  const locked guard(home.lock);
  return detail::visit_locked(home.map, key, visitor);
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::update_as(const K& key, Visitor& visitor) {
  const inside here(this, "update");
  shard& home = shard_of(key);
  const locked guard(home.lock);
  return detail::visit_locked(home.map, key, visitor);
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::erase_as(const K& key) {
  detail::taken_out_element<map_type> gone;
  const inside here(this, "erase");
  shard& home = shard_of(key);
  const locked guard(home.lock);
  return gone.erase_locked(home.map, key);
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::extract_as(const K& key) {
  detail::taken_out_element<map_type> gone;
  const inside here(this, "extract");
  shard& home = shard_of(key);
  const locked guard(home.lock);
  return gone.extract_locked(home.map, key);
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::size() const -> size_type {
  const inside here(this, "size");
  size_type sum = 0;
  for (const shard& each : shards_) {
    const locked guard(each.lock);
    sum += each.map.size();
  }
  return sum;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::empty() const {
  const inside here(this, "empty");
  for (const shard& each : shards_) {
    const locked guard(each.lock);
    if (!each.map.empty()) return false;
  }
  return true;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::reserve(size_type elements) {
  const inside here(this, "reserve");
  const size_type each_gets = elements / shard_count + (elements % shard_count != 0 ? 1 : 0);
  for (shard& each : shards_) {
    const locked guard(each.lock);
    each.map.reserve(each_gets);
  }
}

GAUNTLET_MAP_TEMPLATE
template <class Visitor>
void GAUNTLET_MAP::for_each(Visitor&& visitor) const {
  const inside here(this, "for_each");
  for (const shard& each : shards_) {
    const locked guard(each.lock);
    for (const auto& element : each.map) {
      visitor(element.first, element.second);
    }
  }
}

GAUNTLET_MAP_TEMPLATE
template <class Predicate>
auto GAUNTLET_MAP::erase_if(Predicate&& predicate) -> size_type {
  const inside here(this, "erase_if");
  size_type erased = 0;
  for (shard& each : shards_) {
    const locked guard(each.lock);
    erased += detail::erase_if_locked(each.map, predicate);
  }
  return erased;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::clear() {
  if constexpr (detail::destroys_nothing<value_type>) {
    const inside here(this, "clear");
    const all_shards_guard guard(*this);
    for (shard& each : shards_) {
      each.map.clear();
    }
  } else {
    std::array<std::optional<map_type>, shard_count> all;  // until the locks are free
    const inside here(this, "clear");
    const all_shards_guard guard(*this);
    for (std::size_t number = 0; number < shard_count; ++number) {
      const map_type& map = shards_[number].map;
      all[number].emplace(0, map.hash_function(), map.key_eq(), map.get_allocator());
    }
    for (std::size_t number = 0; number < shard_count; ++number) {
      all[number]->swap(shards_[number].map);
    }
  }
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::snapshot() const -> map_type {
  const inside here(this, "snapshot");
  const all_shards_guard guard(*this);
  size_type sum = 0;
  for (const shard& each : shards_) {
    sum += each.map.size();
  }
  const map_type& any = shards_.front().map;
  map_type all(0, hash_, any.key_eq(),
               std::allocator_traits<Allocator>::select_on_container_copy_construction(any.get_allocator()));
  all.reserve(sum);
  for (const shard& each : shards_) {
    for (const auto& element : each.map) {
      all.try_emplace(element.first, element.second);
    }
  }
  return all;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::swap(sharded_map& other) {
  if (this != &other) {
    const inside here(this, "swap");
    const inside there(&other, "swap");
    const all_shards_guard guard(*this, other);
    for (std::size_t number = 0; number < shard_count; ++number) {
      shards_[number].map.swap(other.shards_[number].map);
    }
  }
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::merge(sharded_map& other) {
  if (this != &other) {
    const inside here(this, "merge");
    const inside there(&other, "merge");
    const all_shards_guard guard(*this, other);
    for (std::size_t number = 0; number < shard_count; ++number) {
      shards_[number].map.merge(other.shards_[number].map);
    }
  }
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::equal_to(const sharded_map& other) const {
  const inside here(this, "operator==");
  if (this == &other) {
    const all_shards_guard guard(*this);
    for (const shard& each : shards_) {
      if (!detail::equals_itself_locked(each.map)) {
        return false;
      }
    }
    return true;
  }
  const inside there(&other, "operator==");
  const all_shards_guard guard(*this, other);
  for (std::size_t number = 0; number < shard_count; ++number) {
    if (!(shards_[number].map == other.shards_[number].map)) {
      return false;
    }
  }
  return true;
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::contention() const
  requires requires(const typename Policy::lock_type& lock) { lock.stats(); }
{
  std::array<decltype(shards_[0].lock.stats()), shard_count> all;
  for (std::size_t number = 0; number < shard_count; ++number) {
    all[number] = shards_[number].lock.stats();
  }
  return all;
}

GAUNTLET_MAP_TEMPLATE
std::string GAUNTLET_MAP::describe() const {
  const inside here(this, "describe");
  std::ostringstream out;
  out << shard_count << " shards";
  for (std::size_t number = 0; number < shard_count; ++number) {
    const shard& each = shards_[number];
    const locked guard(each.lock);
    if (!each.map.empty()) {
      out << "; " << number << ": " << each.map.describe();
    }
  }
  return out.str();
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::self_check(std::ostream* dump) const {
  const inside here(this, "self_check");
  const all_shards_guard guard(*this);
  bool healthy = true;
  for (std::size_t number = 0; number < shard_count; ++number) {
    const map_type& map = shards_[number].map;
    healthy = map.self_check(dump) && healthy;
    for (const auto& element : map) {
      const std::size_t home = route(element.first);
      if (home != number) {
        healthy = false;
        if (dump != nullptr) {
          *dump << "sharded_map: shard " << number << " holds an element that belongs to shard " << home << "\n";
        }
      }
    }
  }
  return healthy;
}

#undef GAUNTLET_MAP
#undef GAUNTLET_MAP_TEMPLATE

}  // namespace gauntlet
