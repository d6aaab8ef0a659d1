// How a map grows: room is found, the only table doubles, a full table splits, a reservation splits ahead.
//
// A split is the worst thing an insert can meet: it looks at one table, at most Policy::table_groups_max groups. The
// lower half stays where it is, the upper half moves to a new table; home groups keep their number.
//
// The hard cases. Hashes may throw: they are listed before the first change. Moves may throw: types that can be copied
// are copied to new tables and committed at the end; others lose the element whose move threw. Memory may run out: a
// table is then filled to the brim before the insert fails. Hashes may be bad: a table whose split would make the
// directory absurd is filled to the brim, and what does not fit goes to the stash.
#pragma once

#include <gauntlet/map/detail/table_set.h>

namespace gauntlet::detail {

template <class Types>
class table_set<Types>::hash_list {
 public:
  hash_list(const table_set& set, table_type t) : set_(set) {
    if constexpr (!Types::hash_cannot_throw()) {
      hashes_ = static_cast<std::uint64_t*>(memory::take(set.allocator_, bytes()));
      try {
        for_each_slot(t, set.groups(), [&](std::size_t g, unsigned lane, slot& s) {
          ::new (static_cast<void*>(hashes_ + g * group_slots + lane)) std::uint64_t(set.hash_of(s.key()));
        });
      } catch (...) {
        memory::give(set.allocator_, hashes_, bytes());
        throw;
      }
    }
  }
  hash_list(const hash_list&) = delete;
  hash_list& operator=(const hash_list&) = delete;
  ~hash_list() {
    if (hashes_ != nullptr) memory::give(set_.allocator_, hashes_, bytes());
  }
  GAUNTLET_ALWAYS_INLINE std::uint64_t operator()(std::size_t g, unsigned lane, slot& s) const {
    if constexpr (Types::hash_cannot_throw()) return set_.hash_of(s.key());
    return hashes_[g * group_slots + lane];
  }

