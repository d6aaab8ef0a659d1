// In order of memory: table by table, four groups at once, then the stash.
#pragma once

#include <gauntlet/map/detail/table_set.h>

namespace gauntlet::detail {

template <class Types>
typename table_set<Types>::position table_set<Types>::first(std::uint64_t& ahead) const noexcept {
  ahead = 0;
  if (size_ == 0) return {};
  return look_on(nullptr, 0, 0, 0, ahead);
}

// The used slots of four groups, or of fewer in a table that has fewer.
template <class Types>
std::uint64_t table_set<Types>::used_ahead(const group_tags* tags, std::size_t groups) noexcept {
  if (GAUNTLET_LIKELY(groups >= 4)) {
    return std::uint64_t{used_slots(tags[0])} | std::uint64_t{used_slots(tags[1])} << 16 |
           std::uint64_t{used_slots(tags[2])} << 32 | std::uint64_t{used_slots(tags[3])} << 48;
  }
  std::uint64_t used = 0;
  for (std::size_t i = 0; i < groups; ++i) used |= std::uint64_t{used_slots(tags[i])} << (16 * i);
  return used;
}

template <class Types>
typename table_set<Types>::position table_set<Types>::look_on(slot* element, std::size_t entry,
                                                              std::uint32_t from_group, std::uint32_t lane,
                                                              std::uint64_t& ahead) const noexcept {
  std::size_t in_stash = 0;
  if (GAUNTLET_LIKELY(entry < directory_.size())) {
    const std::size_t groups_in_all = groups();
    std::size_t g = from_group & ~std::uint32_t{3};
    const group_tags* tags = directory_.tags[entry];
    std::uint64_t used = used_ahead(tags + g, groups_in_all);
    if (element != nullptr) used &= ~std::uint64_t{0} << ((from_group & 3) * 16 + lane * 2 + 2);
    for (;;) {
      while (used == 0 && (g += 4) < groups_in_all) used = used_ahead(tags + g, groups_in_all);
      if (used != 0) break;
      entry = directory_.after(entry);
      if (entry == directory_.size()) break;
      g = 0;
      tags = directory_.tags[entry];
      used = used_ahead(tags, groups_in_all);
    }
    if (used != 0) {
      const auto bit = static_cast<std::uint32_t>(std::countr_zero(used));
      ahead = used & (used - 1);
      if (one_.tags == nullptr) prefetch_groups(directory_.slots[entry] + (g + 4) * group_slots);
      g += bit >> 4;
      lane = bit >> 1 & 7;
      return {directory_.slots[entry] + (g * group_slots + lane), entry, static_cast<std::uint32_t>(g), lane};
    }
  } else {
    const auto& node = stash_type::node_of(*element);
    in_stash = stash_.lower_bound(node.hash, node.sequence + 1);
  }
  ahead = 0;
  if (in_stash >= stash_.size()) return {};
  return {&stash_[in_stash].at->element, directory_.size(), 0, 0};
}

}  // namespace gauntlet::detail
