// Operations on one element beyond the quick ones: looking further than the home group, and inserting.
#pragma once

#include <gauntlet/map/detail/table_set.h>

namespace gauntlet::detail {

template <class Types>
template <bool WantTie, class K>
typename table_set<Types>::found table_set<Types>::further(table_type t, std::uint64_t hash, const K& key,
                                                           [[maybe_unused]] bool& tie) const {
  const std::size_t home = home_of(hash);
  const probe wanted(hash);
  for (std::size_t g = next_group(home); g != home; g = next_group(g)) {
    const lane_mask mask = group::match(t.tags[g], wanted);
    count_work(1);
    for (lane_mask m = mask & slot_lanes; m != 0; m &= m - 1) {
      const unsigned lane = lowest_slot(m);
      slot& candidate = slot_of(t, g, lane);
      if (GAUNTLET_LIKELY(equal_(candidate.key(), key))) return {&candidate, g << 3 | lane};
      if constexpr (WantTie) tie |= hash_of(candidate.key()) == hash;
    }
    if (GAUNTLET_LIKELY((mask & further_lane) == 0)) break;
  }
  if (GAUNTLET_RARE(!stash_.empty())) {
    for (std::size_t i = stash_.lower_bound(hash, 0); i < stash_.size() && stash_[i].hash == hash; ++i) {
      count_work(1);
      if (equal_(stash_[i].at->element.key(), key)) return {&stash_[i].at->element, group_slots};
      tie = true;
    }
  }
  return {nullptr, 0};
}

template <class Types>
template <class K>
bool table_set<Types>::erase_further(table_type t, std::uint64_t hash, const K& key) {
  const position at = position_of(find_further(t, hash, key), hash);
  if (at.element == nullptr) return false;
  erase_at(at);
  ++version_;
  pay_debt();
  return true;
}

template <class Types>
typename table_set<Types>::vacancy table_set<Types>::find_vacancy(table_type t, std::uint64_t hash) const noexcept {
  std::size_t g = home_of(hash);
  for (;; g = next_group(g)) {
    count_work(1);
    if (const lane_mask free = group::free_slots(t.tags[g]); GAUNTLET_LIKELY(free != 0)) return {g, lowest_slot(free)};
  }
}

template <class Types>
void table_set<Types>::occupy(table_type t, std::uint64_t hash, vacancy where) noexcept {
  group::occupy(t.tags[where.group], where.lane, probe(hash));
  const auto kept = static_cast<std::uint16_t>(~class_bit(class_of(hash)));
  for (std::size_t g = home_of(hash); GAUNTLET_RARE(g != where.group); g = next_group(g)) t.tags[g].fits &= kept;
}

template <class Types>
template <class K, class Construct>
std::pair<typename table_set<Types>::position, bool> table_set<Types>::insert_slowly(std::uint64_t hash, const K& key,
                                                                                     bool absent,
                                                                                     Construct&& construct) {
  const std::size_t entry = hash >> directory_.shift, home = home_of(hash);
  const table_type t = directory_.at(entry);
  bool tie = false;
  if (!absent) {
    const lane_mask mask = group::match(t.tags[home], probe(hash));
    for (lane_mask m = mask & slot_lanes; m != 0; m &= m - 1) {
      const unsigned lane = lowest_slot(m);
      slot& candidate = slot_of(t, home, lane);
      if (equal_(candidate.key(), key)) return {{&candidate, entry, static_cast<std::uint32_t>(home), lane}, false};
      tie |= hash_of(candidate.key()) == hash;
    }
    if ((mask & further_lane) != 0) {
      const found beyond = find_further_or_tie(t, hash, key, tie);
      if (beyond.element != nullptr) return {position_of(beyond, hash), false};
    }
  }
  const bool rare = tie || directory_.room[entry] <= 0 || debt_ >= policy::erases_per_sweep;
  if (GAUNTLET_RARE(rare)) return {insert_rare(hash, tie, maker(construct)), true};
  return {insert_displaced(t, hash, construct), true};
}

template <class Types>
template <class Construct>
typename table_set<Types>::position table_set<Types>::insert_displaced(table_type t, std::uint64_t hash,
                                                                       Construct& construct) {
  const vacancy where = find_vacancy(t, hash);
  slot& at = slot_of(t, where.group, where.lane);
  construct(at);
  occupy(t, hash, where);
  const std::size_t entry = hash >> directory_.shift;
  --directory_.room[entry];
  ++size_;
  ++version_;
  return {&at, entry, static_cast<std::uint32_t>(where.group), where.lane};
}

// The element is made before anything moves, outside: its arguments may refer to elements that are about to. If there
// is no place for it after all, a maker that took it from somewhere may have it back; one that could not take it back
// (passage::may_lose) makes it when its place is there.
template <class Types>
typename table_set<Types>::position table_set<Types>::insert_rare(std::uint64_t hash, bool tie,
                                                                  const maker& construct) {
  if (construct.may_lose()) {
    if (debt_ >= policy::erases_per_sweep) sweep();
    if (!tie && make_room(hash)) return insert_displaced(table_of(hash), hash, construct);
    return insert_stashed(hash, tie, construct);
  }
  struct holder {
    const maker& construct;
    slot element;
    allocator_type* allocator;  // null: nothing to destroy
    ~holder() {
      if (allocator == nullptr) return;
      if (construct.takes_back()) {
        construct.give_back(element);
      } else {
        Types::destroy(*allocator, element);
      }
    }
  } ready{construct, {}, nullptr};
  construct(ready.element);
  ready.allocator = &allocator_;
  if (debt_ >= policy::erases_per_sweep) sweep();
  auto relocate = [&ready](slot& at) {
    Types::relocate(at, ready.element);
    ready.allocator = nullptr;
  };
  if (tie || !make_room(hash)) return insert_stashed(hash, tie, maker(relocate));
  return insert_displaced(table_of(hash), hash, relocate);
}

template <class Types>
typename table_set<Types>::position table_set<Types>::insert_stashed(std::uint64_t hash, bool tie,
                                                                     const maker& construct) {
  auto* const made = stash_.prepare(allocator_);
  try {
    construct(made->element);
  } catch (...) {
    stash_.discard(allocator_, made);
    throw;
  }
  stash_.link(made, hash, tie ? next_sequence_ : 0);
  next_sequence_ += tie;
  table_of(hash).tags[home_of(hash)].fits &= static_cast<std::uint16_t>(~class_bit(class_of(hash)));
  ++size_;
  ++version_;
  return {&made->element, directory_.size(), 0, 0};
}

}  // namespace gauntlet::detail
