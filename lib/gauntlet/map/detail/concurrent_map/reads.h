// Looking for a key without a lock, and with one where that is the only way.
//
// A look costs loads and nothing else: directory, entry, version, tags, one slot, and three of them again. It runs the same
// instructions for a hit and for a miss, because a branch on the answer would be mispredicted half of the time and cost
// as much as all the rest. Only what is rare branches away: a locked bucket, a version that has changed, an overflow bit, a
// second candidate. Then look_closely searches step by step, and goes round again for as long as others change the
// bucket; after `looks_max` rounds it takes its turn at the lock.
#pragma once

#include <gauntlet/map/detail/concurrent_map/buckets.h>

namespace gauntlet::detail {

// In words only. All conditions are joined as numbers: compilers turn `hit || !unsure` into the branch that must not be.
template <class Types>
template <class K>
GAUNTLET_ALWAYS_INLINE auto concurrent_buckets<Types>::look(const K& key, std::uint64_t hash) const -> answer {
  const directory* const d = protocol::follow_first(directory_);
  if (GAUNTLET_RARE(d == nullptr)) return {{}, false};
  const std::atomic<table*>& entry = d->entry(hash);
  const table* const t = protocol::follow(entry);
  const bucket& b = t->buckets[index(hash)];
  const std::uint64_t version = protocol::first_look(b.version());
  const std::uint64_t tag_word = protocol::get(b.tags());
  const std::uint64_t match = tags::match(tag_word, hash);
  const cargo words = b.slots[tags::first(match)].get();
  // The last look comes last: a key that has moved away and come back since would be missed.
  const std::uint64_t moved = protocol::moved_on(directory_, d) | protocol::moved_on(entry, t);
  const std::uint64_t odd = (version & versions::locked_bit) | protocol::last_look(b.version(), version);
  const std::uint64_t hit =
      std::uint64_t{match != 0} & std::uint64_t{Types::resembles(words, hash, key, equal_) == resemblance::equal};
  const std::uint64_t unsure = match | (tag_word & tags::filter(hash)) | moved;
  if (GAUNTLET_LIKELY((odd | (unsure & (hit - 1))) == 0)) return {words, hit != 0};
  return look_again(key, hash);
}

template <class Types>
template <class Group, class K>
auto concurrent_buckets<Types>::look_in(const Group& group, std::uint64_t tag_word, const K& key, std::uint64_t hash,
                                        cargo& words) const -> sight {
  for (std::uint64_t match = tags::match(tag_word, hash); match != 0; match &= match - 1) {
    words = group.slots[tags::first(match)].get();
    switch (Types::resembles(words, hash, key, equal_)) {
      case resemblance::equal:
        return sight::present;
      case resemblance::unknown:
        return sight::unknown;
      case resemblance::none:
        break;
    }
  }
  return sight::absent;
}

// `unknown` where only a lock helps.
template <class Types>
template <class K>
auto concurrent_buckets<Types>::look_closely(const K& key, std::uint64_t hash, cargo& words) const -> sight {
  const directory* d = protocol::follow_first(directory_);
  if (d == nullptr) return sight::absent;
  for (waiting wait; wait.tries() < policy::looks_max; wait.pause()) {
    d = protocol::follow(directory_);
    const std::atomic<table*>& entry = d->entry(hash);
    const table* const t = protocol::follow(entry);
    const bucket& b = t->buckets[index(hash)];
    const std::uint64_t version = protocol::first_look(b.version());
    if (versions::locked(version)) continue;
    const std::uint64_t tag_word = protocol::get(b.tags());
    sight seen = look_in(b, tag_word, key, hash, words);
    // The chain may turn into another bucket's under way, so the version is looked at after every cell, and once more
    // after everything was read. One look that saw the bucket locked is enough: it may be unlocked as what it was.
    std::uint64_t changed = 0;
    if (seen == sight::absent && (tag_word & tags::filter(hash)) != 0) {
      for (const cell* c = protocol::follow(t->heads[index(hash)]);
           c != nullptr && seen == sight::absent && changed == 0; c = protocol::follow(c->next)) {
        seen = look_in(*c, protocol::get(c->tags()), key, hash, words);
        changed = protocol::last_look(b.version(), version);
      }
    }
    if (seen == sight::absent) changed |= protocol::moved_on(directory_, d) | protocol::moved_on(entry, t);
    changed |= protocol::last_look(b.version(), version);
    if (changed != 0) continue;
    return seen;
  }
  return sight::unknown;
}

template <class Types>
template <class K>
GAUNTLET_NOINLINE auto concurrent_buckets<Types>::look_again(const K& key, std::uint64_t hash) const -> answer {
  cargo words{};
  const sight seen = look_closely(key, hash, words);
  if (seen != sight::unknown) return {words, seen == sight::present};
  const held home = lock_home(hash);
  const place at = seek(home, hash, key);
  if (at) words = at.at->get();
  return {words, static_cast<bool>(at)};
}

template <class Types>
template <class K, class Use>
GAUNTLET_ALWAYS_INLINE bool concurrent_buckets<Types>::read(const K& key, Use&& use) const {
  const std::uint64_t h = hash(key);
  if constexpr (in_words) {
    const answer seen = look(key, h);
    if (seen.hit) use(Types::value_of(seen.words));
    return seen.hit;
  } else {
    return read_locked(key, h, use);
  }
}

// Where any bytes are a value, the answer is made first and then withdrawn: a store, and no branch on hit or miss.
template <class Types>
template <class K>
GAUNTLET_ALWAYS_INLINE auto concurrent_buckets<Types>::find(const K& key) const -> std::optional<mapped_type> {
  if constexpr (in_words && Types::any_bytes_are_a_value) {
    const answer seen = look(key, hash(key));
    std::optional<mapped_type> value(Types::value_of(seen.words));
    if (!seen.hit) value.reset();
    return value;
  } else {
    std::optional<mapped_type> value;
    read(key, [&value](const mapped_type& there) { value.emplace(there); });
    return value;
  }
}

template <class Types>
template <class K>
GAUNTLET_ALWAYS_INLINE bool concurrent_buckets<Types>::contains(const K& key) const {
  const std::uint64_t h = hash(key);
  if constexpr (in_words) {
    return look(key, h).hit;
  } else {
    return read_locked(key, h, [](const mapped_type&) {});
  }
}

// In nodes: an element with this hash is looked at under the lock, but that there is none shows without.
template <class Types>
template <class K, class Use>
bool concurrent_buckets<Types>::read_locked(const K& key, std::uint64_t hash, Use&& use) const {
  cargo words{};
  if (look_closely(key, hash, words) == sight::absent) return false;
  const held home = lock_home(hash);
  const place at = seek(home, hash, key);
  if (!at) return false;
  use(std::as_const(Types::element_of(at.at->get()).second));
  return true;
}

}  // namespace gauntlet::detail
