// Locking a bucket, placing elements in it, and moving them when tables are split and merged.
//
// A split of table L makes table U for the upper half of L's hashes: U gets its places in the directory while all of its
// buckets are locked, and then bucket i of L gives what belongs there to bucket i of U, one i after the other, each time
// unlocking both. Whoever wants a bucket of L waits while that one is divided, whoever wants one of U until its turn has
// come. A merge is the mirror image: bucket i of U gives everything to bucket i of L and stays locked; when all are empty,
// U's places in the directory become L's, and whoever waited for a bucket of U reads the directory again. U stays locked
// until it is used again.
//
// Moving never fails: cargo is copied, hashes are kept or cannot throw, and there are always cells. Dividing a bucket
// and its chain of n cells needs at most n cells for both halves (if a bucket has two slots or more: both chains are in
// use only when both buckets are full). Only a merge may need cells that are not there; it gets them before it touches
// the bucket and, if there are none to be had, undoes what it has done, which is a split of the buckets so far.
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>

#include <gauntlet/map/detail/concurrent_map/buckets.h>

namespace gauntlet::detail {

// ------------------------------------------------------------------------------------------------------------ locking

// Returns the version before.
template <class Types>
std::uint64_t concurrent_buckets<Types>::lock(bucket& b) const {
  for (waiting wait;; wait.pause()) {
    const std::uint64_t seen = b.version().load(relaxed);
    if (!versions::locked(seen) && protocol::lock(b.version(), seen)) return seen;
  }
}

// Requires a directory.
template <class Types>
auto concurrent_buckets<Types>::lock_bucket_of(std::uint64_t hash, unsigned number) const -> held {
  for (waiting wait;; wait.pause()) {
    const directory* const d = protocol::follow(directory_);
    table* const t = protocol::follow(d->entry(hash));
    bucket& b = t->buckets[number];
    const std::uint64_t seen = b.version().load(relaxed);
    if (versions::locked(seen) || !protocol::lock(b.version(), seen)) continue;
    if ((protocol::moved_on(directory_, d) | protocol::moved_on(d->entry(hash), t)) == 0) return held(*t, number, seen);
    protocol::unlock(b.version(), seen);
  }
}

template <class Types>
auto concurrent_buckets<Types>::lock_home(std::uint64_t hash) const -> held {
  return lock_bucket_of(hash, index(hash));
}

template <class Types>
template <class Group, class K>
auto concurrent_buckets<Types>::seek_in(Group& group, cell* of, std::uint64_t hash, const K& key) const -> place {
  for (std::uint64_t match = tags::match(group.tags().load(relaxed), hash); match != 0; match &= match - 1) {
    const unsigned number = tags::first(match);
    if (Types::is_of(group.slots[number].get(), hash, key, equal_)) {
      return {&group.tags(), &group.slots[number], number, of, false};
    }
  }
  return {};
}

template <class Types>
template <class K>
auto concurrent_buckets<Types>::seek(const held& home, std::uint64_t hash, const K& key) const -> place {
  if (const place in_bucket = seek_in(home.home(), nullptr, hash, key)) return in_bucket;
  if ((home.home().tags().load(relaxed) & tags::filter(hash)) == 0) return {};
  for (cell* c = home.in->heads[home.index].load(relaxed); c != nullptr; c = c->next.load(relaxed)) {
    if (const place in_cell = seek_in(*c, c, hash, key)) return in_cell;
  }
  return {};
}

// ------------------------------------------------------------------------------------------------------------ placing

template <class Types>
template <class NewCell>
auto concurrent_buckets<Types>::find_room(table& t, unsigned number, NewCell&& new_cell) -> place {
  const auto room_in = [](auto& group, unsigned slots, cell* of, bool fresh) -> place {
    const std::uint64_t free = tags::free(group.tags().load(relaxed), slots);
    if (free == 0) return {};
    const unsigned at = tags::last(free);
    return {&group.tags(), &group.slots[at], at, of, fresh};
  };
  if (const place room = room_in(t.buckets[number], slot_count, nullptr, false)) return room;
  for (cell* c = t.heads[number].load(relaxed); c != nullptr; c = c->next.load(relaxed)) {
    if (const place room = room_in(*c, slots_per_cell, c, false)) return room;
  }
  cell* const made = new_cell();
  return made != nullptr ? room_in(*made, slots_per_cell, made, true) : place{};
}

template <class Types>
void concurrent_buckets<Types>::fill(table& t, unsigned number, std::uint64_t hash, const cargo& with,
                                     const place& at) {
  assert(at);  // whoever moves elements has made sure that there is room
  at.at->put(with);
  protocol::put(*at.tag_word, tags::with(at.tag_word->load(relaxed), at.number, hash));
  if (at.fresh) {
    protocol::publish(at.of->next, t.heads[number].load(relaxed));
    protocol::publish(t.heads[number], at.of);
  }
  if (at.of != nullptr) {
    word& of_bucket = t.buckets[number].tags();
    protocol::put(of_bucket, of_bucket.load(relaxed) | tags::filter(hash));
  }
}

template <class Types>
void concurrent_buckets<Types>::clear_place(table& t, unsigned number, place at) {
  std::atomic<cell*>& head = t.heads[number];
  word& of_bucket = t.buckets[number].tags();
  if (at.of == nullptr) {
    cell* const chain = head.load(relaxed);
    if (chain == nullptr) {
      protocol::put(of_bucket, tags::without(of_bucket.load(relaxed), at.number));
      return;
    }
    const unsigned from = tags::last(tags::taken(chain->tags().load(relaxed)));
    const cargo refill = chain->slots[from].get();
    at.at->put(refill);
    protocol::put(of_bucket, tags::with(of_bucket.load(relaxed), at.number, hash_of(refill)));
    at = {&chain->tags(), &chain->slots[from], from, chain, false};
  }
  protocol::put(*at.tag_word, tags::without(at.tag_word->load(relaxed), at.number));
  if (tags::taken(at.tag_word->load(relaxed)) == 0) {
    std::atomic<cell*>* link = &head;
    while (link->load(relaxed) != at.of) link = &link->load(relaxed)->next;
    protocol::publish(*link, at.of->next.load(relaxed));
    give_back(at.of);
  }
  std::uint64_t filter = 0;
  show_all(t, number, [&](const cargo& c, const cell* in) {
    if (in != nullptr) filter |= tags::filter(hash_of(c));
    return true;
  });
  protocol::put(of_bucket, (of_bucket.load(relaxed) & ~tags::filter_bits) | filter);
}

template <class Types>
template <class Leaves>
void concurrent_buckets<Types>::sort_out(table& t, unsigned number, kept_cells& kept, Leaves&& leaves) {
  bucket& b = t.buckets[number];
  for (unsigned i = 0; i < slot_count; ++i) {
    if (!tags::is_taken(b.tags().load(relaxed), i)) continue;
    const cargo c = b.slots[i].get();
    if (leaves(hash_of(c), c)) protocol::put(b.tags(), tags::without(b.tags().load(relaxed), i));
  }
  cell* chain = t.heads[number].load(relaxed);
  if (chain == nullptr) return;
  protocol::publish(t.heads[number], static_cast<cell*>(nullptr));
  protocol::put(b.tags(), b.tags().load(relaxed) & ~tags::filter_bits);
  while (chain != nullptr) {
    cell* const next = chain->next.load(relaxed);
    const std::uint64_t taken = chain->tags().load(relaxed);
    cargo content[slots_per_cell];
    for (unsigned i = 0; i < slots_per_cell; ++i) content[i] = chain->slots[i].get();
    protocol::put(chain->tags(), 0);
    kept.push(chain);  // before its elements find new places: one of them may need it
    for (unsigned i = 0; i < slots_per_cell; ++i) {
      if (!tags::is_taken(taken, i)) continue;
      const std::uint64_t hash = hash_of(content[i]);
      if (leaves(hash, content[i])) continue;
      fill(t, number, hash, content[i], find_room(t, number, [&] { return kept.pop(); }));
    }
    chain = next;
  }
}

template <class Types>
void concurrent_buckets<Types>::move_upper_half(table& from, table& to, unsigned number, unsigned depth,
                                                kept_cells& kept) {
  sort_out(from, number, kept, [&](std::uint64_t hash, const cargo& c) {
    if ((hash >> (64 - depth) & 1) == 0) return false;
    const place at = find_room(to, number, [&] {
      cell* const own = claim_from_stash(to);
      return own != nullptr ? own : kept.pop();
    });
    fill(to, number, hash, c, at);
    return true;
  });
}

// ------------------------------------------------------------------------------------------------- the directory grows

// Both entries of the least directory lead to one table.
template <class Types>
void concurrent_buckets<Types>::make_first_table(unsigned depth) {
  const exclusive_guard<mutex> guard(growth_);
  if (directory_.load(relaxed) != nullptr) return;
  directory* const d = make_directory(depth);
  table* t = nullptr;
  try {
    t = take_table_locked();
  } catch (...) {
    free_directory(d);
    throw;
  }
  for (bucket& b : t->buckets) b.version().store(versions::after(0, 0), relaxed);
  for (std::size_t i = 0; i < d->entries(); ++i) d->first()[i].store(t, relaxed);
  tables_in_use_ = 1;
  protocol::publish_first(directory_, d);
}

template <class Types>
auto concurrent_buckets<Types>::grow_directory_locked(unsigned depth) -> directory* {
  directory* const old = directory_.load(relaxed);
  directory* const d = make_directory(depth);
  const unsigned more = old->shift - d->shift;
  for (std::size_t i = 0; i < d->entries(); ++i) d->first()[i].store(old->first()[i >> more].load(relaxed), relaxed);
  d->older = old;
  protocol::publish(directory_, d);
  return d;
}

template <class Types>
void concurrent_buckets<Types>::reserve(std::size_t elements) {
  constexpr std::size_t per_table = std::size_t{bucket_count} * slot_count * 5 / 8;
  const auto depth = std::max(1U, static_cast<unsigned>(std::bit_width(elements / per_table)));
  if (protocol::follow(directory_) == nullptr) make_first_table(depth);
  const exclusive_guard<mutex> guard(growth_);
  if (depth > 64 - directory_.load(relaxed)->shift) grow_directory_locked(depth);
}

// All entries whose first `depth` bits are those of the hash.
template <class Types>
void concurrent_buckets<Types>::publish_table(directory& in, std::uint64_t hash, unsigned depth, table* t) {
  const std::size_t count = std::size_t{1} << (64 - in.shift - depth);
  const std::size_t first = static_cast<std::size_t>(hash >> in.shift) & ~(count - 1);
  for (std::size_t i = first; i < first + count; ++i) protocol::publish(in.first()[i], t);
}

// ------------------------------------------------------------------------------------------------ splitting and merging

template <class Types>
bool concurrent_buckets<Types>::split(std::uint64_t hash) {
  table* low = nullptr;
  table* up = nullptr;
  unsigned depth = 0;
  {
    const exclusive_guard<mutex> guard(growth_);
    directory* d = directory_.load(relaxed);
    low = d->entry(hash).load(relaxed);
    if (low->busy) return true;
    depth = low->depth + 1;
    if (depth > 64 - d->shift) {
      if (depth > static_cast<unsigned>(std::bit_width(tables_in_use_)) + policy::directory_slack) return false;
      d = grow_directory_locked(depth);
    }
    up = take_table_locked();
    ++tables_in_use_;
    ++splits_;
    low->busy = up->busy = true;
    low->depth = up->depth = depth;
    publish_table(*d, hash | std::uint64_t{1} << (64 - depth), depth, up);
  }
  {
    kept_cells kept(*this);
    for (unsigned i = 0; i < bucket_count; ++i) {
      const std::uint64_t seen = lock(low->buckets[i]);
      move_upper_half(*low, *up, i, depth, kept);
      word& of_up = up->buckets[i].version();
      protocol::unlock(of_up, versions::after(of_up.load(relaxed), depth));
      protocol::unlock(low->buckets[i].version(), versions::after(seen, depth));
    }
  }
  const exclusive_guard<mutex> guard(growth_);
  low->busy = up->busy = false;
  return true;
}

template <class Types>
unsigned concurrent_buckets<Types>::elements_in_slots(const table& t) {
  unsigned sum = 0;
  for (const bucket& b : t.buckets) sum += tags::count(b.tags().load(relaxed));
  return sum;
}

// Merges the two halves around a hash if they have become sparse.
template <class Types>
void concurrent_buckets<Types>::merge_around(std::uint64_t hash) noexcept {
  table* low = nullptr;
  table* up = nullptr;
  unsigned depth = 0;
  std::uint64_t bit = 0;
  {
    const exclusive_guard<mutex> guard(growth_);
    const directory* const d = directory_.load(relaxed);
    depth = d->entry(hash).load(relaxed)->depth;
    if (depth == 0) return;
    bit = std::uint64_t{1} << (64 - depth);
    low = d->entry(hash & ~bit).load(relaxed);
    up = d->entry(hash | bit).load(relaxed);
    if (low->busy || up->busy || low->depth != depth || up->depth != depth) return;
    if (elements_in_slots(*low) + elements_in_slots(*up) > bucket_count * slot_count / policy::merge_below_one_in) {
      return;
    }
    low->busy = up->busy = true;
  }
  bool merged = true;
  {
    kept_cells kept(*this);
    unsigned done = 0;
    while (merged && done < bucket_count) {
      const std::uint64_t of_up = lock(up->buckets[done]);
      const std::uint64_t of_low = lock(low->buckets[done]);
      merged = merge_bucket(*low, *up, done, kept);
      if (merged) {
        protocol::unlock(low->buckets[done].version(), versions::after(of_low, depth - 1));
        ++done;
      } else {
        protocol::unlock(low->buckets[done].version(), of_low);
        protocol::unlock(up->buckets[done].version(), of_up);
      }
    }
    while (!merged && done > 0) {
      --done;
      const std::uint64_t of_low = lock(low->buckets[done]);
      move_upper_half(*low, *up, done, depth, kept);
      word& of_up = up->buckets[done].version();
      protocol::unlock(of_up, versions::after(of_up.load(relaxed), depth));
      protocol::unlock(low->buckets[done].version(), versions::after(of_low, depth));
    }
  }
  const exclusive_guard<mutex> guard(growth_);
  low->busy = up->busy = false;
  if (!merged) return;
  publish_table(*directory_.load(relaxed), hash | bit, depth, low);
  low->depth = depth - 1;
  up->next_spare = spare_tables_;
  spare_tables_ = up;
  --tables_in_use_;
  ++merges_;
}

// Both buckets are locked. False, and nothing has changed: there is no memory for the cells that the lower one needs.
template <class Types>
bool concurrent_buckets<Types>::merge_bucket(table& low, table& up, unsigned number, kept_cells& kept) noexcept {
  unsigned coming = tags::count(up.buckets[number].tags().load(relaxed));
  for (const cell* c = up.heads[number].load(relaxed); c != nullptr; c = c->next.load(relaxed)) {
    coming += tags::count(c->tags().load(relaxed));
  }
  const unsigned room = slot_count - tags::count(low.buckets[number].tags().load(relaxed));
  try {
    for (; coming > room; coming -= std::min(coming, slots_per_cell)) kept.push(claim(low, true));
  } catch (...) {
    return false;
  }
  sort_out(up, number, kept, [&](std::uint64_t hash, const cargo& c) {
    fill(low, number, hash, c, find_room(low, number, [&] { return kept.pop(); }));
    return true;
  });
  return true;
}

// After an element was erased and its bucket unlocked; `version` is the one before. Looks for a merge now and then: when a
// bucket has become empty, at one of so many changes.
template <class Types>
void concurrent_buckets<Types>::element_erased(const table* in, std::uint64_t hash, std::uint64_t version,
                                               bool bucket_empty) noexcept {
  if (bucket_empty && versions::number(version) % policy::changes_per_merge_look == 0 &&
      elements_in_slots(*in) <= bucket_count * slot_count / (2 * policy::merge_below_one_in)) {
    merge_around(hash);
  }
}

}  // namespace gauntlet::detail
