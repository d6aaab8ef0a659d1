// How a map gives memory back: erasing pays for looking at tables, one at a time, and neighbours that are sparse merge.
//
// Nothing here may fail to the user's eyes: when memory or a hash lets a step down, the step is left out and the map is
// as before. A step moves the elements of at most one table.
//
// Nothing thrashes: a table splits above its limit and its halves merge at Policy::merge_below_per_mille of it; the
// only table becomes a quarter when it is below an eighth; an emptied map gives everything back but a table like the
// first.
#pragma once

#include <gauntlet/map/detail/table_set.h>

namespace gauntlet::detail {

template <class Types>
void table_set<Types>::sweep() noexcept {
  constexpr std::size_t step = policy::erases_per_sweep;
  debt_ = debt_ > step ? std::min(debt_ - step, step * 2 * tables_) : 0;
  if (size_ == 0) {
    debt_ = 0;
    if (capacity() > first_groups * group_slots) release_tables();
    return;
  }
  if (directory_.depth[0] == 0) {
    if (size_ * 1000 < static_cast<std::size_t>(limit_of(groups())) * policy::shrink_below_per_mille &&
        groups() > first_groups) {
      try {
        resize_one(std::max(groups() / 4, first_groups));
      } catch (...) {
      }
    }
    return;
  }
  const std::size_t entry = directory_.first(sweep_ >> directory_.shift), span = directory_.span(entry);
  const std::size_t after = entry + span;
  sweep_ = after == directory_.size() ? 0 : owner_of(after);
  const std::uint64_t lower = owner_of(entry & ~span);
  if (stash_.guests() != 0) settle_stash(entry, span);
  if (try_merge(entry,
                static_cast<std::int32_t>(std::int64_t{limit_of(groups_max)} * policy::merge_below_per_mille / 1000))) {
    sweep_ = lower;
  }
}

// Merges the table of this entry with its buddy if both together hold no more than this.
template <class Types>
bool table_set<Types>::try_merge(std::size_t entry, std::int32_t together_max) noexcept {
  const std::size_t first = directory_.first(entry), span = directory_.span(entry), lower = first & ~span;
  if (directory_.depth[first] == 0 || directory_.depth[first ^ span] != directory_.depth[first]) return false;
  // No table's limit is lower than this. Mostly that is answer enough, and the notes behind the slots stay unread.
  if (2 * limit_of(groups_max) - directory_.room_of(lower, 2 * span) > together_max) return false;
  if (elements_in(lower, span) + elements_in(lower + span, span) > together_max) return false;
  try {
    return merge(lower, span);
  } catch (...) {
    return false;
  }
}

// The tables at [lower, lower + span) and [lower + span, lower + 2 * span) become one.
template <class Types>
bool table_set<Types>::merge(std::size_t lower, std::size_t span) {
  const table_type a = directory_.at(lower), b = directory_.at(lower + span);
  const hash_list from_b(*this, b);
  std::int32_t together = elements_in(lower, span) + elements_in(lower + span, span);
  table_type kept = a;
  losses lost;
  if constexpr (Types::copies_first()) {
    const hash_list from_a(*this, a);
    kept = make_table(groups(), owner_of(lower));
    try {
      const auto copy = [&](const hash_list& hashes) {
        return [&](std::size_t g, unsigned lane, slot& s) {
          const std::uint64_t hash = hashes(g, lane, s);
          const vacancy where = find_vacancy(kept, hash);
          Types::construct(allocator_, slot_of(kept, where.group, where.lane), std::as_const(s.value()));
          count_work(1);
          occupy(kept, hash, where);
        };
      };
      for_each_slot(a, groups(), copy(from_a));
      for_each_slot(b, groups(), copy(from_b));
    } catch (...) {
      destroy_elements(kept, groups());
      drop_table(kept, groups());
      throw;
    }
    destroy_elements(a, groups());
    destroy_elements(b, groups());
  } else {
    // An element at home is at home in the same group of the other table. Where nobody went past the group before,
    // all are: their tags are all it takes, and no hash. How many leave a group is anybody's guess, a branch predictor's
    // too: so first a list of who goes where, seven entries a group whatever is needed of them, then the moves, then
    // the groups that want a closer look. Places are numbered as tags are, eight a group.
    const std::size_t mask = groups() - 1;
    std::uint16_t from[groups_max * group_slots + group_slots], to[groups_max * group_slots + group_slots];
    std::uint16_t closer[groups_max];
    std::size_t listed = 0, closer_count = 0;
    for (std::size_t g = 0; g <= mask; ++g) {
      const lane_list& going = lists_of_lanes.of[group::free_set(b.tags[g]) ^ slot_set];
      const lane_list& places = lists_of_lanes.of[group::free_set(a.tags[g])];
      const bool all_home = b.tags[(g - 1) & mask].fits == fits_all;
      if (!Types::moves_in_place() || GAUNTLET_RARE(!all_home || going.count > places.count)) {
        closer[closer_count++] = static_cast<std::uint16_t>(g);
        continue;
      }
      for (unsigned i = 0; i < group_slots; ++i) {
        from[listed + i] = static_cast<std::uint16_t>(g * 8 + going.lane[i]);
        to[listed + i] = static_cast<std::uint16_t>(g * 8 + places.lane[i]);
      }
      listed += going.count;
    }
    if constexpr (Types::moves_in_place()) {
      for (std::size_t i = 0; i < listed; ++i) {
        const std::size_t f = from[i], t = to[i];
        Types::relocate(a.slots[t - t / 8], b.slots[f - f / 8]);
        a.tags[t / 8].tag[t % 8] = b.tags[f / 8].tag[f % 8];
      }
      count_work(listed);
    }
    for (std::size_t i = 0; i < closer_count; ++i) {
      const std::size_t g = closer[i];
      for (lane_mask m = used_slots(b.tags[g]); m != 0; m &= m - 1) {
        slot& s = slot_of(b, g, lowest_slot(m));
        together -= !move_element(a, from_b(g, lowest_slot(m), s), s, lost);
      }
    }
  }
  directory_.set(lower, 2 * span, kept);
  for (std::size_t i = 0; i < 2 * span; ++i) --directory_.depth[lower + i];
  if (directory_.depth[lower] == 0) one_ = kept;
  if (kept.tags == a.tags) {
    drop_table(b, groups());
  } else {
    // Dropping a block moves the last one into its place. The higher of the two goes first, so that neither is moved.
    const bool b_first = note_of(b).block > note_of(a).block;
    drop_table(b_first ? b : a, groups());
    drop_table(b_first ? a : b, groups());
  }
  note_of(directory_.at(lower)).limit = limit_of(groups());
  directory_.spread(lower, 2 * span, limit_of(groups()) - together);
  settle_stash(lower, 2 * span);
  directory_.fold(allocator_);
  note_one();
  bump_layout();
  ++merges_;
  observer_.on_merge(tables_);
  return true;
}

// Merges whatever may be merged, then fits the only table.
template <class Types>
void table_set<Types>::compact(std::int32_t together_max) noexcept {
  debt_ = 0;
  if (size_ == 0) return release_tables();
  for (std::uint64_t at = 0;;) {
    const std::size_t entry = at >> directory_.shift;
    const std::uint64_t lower = owner_of(directory_.first(entry) & ~directory_.span(entry));
    if (try_merge(entry, together_max)) {
      at = lower;
      continue;
    }
    const std::size_t after = directory_.after(at >> directory_.shift);
    if (after >= directory_.size()) break;
    at = owner_of(after);
  }
  if (directory_.depth[0] == 0) {
    const std::size_t fitting = groups_for(size_ - stash_.size());
    if (fitting != 0 && fitting * 2 < groups()) {
      try {
        resize_one(fitting * 2);
      } catch (...) {
      }
    }
  }
}

template <class Types>
void table_set<Types>::shrink_to_fit() noexcept {
  compact(limit_of(groups_max));
  if (directory_.depth[0] == 0 && !is_empty_table(directory_.at(0))) {
    const std::size_t fitting = std::max<std::size_t>(groups_for(size_ - stash_.size()), 1);
    if (fitting < groups() && size_ - stash_.size() <= static_cast<std::size_t>(limit_of(fitting))) {
      try {
        resize_one(fitting);
      } catch (...) {
      }
    }
  }
  pool_.trim(allocator_);
}

}  // namespace gauntlet::detail
