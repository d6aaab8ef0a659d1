// The bodies of rcu_map.h. Readers: announce, look. Writers: say that this thread is inside, look without the lock
// whether there is anything to do, get memory, take the lock, look again, publish. What destroys elements, `gone` and
// `fresh`, comes first and so ends last, when this thread is outside again.
#pragma once

#include <gauntlet/map/rcu_map.h>

namespace gauntlet {

#define GAUNTLET_MAP_TEMPLATE template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
#define GAUNTLET_MAP rcu_map<Key, T, Hash, KeyEqual, Allocator, Policy>

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::rcu_map(std::initializer_list<value_type> elements) : rcu_map() {
  for (const value_type& element : elements) {
    insert(element.first, element.second);
  }
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::rcu_map(const map_type& contents)
    : rcu_map(contents.hash_function(), contents.key_eq(), contents.get_allocator()) {
  for (const auto& element : contents) {
    insert(element.first, element.second);
  }
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::rcu_map(const rcu_map& other)
    : rcu_map(other.hash_, other.equal_,
              std::allocator_traits<Allocator>::select_on_container_copy_construction(other.allocator_)) {
  other.for_each([this](const Key& key, const T& value) { insert(key, value); });
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert(Key key, T value) {
  unpublished fresh(*this);
  const inside here(this, "insert");
  const std::uint64_t hash = hash_of(key);
  if (is_there(key, hash)) {
    return false;
  }
  fresh.construct(hash, std::move(key), std::move(value));
  shard& home = shard_of(hash);
  const locked guard(home.lock);
  if (place_locked(home, fresh.element().first, hash)) {
    return false;
  }
  insert_locked(home, hash, fresh);
  return true;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert_or_assign(Key key, T value) {
  taken_out gone(*this);
  unpublished fresh(*this);
  const inside here(this, "insert_or_assign");
  const std::uint64_t hash = hash_of(key);
  fresh.construct(hash, std::move(key), std::move(value));
  shard& home = shard_of(hash);
  lock_with_room(home, gone);
  const adopted guard(home.lock);
  return insert_or_assign_locked(home, hash, fresh, gone);
}

GAUNTLET_MAP_TEMPLATE
template <class GiveUp>
std::optional<bool> GAUNTLET_MAP::insert_or_assign_unless(GiveUp&& give_up, Key key, T value) {
  taken_out gone(*this);
  unpublished fresh(*this);
  const inside here(this, "insert_or_assign_unless");
  const std::uint64_t hash = hash_of(key);
  fresh.construct(hash, std::move(key), std::move(value));
  shard& home = shard_of(hash);
  if (!lock_with_room_unless(home, gone, give_up)) {
    return std::nullopt;
  }
  const adopted guard(home.lock);
  return insert_or_assign_locked(home, hash, fresh, gone);
}

GAUNTLET_MAP_TEMPLATE
template <class... Arguments>
bool GAUNTLET_MAP::try_emplace(Key key, Arguments&&... arguments) {
  unpublished fresh(*this);
  const inside here(this, "try_emplace");
  const std::uint64_t hash = hash_of(key);
  if (is_there(key, hash)) {
    return false;
  }
  fresh.allocate();
  shard& home = shard_of(hash);
  const locked guard(home.lock);
  if (place_locked(home, key, hash)) {
    return false;
  }
  fresh.construct(hash, std::piecewise_construct, std::forward_as_tuple(std::move(key)),
                  std::forward_as_tuple(std::forward<Arguments>(arguments)...));
  insert_locked(home, hash, fresh);
  return true;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::compare_exchange(const Key& key, const T& expected, T desired) {
  taken_out gone(*this);
  unpublished fresh(*this);
  const inside here(this, "compare_exchange");
  const std::uint64_t hash = hash_of(key);
  {
    const reading_guard reading_now(domain_);
    const entry* const seen = lookup(key, hash);
    if (seen == nullptr || !(seen->element.second == expected)) {
      return false;
    }
  }
  fresh.construct(hash, key, std::move(desired));
  shard& home = shard_of(hash);
  lock_with_room(home, gone);
  const adopted guard(home.lock);
  const place at = place_locked(home, key, hash);
  if (!at || !(std::as_const(at.entry()->element.second) == expected)) {
    return false;
  }
  replace_locked(home, at, fresh, gone);
  return true;
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::find_as(const K& key) const {
  const std::uint64_t hash = hash_of(key);
  const reading_guard reading_now(domain_);
  const entry* const found = lookup(key, hash);
  return found != nullptr ? std::optional<T>(std::in_place, found->element.second) : std::nullopt;
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::contains_as(const K& key) const {
  return is_there(key, hash_of(key));
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::visit_as(const K& key, Visitor& visitor) const {
  const std::uint64_t hash = hash_of(key);
  const reading_guard reading_now(domain_);
  const entry* const found = lookup(key, hash);
  if (found == nullptr) {
    return false;
  }
  visitor(found->element.second);
  return true;
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::update_as(const K& key, Visitor& visitor) {
  static_assert(std::is_copy_constructible_v<Key> && std::is_copy_constructible_v<T>,
                "rcu_map: update changes a copy of the element, so Key and T must be copy constructible");
  taken_out gone(*this);
  unpublished fresh(*this);
  const inside here(this, "update");
  const std::uint64_t hash = hash_of(key);
  if (!is_there(key, hash)) {
    return false;
  }
  fresh.allocate();
  shard& home = shard_of(hash);
  lock_with_room(home, gone);
  const adopted guard(home.lock);
  const place at = place_locked(home, key, hash);
  if (!at) {
    return false;
  }
  fresh.construct(hash, std::as_const(at.entry()->element));
  visitor(fresh.element().second);
  replace_locked(home, at, fresh, gone);
  return true;
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::erase_as(const K& key) {
  taken_out gone(*this);
  const inside here(this, "erase");
  const std::uint64_t hash = hash_of(key);
  if (!is_there(key, hash)) {
    return false;
  }
  shard& home = shard_of(hash);
  lock_with_room(home, gone);
  const adopted guard(home.lock);
  return erase_locked(home, key, hash, gone);
}

GAUNTLET_MAP_TEMPLATE
template <class GiveUp>
std::optional<bool> GAUNTLET_MAP::erase_unless(GiveUp&& give_up, const Key& key) {
  taken_out gone(*this);
  const inside here(this, "erase_unless");
  const std::uint64_t hash = hash_of(key);
  if (!is_there(key, hash)) {
    return false;
  }
  shard& home = shard_of(hash);
  if (!lock_with_room_unless(home, gone, give_up)) {
    return std::nullopt;
  }
  const adopted guard(home.lock);
  return erase_locked(home, key, hash, gone);
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::extract_as(const K& key) {
  taken_out gone(*this);
  const inside here(this, "extract");
  const std::uint64_t hash = hash_of(key);
  if (!is_there(key, hash)) {
    return std::nullopt;
  }
  shard& home = shard_of(hash);
  if constexpr (std::is_copy_constructible_v<T>) {
    lock_with_room(home, gone);
    const adopted guard(home.lock);
    const place at = place_locked(home, key, hash);
    if (!at) {
      return std::nullopt;
    }
    std::optional<T> value(std::in_place, std::as_const(at.entry()->element.second));
    retire_locked(home, unlink_locked(home, at), gone);
    shrink_locked(home);
    return value;
  } else {
    if (domain_.is_read_by_this_thread()) {
      domain_.synchronize();  // reports the misuse, before anything has changed
    }
    entry* taken = nullptr;
    {
      const locked guard(home.lock);
      const place at = place_locked(home, key, hash);
      if (!at) {
        return std::nullopt;
      }
      taken = unlink_locked(home, at);
      shrink_locked(home);
    }
    domain_.synchronize();
    gone.add(taken);
    return std::optional<T>(std::in_place, std::move(taken->element.second));
  }
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::size() const -> size_type {
  const inside here(this, "size");
  size_type sum = 0;
  for (const shard& each : shards_) {
    const locked guard(each.lock);
    sum += each.size;
  }
  return sum;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::reserve(size_type elements) {
  const inside here(this, "reserve");
  const size_type each_gets = elements / shard_count + (elements % shard_count != 0 ? 1 : 0);
  const unsigned level = level_for(each_gets);
  if (level > table_type::level_max) {
    throw std::length_error("rcu_map::reserve: more elements than there can be");
  }
  for (shard& each : shards_) {
    const locked guard(each.lock);
    const table_word table = table_locked(each);
    if ((table == table_type::none || table_type::level_of(table) < level) && !rebuild_locked(each, level)) {
      throw std::bad_alloc();
    }
    each.level_kept = std::max(each.level_kept, level);
  }
}

GAUNTLET_MAP_TEMPLATE
template <class Visitor>
void GAUNTLET_MAP::for_each(Visitor&& visitor) const {
  const reading_guard reading_now(domain_);
  met_in_chain met(equal_);
  for (size_type number = 0; number < shard_count; ++number) {
    const table_word table = table_of(number);
    table_type::for_each_chain(table, [&](bucket& chain) {
      met.clear();
      table_type::for_each_in_chain(chain, [&met](const entry* at, bucket&, unsigned) { met.add(*at); });
      for (size_type i = 0; i < met.size(); ++i) {
        const Key& key = met[i].element.first;
        // A table that has been replaced meanwhile still shows what has been erased since.
        const entry* const now = table_of(number) == table ? &met[i] : lookup(key, hash_of(key));
        if (now != nullptr) {
          visitor(now->element.first, now->element.second);
        }
      }
    });
  }
}

GAUNTLET_MAP_TEMPLATE
template <class Predicate>
auto GAUNTLET_MAP::erase_if(Predicate&& predicate) -> size_type {
  taken_out gone(*this);
  const inside here(this, "erase_if");
  size_type erased = 0;
  for (shard& each : shards_) {
    {
      lock_with_room(each, gone);
      const adopted guard(each.lock);
      table_type::for_each_chain(table_locked(each), [&](bucket& chain) GAUNTLET_UNCHECKED_LOCKING {
        table_type::for_each_in_chain(chain,
                                      [&](const entry* at, bucket& in, unsigned slot) GAUNTLET_UNCHECKED_LOCKING {
                                        if (predicate(at->element.first, at->element.second)) {
                                          retire_locked(each, unlink_locked(each, {&in, slot}), gone);
                                          ++erased;
                                        }
                                      });
      });
      shrink_locked(each);
    }
    const typename inside::pause outside(here);
    gone.free_all();
  }
  return erased;
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::snapshot() const -> map_type {
  map_type all(0, hash_, equal_, std::allocator_traits<Allocator>::select_on_container_copy_construction(allocator_));
  for_each([&all](const Key& key, const T& value) { all.try_emplace(key, value); });
  return all;
}

// What a call has taken out waits for its own grace period and no other, however many calls overlap. What was retired
// before this call, but taken out by an earlier one, waits for readers who are at this call, too: the end of that call is
// awaited. So is the end of those operations that were handed such things and free them without a lock.
GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::synchronize() {
  taken_out mine(*this);
  const inside here(this, "synchronize");
  if (domain_.is_read_by_this_thread()) {
    domain_.synchronize();  // reports the misuse, before anything has changed
  }
  std::uint64_t turn = 0;
  size_type entries = 0;
  {
    {
      const locked guard(turns_);
      turn = turns_begun_++;
      for (shard& each : shards_) {
        const locked shard_guard(each.lock);
        mine.take_all_locked(each);
      }
      entries = mine.entries();
      taken_out_ += entries;
    }
    domain_.synchronize();
    const typename inside::pause outside(here);
    mine.free_all();
  }
  const auto is_my_turn = [&] {
    const locked guard(turns_);
    return turns_ended_ == turn;
  };
  while (!is_my_turn()) std::this_thread::yield();
  freeing_.await();
  const locked guard(turns_);
  ++turns_ended_;
  taken_out_ -= entries;
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::stats() const -> statistics {
  const inside here(this, "stats");
  statistics all;
  for (const shard& each : shards_) {
    const locked guard(each.lock);
    all.elements += each.size;
    all.buckets += table_type::buckets_in(table_locked(each));
    all.unreclaimed += each.retired.size();
    all.waits += each.waits;
  }
  {
    const locked guard(turns_);
    all.unreclaimed += taken_out_;
  }
  const auto readers = domain_.stats();
  all.epochs = readers.epoch - 1;
  all.readers = readers.readers;
  all.slowest_lag = readers.slowest_lag;
  all.slowest_slot = readers.slowest_slot;
  all.synchronizations = readers.synchronizations;
  return all;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::self_check(std::ostream* dump) const {
  const inside here(this, "self_check");
  bool healthy = true;
  const auto complain = [&healthy, dump](std::size_t number, const auto&... words) {
    healthy = false;
    if (dump != nullptr) {
      *dump << "rcu_map: shard " << number << ": ";
      (*dump << ... << words) << "\n";
    }
  };
  for (std::size_t number = 0; number < shard_count; ++number) {
    const shard& each = shards_[number];
    const locked guard(each.lock);
    if (const char* const flaw = table_type::flaw(table_locked(each))) {
      complain(number, flaw);
      continue;
    }
    size_type entries = 0;
    table_type::for_each_chain(table_locked(each), [&](bucket& chain) {
      std::vector<const entry*> met;
      table_type::for_each_in_chain(chain, [&](const entry* at, bucket&, unsigned) {
        ++entries;
        const Key& key = at->element.first;
        const std::uint64_t hash = hash_of(key);
        if (number_of(hash) != number) {
          complain(number, "an entry that belongs to shard ", number_of(hash));
        }
        if (hash != at->hash()) {
          complain(number, "an entry at hash ", at->hash(), " whose hash says ", hash);
        }
        for (const entry* other : met) {
          if (equal_(other->element.first, key)) {
            complain(number, "two entries with one key");
          }
        }
        met.push_back(at);
      });
    });
    if (entries != each.size) {
      complain(number, entries, " entries, but its size says ", each.size);
    }
  }
  return healthy;
}

#undef GAUNTLET_MAP
#undef GAUNTLET_MAP_TEMPLATE

}  // namespace gauntlet
