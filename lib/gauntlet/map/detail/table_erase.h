// Erasing: who goes, and which overflow bits nobody needs any more. Planned first, for planning may throw.
#pragma once

#include <gauntlet/map/detail/table_set.h>

namespace gauntlet::detail {

// Is there an element, other than the one that goes, whose overflow bit of class c in group g this is?
template <class Types>
bool table_set<Types>::overflow_needed(table_type t, std::size_t g, unsigned c, const erasure& but) const {
  const std::size_t mask = groups() - 1;
  for (std::size_t r = (g + 1) & mask; r != g; r = (r + 1) & mask) {
    count_work(1);
    const group_tags& tags = t.tags[r];
    for (lane_mask m = used_slots(tags); m != 0; m &= m - 1) {
      const unsigned lane = lowest_slot(m);
      if (class_of_tag(tags.tag[lane]) != c || &slot_of(t, r, lane) == but.at.element) continue;
      const std::size_t home = home_of(hash_of(slot_of(t, r, lane).key()));
      if (((r - home) & mask) >= ((r - g) & mask)) return true;
    }
    if ((tags.fits & class_bit(c)) != 0) break;  // nobody of this class goes on from here
  }
  if (GAUNTLET_RARE(!stash_.empty())) {
    std::size_t begin = 0, end = 0;
    const std::size_t entry = but.hash >> directory_.shift;
    stash_range(directory_.first(entry), directory_.span(entry), begin, end);
    for (std::size_t i = begin; i < end; ++i) {
      count_work(1);
      if (&stash_[i].at->element != but.at.element && home_of(stash_[i].hash) == g && class_of(stash_[i].hash) == c)
        return true;
    }
  }
  return false;
}

template <class Types>
typename table_set<Types>::erasure table_set<Types>::plan_erase(const position& at) const {
  erasure plan;
  plan.at = at;
  if (GAUNTLET_RARE(at.entry == directory_.size())) {
    const auto& node = stash_type::node_of(*at.element);
    plan.stashed = true;
    plan.hash = node.hash;
    plan.stash_index = stash_.lower_bound(node.hash, node.sequence);
    const table_type t = table_of(node.hash);
    const std::size_t home = home_of(node.hash);
    if (!overflow_needed(t, home, class_of(node.hash), plan)) plan.clear[home / 64] |= std::uint64_t{1} << (home % 64);
    return plan;
  }
  const table_type t = directory_.at(at.entry);
  const std::size_t mask = groups() - 1;
  // Nobody of its class went past the group before: it is at home.
  if ((t.tags[(at.group - 1) & mask].fits & class_bit(class_of_tag(t.tags[at.group].tag[at.lane]))) != 0) return plan;
  plan.hash = hash_of(at.element->key());
  const std::size_t home = home_of(plan.hash);
  if (home == at.group) return plan;
  plan.displaced = true;
  plan_overflow(t, home, class_of(plan.hash), plan);
  return plan;
}

// Which of the groups that the element went past does nobody else of its class go past? One pass over the chain that
// begins at its home: an element found d groups behind home that went past n of them needs the n overflow bits before
// its own group. Asking for each bit on its own would look at the chain as often as it is long.
//
// The pass begins where the element is. Whoever is found there or behind and began at its home or before needs all of
// its bits, which is known at once where many keys share a home; the chain cannot end before, as the element itself
// went past.
template <class Types>
void table_set<Types>::plan_overflow(table_type t, std::size_t home, unsigned c, erasure& plan) const {
  const std::size_t mask = groups() - 1;
  const std::size_t length = (plan.at.group - home) & mask;
  decltype(plan.clear) needed{};  // by distance from home
  const auto need = [&needed](std::size_t d) { needed[d / 64] |= std::uint64_t{1} << (d % 64); };
  // Marks what those in the group d behind home need. True when that is everything.
  const auto look_at = [&](std::size_t d) {
    count_work(1);
    const std::size_t r = (home + d) & mask;
    const group_tags& tags = t.tags[r];
    for (lane_mask m = used_slots(tags); m != 0; m &= m - 1) {
      const unsigned lane = lowest_slot(m);
      if (class_of_tag(tags.tag[lane]) != c || &slot_of(t, r, lane) == plan.at.element) continue;
      const std::size_t past = (r - home_of(hash_of(slot_of(t, r, lane).key()))) & mask;
      if (past >= d && d >= length) return true;
      for (std::size_t k = past < d ? d - past : 0; k < d && k < length; ++k) need(k);
      // One that has come round the end of the table, from behind that home, went past the groups there, too.
      for (std::size_t k = past > d ? d + groups() - past : length; k < length; ++k) need(k);
    }
    return false;
  };
  for (std::size_t d = length; d <= mask; ++d) {
    if (look_at(d)) return;
    if ((t.tags[(home + d) & mask].fits & class_bit(c)) != 0) break;  // nobody of this class goes on from here
  }
  for (std::size_t d = 0; d < length; ++d) look_at(d);
  if (GAUNTLET_RARE(!stash_.empty())) {
    std::size_t begin = 0, end = 0;
    const std::size_t entry = plan.hash >> directory_.shift;
    stash_range(directory_.first(entry), directory_.span(entry), begin, end);
    for (std::size_t i = begin; i < end; ++i) {
      count_work(1);
      const std::size_t d = (home_of(stash_[i].hash) - home) & mask;
      if (d < length && class_of(stash_[i].hash) == c) need(d);
    }
  }
  for (std::size_t d = 0; d < length; ++d) {
    const std::size_t g = (home + d) & mask;
    if ((needed[d / 64] >> (d % 64) & 1) == 0) plan.clear[g / 64] |= std::uint64_t{1} << (g % 64);
  }
}

template <class Types>
void table_set<Types>::clear_overflow(table_type t, const erasure& plan) noexcept {
  std::size_t g = home_of(plan.hash);
  do {
    if ((plan.clear[g / 64] >> (g % 64) & 1) != 0) t.tags[g].fits |= class_bit(class_of(plan.hash));
    g = next_group(g);
  } while (plan.displaced && g != plan.at.group);
}

template <class Types>
void table_set<Types>::finish_extract(const erasure& plan) noexcept {
  if (GAUNTLET_RARE(plan.displaced || plan.stashed)) clear_overflow(table_of(plan.hash), plan);
  if (GAUNTLET_RARE(plan.stashed)) {
    stash_.erase(allocator_, plan.stash_index);
  } else {
    directory_.tags[plan.at.entry][plan.at.group].tag[plan.at.lane] = 0;
    ++directory_.room[plan.at.entry];
  }
  --size_;
  ++debt_;
  version_ += std::uint64_t{1} << 32;
}

template <class Types>
void table_set<Types>::finish_erase(const erasure& plan) noexcept {
  Types::destroy(allocator_, *plan.at.element);
  finish_extract(plan);
}

template <class Types>
template <class Predicate>
std::size_t table_set<Types>::erase_if(Predicate&& predicate) {
  const std::size_t before = size_;
  std::uint64_t ahead = 0;
  for (position at = first(ahead); at.element != nullptr;) {
    const position here = at;
    advance(at, ahead);
    if (predicate(here.element->value())) erase_at(here);
  }
  ++version_;
  if (before != size_) pay_whole_debt();
  return before - size_;
}

}  // namespace gauntlet::detail
