// The bodies of sync_map, whose header tells the story. Included by it alone. What destroys keys and values, `gone` and
// `fresh`, comes first in an operation and so ends last, when it holds no lock and this thread is outside again.
#pragma once

#include <gauntlet/map/sync_map.h>

namespace gauntlet {

#define GAUNTLET_MAP_TEMPLATE template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
#define GAUNTLET_MAP sync_map<Key, T, Hash, KeyEqual, Allocator, Policy>

// ----------------------------------------------------------------------------------------------------- finding a key

GAUNTLET_MAP_TEMPLATE
template <class K, class Act>
auto GAUNTLET_MAP::with_entry(const K& key, taken_out& gone, Act act) const {
  const std::uint64_t hash = hash_of(key);
  {
    const reading guard;
    const read_word read = load_read();
    entry* const found = find_in(table_of(read), hash, key);
    if (GAUNTLET_LIKELY(found != nullptr || !is_amended(read))) return act(found);
  }
  // Without the guard: what it would protect is taken out under the lock only, to be freed, and cannot be found after
  // that; and a guard of our own would keep the table that a promotion retires.
  const locked guard(lock_);
  entry* found = find_in(table_of(load_read()), hash, key);  // somebody may have promoted: look again
  const bool miss = found == nullptr && dirty_ != nullptr;
  if (miss) found = find_in(dirty_, hash, key);
  auto answer = act(found);
  if (miss) note_miss_locked(gone);
  return answer;
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::find_as(const K& key) const {
  taken_out gone(*this);
  const inside here(this, "find");
  return with_entry(key, gone, [](const entry* e) -> std::optional<T> {
    const box* const there = e != nullptr ? entry::box_of(e->load()) : nullptr;
    if (there == nullptr) return std::nullopt;
    return std::optional<T>(std::in_place, there->value);
  });
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::contains_as(const K& key) const {
  taken_out gone(*this);
  const inside here(this, "contains");
  return with_entry(key, gone, [](const entry* e) { return e != nullptr && entry::box_of(e->load()) != nullptr; });
}

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::visit_as(const K& key, Visitor& visitor) const {
  taken_out gone(*this);
  const inside here(this, "visit");
  return with_entry(key, gone, [&visitor](const entry* e) {
    const box* const there = e != nullptr ? entry::box_of(e->load()) : nullptr;
    if (there != nullptr) visitor(std::as_const(there->value));
    return there != nullptr;
  });
}

// ------------------------------------------------------------------------------------------ changing what has an entry

GAUNTLET_MAP_TEMPLATE
template <class K, class Visitor>
bool GAUNTLET_MAP::update_as(const K& key, Visitor& visitor) {
  taken_out gone(*this);
  const inside here(this, "update");
  const bool done = with_entry(key, gone, [&](entry* e) {
    if (e == nullptr) return false;
    for (word seen = e->load(); entry::box_of(seen) != nullptr;) {
      T changed(std::as_const(entry::box_of(seen)->value));
      visitor(changed);
      auto fresh = fresh_from([&] { return make_box(std::move(changed)); });
      box* const old = entry::box_of(seen);
      if (e->exchange(seen, fresh.get())) {
        fresh.is_in_use();
        retire(old);
        return true;
      }
    }
    return false;
  });
  tidy(gone);
  return done;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::compare_exchange(const Key& key, const T& expected, T desired) {
  taken_out gone(*this);
  auto fresh = fresh_from([&] { return make_box(std::move(desired)); });
  const inside here(this, "compare_exchange");
  const bool done = with_entry(key, gone, [&](entry* e) {
    if (e == nullptr) return false;
    for (word seen = e->load();;) {
      box* const old = entry::box_of(seen);
      if (old == nullptr || !(std::as_const(old->value) == expected)) return false;
      if (e->exchange(seen, fresh.get())) {
        fresh.is_in_use();
        retire(old);
        return true;
      }
    }
  });
  tidy(gone);
  return done;
}

// Deletes what the entry has if wanted(const T&) holds for it; the word that it had. The box is not retired yet.
GAUNTLET_MAP_TEMPLATE
template <class Wanted>
auto GAUNTLET_MAP::delete_in(entry& e, Wanted wanted) const -> std::optional<word> {
  for (word seen = e.load();;) {
    const box* const there = entry::box_of(seen);
    if (there == nullptr || !wanted(there->value)) return std::nullopt;
    if (e.exchange(seen, entry::deleted)) return seen;
  }
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::erase_as(const K& key) {
  taken_out gone(*this);
  const inside here(this, "erase");
  const bool erased = with_entry(key, gone, [this](entry* e) {
    const std::optional<word> had = e != nullptr ? delete_in(*e, [](const T&) { return true; }) : std::nullopt;
    if (had) retire(entry::box_of(*had));
    return had.has_value();
  });
  tidy(gone);
  return erased;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::compare_and_delete(const Key& key, const T& expected) {
  taken_out gone(*this);
  const inside here(this, "compare_and_delete");
  const bool erased = with_entry(key, gone, [&](entry* e) {
    const std::optional<word> had =
        e != nullptr ? delete_in(*e, [&expected](const T& value) { return value == expected; }) : std::nullopt;
    if (had) retire(entry::box_of(*had));
    return had.has_value();
  });
  tidy(gone);
  return erased;
}

GAUNTLET_MAP_TEMPLATE
template <class K>
std::optional<T> GAUNTLET_MAP::extract_as(const K& key) {
  taken_out gone(*this);
  const inside here(this, "extract");
  std::optional<T> value = with_entry(key, gone, [this](entry* e) {
    // Copied before it is deleted, so that a copy that throws has no effect.
    std::optional<T> copy;
    const std::optional<word> had = e != nullptr ? delete_in(*e,
                                                             [&copy](const T& there) {
                                                               copy.emplace(there);
                                                               return true;
                                                             })
                                                 : std::nullopt;
    if (!had) {
      copy.reset();
    } else {
      retire(entry::box_of(*had));
    }
    return copy;
  });
  tidy(gone);
  return value;
}

// --------------------------------------------------------------------------------------------------------- storing

GAUNTLET_MAP_TEMPLATE
template <class... Arguments>
bool GAUNTLET_MAP::try_emplace(Key key, Arguments&&... arguments) {
  taken_out gone(*this);
  auto fresh = fresh_from([&] { return make_box(std::forward<Arguments>(arguments)...); });
  const inside here(this, "insert");
  return put_at(std::move(key), fresh, gone, false, [](const T&) {});
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert_or_assign(Key key, T value) {
  taken_out gone(*this);
  auto fresh = fresh_from([&] { return make_box(std::move(value)); });
  const inside here(this, "insert_or_assign");
  return put_at(std::move(key), fresh, gone, true, [](const T&) {});
}

GAUNTLET_MAP_TEMPLATE
std::pair<T, bool> GAUNTLET_MAP::load_or_store(Key key, T value) {
  taken_out gone(*this);
  std::optional<T> there;
  auto fresh = fresh_from([&] { return make_box(std::as_const(value)); });
  const inside here(this, "load_or_store");
  if (put_at(std::move(key), fresh, gone, false, [&there](const T& seen) { there.emplace(seen); })) {
    return {std::move(value), false};
  }
  return {std::move(*there), true};
}

GAUNTLET_MAP_TEMPLATE
std::optional<T> GAUNTLET_MAP::swap(Key key, T value) {
  taken_out gone(*this);
  std::optional<T> before;
  auto fresh = fresh_from([&] { return make_box(std::move(value)); });
  const inside here(this, "swap");
  if (put_at(std::move(key), fresh, gone, true, [&before](const T& seen) { before.emplace(seen); })) before.reset();
  return before;
}

GAUNTLET_MAP_TEMPLATE
template <class Fresh, class See>
auto GAUNTLET_MAP::put_into(entry& e, Fresh& fresh, bool replaces, See& see) -> put {
  for (word seen = e.load(); !entry::is_expunged(seen);) {
    box* const old = entry::box_of(seen);
    if (old != nullptr) {
      see(std::as_const(old->value));
      if (!replaces) return put::kept;
    }
    if (e.exchange(seen, fresh.get())) {
      fresh.is_in_use();
      if (old == nullptr) return put::inserted;
      retire(old);
      return put::replaced;
    }
  }
  return put::not_possible;
}

// True if the key was absent.
GAUNTLET_MAP_TEMPLATE
template <class Fresh, class See>
bool GAUNTLET_MAP::put_at(Key&& key, Fresh& fresh, taken_out& gone, bool replaces, See see) {
  const std::uint64_t hash = hash_of(key);
  put done = put::not_possible;
  {
    const reading guard;
    entry* const found = find_in(table_of(load_read()), hash, key);
    if (found != nullptr) done = put_into(*found, fresh, replaces, see);
  }
  if (done != put::not_possible) {
    tidy(gone);
    return done == put::inserted;
  }
  const locked guard(lock_);
  if (dirty_ != nullptr && dirty_->full()) promote_locked(gone);  // the next one is larger, or holds fewer deleted keys
  entry* found = find_in(table_of(load_read()), hash, key);       // somebody may have promoted: look again
  const bool in_dirty_only = found == nullptr;
  if (in_dirty_only) found = find_in(dirty_, hash, key);
  if (found == nullptr) {
    add_locked(std::move(key), hash, fresh);
    return true;
  }
  done = put_into(*found, fresh, replaces, see);
  if (done == put::not_possible) {
    // Expunged: the dirty part gets the entry first, and then it is live, for promotion must not lose it.
    const word wanted = fresh.get();
    dirty_->add(hash, found);
    found->revive(wanted);
    fresh.is_in_use();
    return true;
  }
  if (in_dirty_only) note_miss_locked(gone);
  return done == put::inserted;
}

GAUNTLET_MAP_TEMPLATE
template <class Fresh>
void GAUNTLET_MAP::add_locked(Key&& key, std::uint64_t hash, Fresh& fresh) {
  const word wanted = fresh.get();
  if (dirty_ == nullptr) begin_dirty_locked();
  entry* const added = make_entry(std::move(key));
  added->revive(wanted);
  fresh.is_in_use();
  dirty_->add(hash, added);
}

// --------------------------------------------------------------------------------------------------- the dirty part

// Requires: not amended. Afterwards it is, with a dirty part that has room for one more key. No effect if it throws.
GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::begin_dirty_locked() const {
  table* const read = table_of(load_read());
  const std::uint64_t phase = phase_ + 1;
  size_type kept = 0;
  table* dirty = nullptr;
  // What is not expunged in this round may be deleted in the next moment, or come back: it belongs to both parts.
  if (read != nullptr) {
    read->for_each([&](entry& e) {
      if (!e.expunge(phase)) ++kept;
    });
  }
  try {
    // Half as much again as there is: the next copy comes after that many new keys at least.
    dirty = table::make(allocator_, kept + kept / 2 + 1);
    if (read != nullptr) {
      read->for_each([&](entry& e) {
        if (e.load() != entry::expunged_in(phase)) dirty->add(hash_of(e.key), &e);
      });
    }
  } catch (...) {
    if (dirty != nullptr) table::free(allocator_, dirty);
    if (read != nullptr) {
      read->for_each([&](entry& e) {
        if (e.load() == entry::expunged_in(phase)) e.revive(entry::deleted);
      });
    }
    throw;
  }
  phase_ = phase;
  dirty_ = dirty;
  pointers_copied_ = kept;
  publish(load_read() | amended_bit);
  observer_.on_copy(kept);
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::promote_locked(taken_out& gone) const {
  table* const old = table_of(load_read());
  publish(reinterpret_cast<read_word>(dirty_));
  observer_.on_promotion(dirty_->size());
  dirty_ = nullptr;
  misses_ = 0;
  ++promotions_;
  retire_locked(old, false);
  take_retired_locked(true, gone);
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::note_miss_locked(taken_out& gone) const {
  if (++misses_ >= Policy::misses_before_promotion(dirty_->size())) promote_locked(gone);
}

// --------------------------------------------------------------------------------------------------- the whole map

// Calls visit(entry&) for the entries of a read part that has every key that was there at the call, until it returns
// false.
GAUNTLET_MAP_TEMPLATE
template <class Visit>
void GAUNTLET_MAP::walk(taken_out& gone, Visit visit) const {
  if (is_amended(load_read())) {
    const locked guard(lock_);
    if (dirty_ != nullptr) promote_locked(gone);
  }
  const reading guard;
  // If the map is amended again, it is with keys that were added after the call.
  const table* const read = table_of(load_read());
  if (read != nullptr) read->for_each_while(visit);
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::size() const -> size_type {
  taken_out gone(*this);
  const inside here(this, "size");
  size_type count = 0;
  walk(gone, [&count](const entry& e) {
    if (entry::box_of(e.load()) != nullptr) ++count;
    return true;
  });
  return count;
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::empty() const {
  taken_out gone(*this);
  const inside here(this, "empty");
  bool none = true;
  walk(gone, [&none](const entry& e) {
    none = entry::box_of(e.load()) == nullptr;
    return none;
  });
  return none;
}

GAUNTLET_MAP_TEMPLATE
template <class Visitor>
void GAUNTLET_MAP::for_each(Visitor&& visitor) const {
  range([&visitor](const Key& key, const T& value) {
    visitor(key, value);
    return true;
  });
}

GAUNTLET_MAP_TEMPLATE
template <class Visitor>
void GAUNTLET_MAP::range(Visitor&& visitor) const {
  taken_out gone(*this);
  walk(gone, [&visitor](const entry& e) -> bool {
    const box* const there = entry::box_of(e.load());
    return there == nullptr || visitor(e.key, std::as_const(there->value));
  });
}

GAUNTLET_MAP_TEMPLATE
template <class Predicate>
auto GAUNTLET_MAP::erase_if(Predicate&& predicate) -> size_type {
  taken_out gone(*this);
  size_type erased = 0;
  walk(gone, [&](entry& e) {
    const std::optional<word> had =
        delete_in(e, [&](const T& value) -> bool { return predicate(std::as_const(e.key), value); });
    if (had) {
      retire(entry::box_of(*had));
      ++erased;
    }
    return true;
  });
  tidy(gone);
  return erased;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::clear() {
  taken_out gone(*this);
  const inside here(this, "clear");
  const locked guard(lock_);
  table* const read = table_of(load_read());
  publish(0);
  retire_locked(read, dirty_ == nullptr);
  if (dirty_ != nullptr) retire_locked(dirty_, true);
  dirty_ = nullptr;
  misses_ = 0;
  take_retired_locked(true, gone);
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::stats() const -> statistics {
  const inside here(this, "stats");
  const locked guard(lock_);
  statistics now;
  const table* const read = table_of(load_read());
  if (read != nullptr) {
    now.read_keys = read->size();
    now.table_bytes += read->bytes();
  }
  if (dirty_ != nullptr) {
    now.dirty_keys = dirty_->size();
    now.table_bytes += dirty_->bytes();
    now.amended = true;
  }
  now.misses = misses_;
  now.promotions = promotions_;
  now.copies = phase_;
  now.pointers_copied = pointers_copied_;
  return now;
}

// --------------------------------------------------------------------------------------------------------- memory

GAUNTLET_MAP_TEMPLATE
template <class... Arguments>
auto GAUNTLET_MAP::make_box(Arguments&&... arguments) const -> box* {
  typename std::allocator_traits<Allocator>::template rebind_alloc<box> allocator(allocator_);
  box* const at = std::allocator_traits<decltype(allocator)>::allocate(allocator, 1);
  try {
    return ::new (static_cast<void*>(at)) box(std::in_place, std::forward<Arguments>(arguments)...);
  } catch (...) {
    std::allocator_traits<decltype(allocator)>::deallocate(allocator, at, 1);
    throw;
  }
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::free_box(const Allocator& from, box* old) noexcept {
  typename std::allocator_traits<Allocator>::template rebind_alloc<box> allocator(from);
  old->~box();
  std::allocator_traits<decltype(allocator)>::deallocate(allocator, old, 1);
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::make_entry(Key&& key) const -> entry* {
  typename std::allocator_traits<Allocator>::template rebind_alloc<entry> allocator(allocator_);
  entry* const at = std::allocator_traits<decltype(allocator)>::allocate(allocator, 1);
  try {
    return ::new (static_cast<void*>(at)) entry(std::move(key));
  } catch (...) {
    std::allocator_traits<decltype(allocator)>::deallocate(allocator, at, 1);
    throw;
  }
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::free_entry(entry* old) const noexcept {
  typename std::allocator_traits<Allocator>::template rebind_alloc<entry> allocator(allocator_);
  old->~entry();
  std::allocator_traits<decltype(allocator)>::deallocate(allocator, old, 1);
}

#undef GAUNTLET_MAP
#undef GAUNTLET_MAP_TEMPLATE

}  // namespace gauntlet