 private:
  std::size_t bytes() const noexcept { return groups_ * group_slots * sizeof(std::uint64_t); }
  const table_set& set_;
  const std::size_t groups_ = set_.groups();
  std::uint64_t* hashes_ = nullptr;
};

// ---- tables

template <class Types>
typename table_set<Types>::table_type table_set<Types>::make_table(std::size_t groups, std::uint64_t owner) {
  table_type t{};
  note behind{0, limit_of(groups)};
  if (is_pooled(groups)) {
    pool_.prepare(allocator_);
    t.slots = static_cast<slot*>(memory::take(allocator_, slots_bytes(groups)));
    behind.block = pool_.take(owner);
    t.tags = pool_.at(behind.block);
  } else {
    char* const block = static_cast<char*>(memory::take(allocator_, tags_bytes(groups) + slots_bytes(groups)));
    t.tags = reinterpret_cast<group_tags*>(block);
    t.slots = reinterpret_cast<slot*>(block + tags_bytes(groups));
  }
  ::new (static_cast<void*>(reinterpret_cast<char*>(t.slots) + note_at(groups))) note(behind);
  std::uninitialized_fill_n(t.tags, groups, free_group);
  ++tables_;
  return t;
}

// Precondition: no directory entry leads to t, and its elements are gone.
template <class Types>
void table_set<Types>::drop_table(table_type t, std::size_t groups) noexcept {
  --tables_;
  if (!is_pooled(groups)) return give_table(t, groups);
  const std::uint32_t block = reinterpret_cast<note*>(reinterpret_cast<char*>(t.slots) + note_at(groups))->block;
  give_table(t, groups);
  const auto moved = pool_.release(allocator_, block);
  if (moved.from == nullptr) return;
  const std::size_t entry = moved.owner >> directory_.shift;
  const table_type owner{moved.to, directory_.slots[entry]};
  directory_.set(entry, directory_.span(entry), owner);
  reinterpret_cast<note*>(reinterpret_cast<char*>(owner.slots) + note_at(groups))->block = block;
  if (one_.tags == moved.from) one_.tags = moved.to;
}

template <class Types>
void table_set<Types>::destroy_elements(table_type t, std::size_t groups) noexcept {
  if constexpr (!std::is_trivially_destructible_v<value_type> || Types::allocator_constructs()) {
    for_each_slot(t, groups, [this](std::size_t, unsigned, slot& s) { Types::destroy(allocator_, s); });
  }
}

template <class Types>
void table_set<Types>::set_limit(std::size_t first, std::size_t span, std::int32_t limit) noexcept {
  note& behind = note_of(directory_.at(first));
  const std::int32_t room = directory_.room_of(first, span) + limit - behind.limit;
  behind.limit = limit;
  directory_.spread(first, span, room);
}

// ---- making room

// Makes room in the table of this hash for one more element; false: only the stash can take it. Strong guarantee.
template <class Types>
bool table_set<Types>::make_room(std::uint64_t hash) {
  for (;;) {
    const std::size_t entry = hash >> directory_.shift, span = directory_.span(entry), first = directory_.first(entry);
    if (directory_.room[entry] > 0) return true;
    if (const std::int32_t left = directory_.room_of(first, span); left > 0) {  // this entry has used up its share only
      directory_.spread(first, span, left);
      if (directory_.room[entry] <= 0) {
        std::size_t lender = first;
        while (directory_.room[lender] <= 0) ++lender;
        --directory_.room[lender];
        ++directory_.room[entry];
      }
      return true;
    }
    const bool fresh = is_empty_table(directory_.at(entry)),
               grows = directory_.depth[entry] == 0 && groups() < groups_max;
    try {
      if (fresh) {
        make_first_table();
        continue;
      }
      if (grows) {
        resize_one(std::min(groups() * (groups() < 4 ? 2 : 4), groups_max));  // by four: two thirds fewer moves
        continue;
      }
      if (span > 1 || directory_may_double()) {
        split(entry);
        continue;
      }
    } catch (const std::bad_alloc&) {
      if (fresh || note_of(directory_.at(hash >> directory_.shift)).limit >= capacity_of(groups())) throw;
    }
    const std::size_t now = hash >> directory_.shift;  // a split that failed may have doubled the directory
    if (note_of(directory_.at(now)).limit >= capacity_of(groups())) return false;
    set_limit(directory_.first(now), directory_.span(now), capacity_of(groups()));
  }
}

// Precondition: nothing was ever filled, or all was given back.
template <class Types>
void table_set<Types>::make_first_table() {
  const table_type fresh = make_table(first_groups, 0);
  set_groups(first_groups);
  directory_.set(0, 2, fresh);
  one_ = fresh;
  directory_.spread(0, 2, limit_of(first_groups));
  bump_layout();
  ++growths_;
  observer_.on_growth(0, capacity());
}

template <class Types>
bool table_set<Types>::directory_may_double() const noexcept {
  const std::size_t enough = size_ / static_cast<std::size_t>(limit_of(groups_max)) + 1;
  // One that is no larger than a table is never absurd: elements that come in the order of their hashes, as from a map
  // with the same seed, need a directory of all tables to come before there are many.
  return directory_.bits < 40 && (directory_.size() * 2 <= enough * policy::directory_entries_per_table ||
                                  directory_.bytes() * 2 <= tags_bytes(groups_max) + slots_bytes(groups_max));
}

// Moves an element whose hash is known to another table, which has a free slot. False: its move threw, and it is lost.
template <class Types>
bool table_set<Types>::move_element(table_type to, std::uint64_t hash, slot& from, losses& lost) noexcept {
  const vacancy where = find_vacancy(to, hash);
  slot& at = slot_of(to, where.group, where.lane);
  count_work(1);
  if constexpr (Types::moves_in_place()) {
    Types::relocate(at, from);
  } else {
    try {
      Types::relocate(at, from);
    } catch (...) {
      lost.failure = std::current_exception();
      Types::destroy(allocator_, from);
      --size_;
      return false;
    }
  }
  occupy(to, hash, where);
  return true;
}

// The only table gets another size.
template <class Types>
void table_set<Types>::resize_one(std::size_t new_groups) {
  const table_type old = directory_.at(0);
  const std::size_t old_groups = groups(), old_capacity = capacity();
  const bool empty = is_empty_table(old);
  const hash_list hashes(*this, old);
  losses lost;
  std::int32_t kept = 0;
  const table_type fresh = make_table(new_groups, 0);
  set_groups(new_groups);
  if (!empty) {
    if constexpr (Types::copies_first()) {
      try {
        for_each_slot(old, old_groups, [&](std::size_t g, unsigned lane, slot& s) {
          const std::uint64_t hash = hashes(g, lane, s);
          const vacancy where = find_vacancy(fresh, hash);
          Types::construct(allocator_, slot_of(fresh, where.group, where.lane), std::as_const(s.value()));
          count_work(1);
          occupy(fresh, hash, where);
          ++kept;
        });
      } catch (...) {
        destroy_elements(fresh, new_groups);
        set_groups(old_groups);
        drop_table(fresh, new_groups);
        throw;
      }
      destroy_elements(old, old_groups);
    } else {
      for_each_slot(old, old_groups, [&](std::size_t g, unsigned lane, slot& s) {
        kept += move_element(fresh, hashes(g, lane, s), s, lost);
      });
    }
  }
  directory_.set(0, 2, fresh);
  one_ = fresh;
  if (!empty) drop_table(old, old_groups);
  directory_.spread(0, 2, limit_of(new_groups) - kept);
  settle_stash(0, 2);
  bump_layout();
  if (new_groups > old_groups || empty) {
    ++growths_;
    observer_.on_growth(old_capacity, capacity());
  } else {
    ++shrinks_;
    observer_.on_shrink(old_capacity, capacity());
  }
  lost.rethrow();
}

// Two tables for one, told apart by the next bit of the hash.
template <class Types>
void table_set<Types>::split(std::size_t entry) {
  if (directory_.span(entry) == 1) {
    directory_.double_up(allocator_);
    entry *= 2;
  }
  const std::size_t first = directory_.first(entry), half = directory_.span(entry) / 2, upper = first + half;
  const auto depth = static_cast<std::uint8_t>(directory_.depth[first] + 1);
  const unsigned bit = 64 - depth;
  const table_type a = directory_.at(first);
  const hash_list hashes(*this, a);
  losses lost;
  std::int32_t in_a = 0, in_b = 0;
  const std::int32_t limit = note_of(a).limit >= capacity_of(groups()) ? limit_of(groups()) : note_of(a).limit;
  const table_type b = make_table(groups(), owner_of(upper));
  table_type kept = a;
  if constexpr (Types::copies_first()) {
    try {
      kept = make_table(groups(), owner_of(first));
    } catch (...) {
      drop_table(b, groups());
      throw;
    }
    try {
      for_each_slot(a, groups(), [&](std::size_t g, unsigned lane, slot& s) {
        const std::uint64_t hash = hashes(g, lane, s);
        const table_type to = (hash >> bit & 1) != 0 ? b : kept;
        const vacancy where = find_vacancy(to, hash);
        Types::construct(allocator_, slot_of(to, where.group, where.lane), std::as_const(s.value()));
        count_work(1);
        occupy(to, hash, where);
        ++((hash >> bit & 1) != 0 ? in_b : in_a);
      });
    } catch (...) {
      destroy_elements(b, groups());
      destroy_elements(kept, groups());
      drop_table(kept, groups());  // the last block of the pool, then the one before: nothing moves
      drop_table(b, groups());
      throw;
    }
    destroy_elements(a, groups());
  } else if (elements_in(first, 2 * half) != 0 || !stash_.empty()) {  // else there is nobody to move, as in reserve()
    // Who leaves is anybody's guess, a branch predictor's too: so first a list of all places in use, then lists of who
    // leaves from home (written over the first as that is read) and of the displaced, then the moves. Those who leave
    // from home come first and find room there. Where the displaced belong is known when everybody else is in place; one
    // that stays counts its own slot as free, so that it never moves further away. Places are numbered as tags are, eight
    // a group.
    std::uint16_t leaving[groups_max * group_slots + group_slots], strays[groups_max * group_slots + 1];
    std::size_t listed = 0, leaving_count = 0, stray_count = 0;
    for (std::size_t g = 0; g < groups(); ++g) {
      const lane_list& used = lists_of_lanes.of[group::free_set(a.tags[g]) ^ slot_set];
      for (unsigned i = 0; i < group_slots; ++i) leaving[listed + i] = static_cast<std::uint16_t>(g * 8 + used.lane[i]);
      listed += used.count;
      a.tags[g].fits = fits_all;
    }
    for (std::size_t i = 0; i < listed; ++i) {
      const std::uint16_t from = leaving[i];
      const std::uint64_t hash = hashes(from / 8, from % 8, a.slots[from - from / 8]);
      const bool displaced = home_of(hash) != from / 8;
      leaving[leaving_count] = strays[stray_count] = from;
      leaving_count += (hash >> bit & 1) != 0 && !displaced;
      stray_count += displaced;
    }
    std::size_t to = 0;
    for (std::size_t i = 0; i < leaving_count; ++i) {
      const std::size_t from = leaving[i], g = from / 8;
      slot& s = a.slots[from - g];
      if constexpr (Types::moves_in_place()) {
        to = to / 8 == g && i != 0 ? to + 1 : g * 8;
        Types::relocate(b.slots[to - g], s);
        b.tags[g].tag[to % 8] = a.tags[g].tag[from % 8];
        ++in_b;
        count_work(1);
      } else {
        in_b += move_element(b, hashes(g, from % 8, s), s, lost);
      }
      a.tags[g].tag[from % 8] = 0;
    }
    in_a = static_cast<std::int32_t>(listed - leaving_count);
    for (std::size_t i = 0; i < stray_count; ++i) {
      const std::size_t g = strays[i] / 8;
      const unsigned lane = strays[i] % 8;
      slot& s = slot_of(a, g, lane);
      const std::uint64_t hash = hashes(g, lane, s);
      const std::uint16_t tag = std::exchange(a.tags[g].tag[lane], std::uint16_t{0});
      if ((hash >> bit & 1) != 0) {
        --in_a;
        in_b += move_element(b, hash, s, lost);
      } else if (find_vacancy(a, hash).group == g) {
        a.tags[g].tag[lane] = tag;
        occupy(a, hash, {g, lane});
      } else {
        in_a -= !move_element(a, hash, s, lost);
      }
    }
  }
  for (std::size_t i = first; i < first + 2 * half; ++i) directory_.depth[i] = depth;
  directory_.set(first, half, kept);
  directory_.set(upper, half, b);
  note_one();
  if (kept.tags != a.tags) drop_table(a, groups());
  note_of(directory_.at(first)).limit = limit;
  note_of(directory_.at(upper)).limit = limit;
  directory_.spread(first, half, limit - in_a);
  directory_.spread(upper, half, limit - in_b);
  settle_stash(first, half);
  settle_stash(upper, half);
  bump_layout();
  ++splits_;
  observer_.on_split(tables_);
  lost.rethrow();
}

// The stashed elements of one table after it was rebuilt mark their homes; then guests move in while there is room.
template <class Types>
void table_set<Types>::settle_stash(std::size_t first, std::size_t span) noexcept {
  if (GAUNTLET_LIKELY(stash_.empty())) return;
  std::size_t begin = 0, end = 0;
  stash_range(first, span, begin, end);
  const table_type t = directory_.at(first);
  for (std::size_t i = begin; i < end; ++i)
    t.tags[home_of(stash_[i].hash)].fits &= static_cast<std::uint16_t>(~class_bit(class_of(stash_[i].hash)));
  if (!Types::moves_in_place() || stash_.guests() == 0) return;
  for (std::size_t i = begin; i < end;) {
    const auto place = stash_[i];
    const std::int32_t room = directory_.room_of(first, span);
    if (room <= 0) return;
    if (place.sequence != 0) {
      ++i;
      continue;
    }
    try {
      const erasure plan = plan_erase({&place.at->element, directory_.size(), 0, 0});
      clear_overflow(t, plan);
    } catch (...) {
      return;  // a hash failed: the guest stays where it is
    }
    losses none;
    move_element(t, place.hash, place.at->element, none);
    directory_.spread(first, span, room - 1);
    stash_.erase(allocator_, i);
    --end;
    bump_layout();
  }
}

// The part of the stash that belongs to the table with these entries.
template <class Types>
void table_set<Types>::stash_range(std::size_t first, std::size_t span, std::size_t& begin,
                                   std::size_t& end) const noexcept {
  begin = stash_.lower_bound(owner_of(first), 0);
  end = first + span == directory_.size() ? stash_.size() : stash_.lower_bound(owner_of(first + span), 0);
}

// ---- reserving

// The size of the only table that can hold this many; 0: none can.
template <class Types>
std::size_t table_set<Types>::groups_for(std::size_t count) const noexcept {
  std::size_t groups = 1;
  while (groups < groups_max && static_cast<std::size_t>(limit_of(groups)) < count) groups *= 2;
  return static_cast<std::size_t>(limit_of(groups)) < count ? 0 : groups;
}

// How deep the directory is that has room for this many: 2^depth tables of full size. Tables are filled unevenly by good
// hashes: one expects `mean` elements with a deviation of sqrt(mean). The number of tables leaves six and a half
// deviations, which no map of any size meets in practice.
template <class Types>
unsigned table_set<Types>::depth_for(std::size_t count) const noexcept {
  const auto roomy = [count](unsigned bits) {
    const double mean = static_cast<double>(count) / static_cast<double>(std::uint64_t{1} << bits);
    const double spare = static_cast<double>(reserved_limit()) - mean - 1;
    return mean <= 0.94 * static_cast<double>(limit_of(groups_max)) && spare > 0 && spare * spare >= 42.25 * mean;
  };
  unsigned bits = 1;
  while (!roomy(bits)) ++bits;
  return bits;
}

// The slots that a map has once room was made for this many.
template <class Types>
std::size_t table_set<Types>::capacity_for(std::size_t count) const noexcept {
  const std::size_t groups = groups_for(count);
  return (groups != 0 ? groups : groups_max << depth_for(count)) * group_slots;
}

template <class Types>
void table_set<Types>::reserve(std::size_t count) {
  debt_ = 0;
  if (count > max_size()) throw std::length_error("gauntlet::hash_map::reserve: more elements than max_size()");
  if (count > size_) grow_to(count);
}

// A map that is as small as this would leave it is left alone: to shrink and grow again would hash each element several
// times for nothing.
template <class Types>
void table_set<Types>::rehash(std::size_t slots) {
  if (slots > max_size()) throw std::length_error("gauntlet::hash_map::rehash: more slots than max_size()");
  const auto count = static_cast<std::size_t>(static_cast<double>(slots) * static_cast<double>(max_load_factor()));
  std::size_t wanted = capacity_for(count);
  // The count was rounded down, and elements whose hashes agree may lie outside of the slots.
  if (wanted < slots) wanted = capacity_for(slots);
  if (slots <= capacity() && capacity() <= wanted) return;
  if (slots < capacity()) shrink_to_fit();
  reserve(count);
  if (capacity() < slots) grow_to(slots);
}

template <class Types>
void table_set<Types>::grow_to(std::size_t count) {
  const std::size_t old_capacity = capacity();
  const bool one = directory_.depth[0] == 0;
  if (const std::size_t wanted = groups_for(count); wanted != 0) {
    if (one && (wanted > groups() || is_empty_table(directory_.at(0)))) resize_one(wanted);
    return;
  }
  const unsigned bits = depth_for(count);
  const std::size_t bytes = (std::size_t{1} << bits) * (slots_bytes(groups_max) + tags_bytes(groups_max));
  if (bytes > std::size_t{1} << 30) memory::give(allocator_, memory::take(allocator_, bytes), bytes);  // all or nothing
  const std::size_t growths = growths_, splits = splits_;
  const auto restore_counts = [&] { growths_ = growths, splits_ = splits; };
  try {
    if (one && (groups() < groups_max || is_empty_table(directory_.at(0)))) resize_one(groups_max);
    for (std::size_t entry = 0; entry < directory_.size();) {
      if (directory_.depth[entry] < bits) {
        const std::size_t old_size = directory_.size();
        split(entry);
        if (directory_.size() != old_size) entry *= 2;
      } else {
        entry = directory_.after(entry);
      }
    }
  } catch (...) {
    restore_counts();
    ++growths_;
    throw;
  }
  restore_counts();
  ++growths_;
  for (std::size_t entry = 0; entry < directory_.size(); entry = directory_.after(entry)) {
    if (note_of(directory_.at(entry)).limit < reserved_limit())
      set_limit(entry, directory_.span(entry), reserved_limit());
  }
  observer_.on_growth(old_capacity, capacity());
}

}  // namespace gauntlet::detail
