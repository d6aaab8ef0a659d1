// Changing one key: lock its bucket, find it there, change, unlock.
//
// The fast paths look first and lock exactly what they saw: the exchange that locks expects the version of the look, so
// that nothing needs to be looked at again under the lock. They take an element that lies in its bucket, or a bucket
// without a candidate, without a chain and with a free slot. Everything else, and every map in nodes, locks first.
//
// Under the lock the user's equality, constructors, assignments and visitors may throw: `held` gives the bucket back, and
// nothing is stored before all that may throw is done. A bucket and its table being full is found out before a value is
// made: the table is split, and the operation begins again.
#pragma once

#include <gauntlet/map/detail/concurrent_map/buckets.h>

namespace gauntlet::detail {

template <class Types>
template <bool Assign>
bool concurrent_buckets<Types>::insert_words(const key_type& key, const mapped_type& value) {
  const std::uint64_t h = hash(key);
  for (waiting wait;; wait.pause()) {
    const directory* const d = protocol::follow(directory_);
    if (GAUNTLET_RARE(d == nullptr)) break;
    const std::atomic<table*>& entry = d->entry(h);
    table* const t = protocol::follow(entry);
    bucket& b = t->buckets[index(h)];
    const std::uint64_t version = protocol::first_look(b.version());
    if (versions::locked(version)) continue;
    const std::uint64_t tag_word = protocol::get(b.tags());
    const std::uint64_t match = tags::match(tag_word, h);
    const std::uint64_t free = tags::free(tag_word, slot_count);
    const unsigned candidate = tags::first(match);
    const cargo there = b.slots[candidate].get();
    const std::uint64_t hit =
        std::uint64_t{match != 0} & std::uint64_t{Types::resembles(there, h, key, equal_) == resemblance::equal};
    const std::uint64_t hard = match | std::uint64_t{free == 0} | (tag_word & tags::filter_bits) |
                               protocol::moved_on(directory_, d) | protocol::moved_on(entry, t);
    if ((hard & (hit - 1)) != 0) break;
    if constexpr (!Assign) {
      if (hit != 0) {
        if (protocol::last_look(b.version(), version) == 0) return false;
        continue;
      }
    }
    if (!protocol::lock(b.version(), version)) continue;
    // One path for a known key and a new one: nothing to mispredict.
    const unsigned at = hit != 0 ? candidate : tags::last(free | 0x80);
    cargo words = Types::pack(h, key, value);
    Types::keep_key(words, there, hit);
    b.slots[at].put(words);
    protocol::put(b.tags(), tags::with(tag_word, at, h));
    protocol::unlock(b.version(), versions::after(version));
    count_.add(1 - static_cast<std::int64_t>(hit));
    return hit == 0;
  }
  return emplace_or(
      key_type(key), [&value](auto&& construct) { construct(value); },
      [&](mapped_type& there) {
        if constexpr (Assign) there = value;
        return Assign;
      });
}

template <class Types>
template <class Make, class Found>
GAUNTLET_NOINLINE bool concurrent_buckets<Types>::emplace_or(key_type&& key, Make&& make, Found&& found) {
  const std::uint64_t h = hash(key);
  if (protocol::follow(directory_) == nullptr) make_first_table(1);
  bool even_allocated = false;
  for (waiting wait;; wait.pause()) {
    {
      kept_cells unused(*this);
      held home = lock_home(h);
      if (const place at = seek(home, h, key)) {
        change_value(home, at, found);
        return false;
      }
      place room = find_room(*home.in, home.index, [&] { return claim(*home.in, even_allocated); });
      if (room) {
        if (room.fresh) unused.push(room.of);
        const cargo made = make_cargo(h, std::move(key), make);
        if (room.fresh) unused.pop();
        home.changed = true;
        fill(*home.in, home.index, h, made, room);
        count_.add(1);
        return true;
      }
    }
    even_allocated = !split(h);
  }
}

// change(T&) says whether it changed the value. In words it works on a copy, which is stored when it has not thrown.
template <class Types>
template <class Change>
void concurrent_buckets<Types>::change_value(held& home, const place& at, Change& change) {
  cargo words = at.at->get();
  if constexpr (in_words) {
    mapped_type value = Types::value_of(words);
    if (!change(value)) return;
    Types::replace_value(words, value);
    home.changed = true;
    at.at->put(words);
  } else {
    home.changed = true;
    change(Types::element_of(words).second);
  }
}

template <class Types>
template <class K, class Change>
bool concurrent_buckets<Types>::update(const K& key, Change&& change) {
  const std::uint64_t h = hash(key);
  if (protocol::follow_first(directory_) == nullptr) return false;
  held home = lock_home(h);
  const place at = seek(home, h, key);
  if (!at) return false;
  change_value(home, at, change);
  return true;
}

template <class Types>
template <class K>
bool concurrent_buckets<Types>::erase(const K& key, taken_out& gone) {
  const std::uint64_t h = hash(key);
  if constexpr (in_words) {
    // An absent key costs no read-modify-write.
    for (waiting wait;; wait.pause()) {
      const directory* const d = protocol::follow_first(directory_);
      if (GAUNTLET_RARE(d == nullptr)) return false;
      const std::atomic<table*>& entry = d->entry(h);
      table* const t = protocol::follow(entry);
      bucket& b = t->buckets[index(h)];
      const std::uint64_t version = protocol::first_look(b.version());
      if (versions::locked(version)) continue;
      const std::uint64_t tag_word = protocol::get(b.tags());
      const std::uint64_t match = tags::match(tag_word, h);
      if ((match | (tag_word & tags::filter(h))) == 0) {
        const std::uint64_t moved = protocol::moved_on(directory_, d) | protocol::moved_on(entry, t);
        if ((moved | protocol::last_look(b.version(), version)) == 0) return false;
        continue;
      }
      const unsigned at = tags::first(match);
      if (match == 0 || (tag_word & tags::filter_bits) != 0 ||
          Types::resembles(b.slots[at].get(), h, key, equal_) != resemblance::equal) {
        break;
      }
      if (!protocol::lock(b.version(), version)) continue;
      const std::uint64_t left = tags::without(tag_word, at);
      protocol::put(b.tags(), left);
      protocol::unlock(b.version(), versions::after(version));
      count_.add(-1);
      element_erased(t, h, version, tags::taken(left) == 0);
      return true;
    }
  } else {
    cargo words{};
    if (look_closely(key, h, words) == sight::absent) return false;
  }
  return take(key, h, gone, [](const cargo&) {});
}

template <class Types>
template <class K>
auto concurrent_buckets<Types>::extract(const K& key, taken_out& gone) -> std::optional<mapped_type> {
  std::optional<mapped_type> value;
  const std::uint64_t h = hash(key);
  if (protocol::follow_first(directory_) == nullptr) return value;
  take(key, h, gone, [&value](const cargo& c) {
    if constexpr (in_words) {
      value.emplace(Types::value_of(c));
    } else {
      value.emplace(std::move(Types::element_of(c).second));
    }
  });
  return value;
}

// Erases a key after use(cargo) under the lock, which may throw: then the element stays. Requires a directory.
template <class Types>
template <class K, class Use>
GAUNTLET_NOINLINE bool concurrent_buckets<Types>::take(const K& key, std::uint64_t hash, taken_out& gone, Use&& use) {
  cargo words{};
  const table* in = nullptr;
  std::uint64_t version = 0;
  bool empty = false;
  {
    held home = lock_home(hash);
    const place at = seek(home, hash, key);
    if (!at) return false;
    words = at.at->get();
    use(words);
    home.changed = true;
    clear_place(*home.in, home.index, at);
    in = home.in;
    version = home.version();
    empty = tags::taken(home.home().tags().load(relaxed)) == 0;
  }
  if constexpr (!in_words) gone.add(Types::node_of(words));
  count_.add(-1);
  element_erased(in, hash, version, empty);
  return true;
}

}  // namespace gauntlet::detail
