// A map looks at itself: numbers for the curious, and a recount of everything that must hold.
#pragma once

#include <memory>
#include <ostream>
#include <sstream>

#include <gauntlet/map/detail/table_set.h>

namespace gauntlet::detail {

template <class Types>
hash_map_stats table_set<Types>::stats() const {
  hash_map_stats result;
  result.size = size_;
  result.capacity = capacity();
  result.tables = tables_;
  result.directory_entries = tables_ == 0 ? 0 : directory_.size();
  result.load = result.capacity == 0 ? 0 : static_cast<double>(size_) / static_cast<double>(result.capacity);
  result.splits = splits_;
  result.merges = merges_;
  result.growths = growths_;
  result.shrinks = shrinks_;
  result.overflowed = stash_.size();
  result.bytes = tables_ * memory::chunks(slots_bytes(groups()) + (is_pooled(groups()) ? 0 : tags_bytes(groups()))) *
                     sizeof(typename memory::chunk) +
                 pool_.bytes() + directory_.bytes() + stash_.bytes();
  const std::size_t mask = groups() - 1;
  for (std::size_t entry = 0; size_ != 0 && entry < directory_.size(); entry = directory_.after(entry)) {
    const table_type t = directory_.at(entry);
    for_each_slot(t, groups(), [&](std::size_t g, unsigned, slot& s) {
      const bool may_be_displaced = t.tags[(g - 1) & mask].fits != fits_all;
      const std::size_t length = may_be_displaced ? ((g - home_of(hash_of(s.key()))) & mask) + 1 : 1;
      result.longest_probe = std::max(result.longest_probe, length);
    });
  }
  return result;
}

template <class Types>
std::string table_set<Types>::describe() const {
  std::ostringstream out;
  out << "size " << size_ << ", capacity " << capacity() << ", tables " << tables_ << " of " << groups()
      << " groups, directory entries " << directory_.size() << ", stashed " << stash_.size() << ", splits " << splits_
      << ", merges " << merges_;
  return out.str();
}

template <class Types>
bool table_set<Types>::self_check(std::ostream* dump) const {
  bool right = true;
  const auto expect = [&](const char* what, std::size_t where, std::uint64_t is, std::uint64_t wanted) {
    if (is == wanted) return;
    if (right && dump != nullptr) *dump << "self_check failed: " << describe() << '\n';
    right = false;
    if (dump != nullptr)
      *dump << "  " << what << " at " << where << ": found " << is << ", recounted " << wanted << '\n';
  };
  const auto as_number = [](const void* pointer) {
    return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(pointer));
  };

  const std::size_t group_count = groups(), mask = group_count - 1;
  expect("directory shift", 0, directory_.shift, 64 - directory_.bits);
  expect("stash is sorted", 0, std::is_sorted(stash_.begin(), stash_.end()), true);
  if (directory_.depth[0] == 0) {
    expect("only table's tags", 0, as_number(one_.tags), as_number(directory_.tags[0]));
    expect("only table's slots", 0, as_number(one_.slots), as_number(directory_.slots[0]));
  } else {
    expect("no only table", 0, as_number(one_.tags), 0);
    expect("groups of many tables", 0, group_count, groups_max);
  }

  std::size_t elements = 0, tables = 0, guests = 0;
  for (std::size_t entry = 0; entry < directory_.size(); entry = directory_.after(entry)) {
    const std::size_t span = directory_.span(entry);
    expect("table starts at a multiple of its span", entry, entry & (span - 1), 0);
    for (std::size_t i = entry; i < entry + span; ++i) {
      expect("entry's tags", i, as_number(directory_.tags[i]), as_number(directory_.tags[entry]));
      expect("entry's slots", i, as_number(directory_.slots[i]), as_number(directory_.slots[entry]));
      expect("entry's depth", i, directory_.depth[i], directory_.depth[entry]);
    }
    const table_type t = directory_.at(entry);
    if (is_empty_table(t)) {
      expect("directory of an empty map", entry, directory_.size(), 2);
      expect("room of no table", entry, static_cast<std::uint64_t>(directory_.room_of(entry, span)), 0);
      continue;
    }
    ++tables;
    if (is_pooled(group_count)) {
      const std::uint32_t block = note_of(t).block;
      expect("pool block in use", entry, block < pool_.size(), true);
      if (block < pool_.size()) {
        expect("pool block", entry, as_number(const_cast<tag_pool<groups_max, memory>&>(pool_).at(block)),
               as_number(t.tags));
        expect("pool block's owner", entry, pool_.owner(block), owner_of(entry));
      }
    }

    std::array<std::uint16_t, groups_max> fits;
    fits.fill(fits_all);
    std::int32_t here = 0;
    for_each_slot(t, group_count, [&](std::size_t g, unsigned lane, slot& s) {
      ++here;
      const std::uint64_t hash = hash_of(s.key());
      const std::size_t where = entry * 10000 + g * 10 + lane;
      expect("element's table", where, directory_.first(hash >> directory_.shift), entry);
      expect("element's tag", where, t.tags[g].tag[lane], tag_of(hash));
      for (std::size_t q = home_of(hash); q != g; q = (q + 1) & mask)
        fits[q] &= static_cast<std::uint16_t>(~class_bit(class_of(hash)));
      expect("element found by its key", where, as_number(find(s.key()).element), as_number(&s));
    });
    std::size_t begin = 0, end = 0;
    stash_range(entry, span, begin, end);
    for (std::size_t i = begin; i < end; ++i)
      fits[home_of(stash_[i].hash)] &= static_cast<std::uint16_t>(~class_bit(class_of(stash_[i].hash)));
    for (std::size_t g = 0; g < group_count; ++g)
      expect("overflow bits (inverted) of group", entry * 10000 + g * 10, t.tags[g].fits, fits[g]);
    expect("limit less room", entry, static_cast<std::uint64_t>(elements_in(entry, span)),
           static_cast<std::uint64_t>(here));
    expect("limit within capacity", entry, note_of(t).limit <= capacity_of(group_count), true);
    elements += static_cast<std::size_t>(here);
  }
  for (std::size_t i = 0; i < stash_.size(); ++i) {
    const auto& place = stash_[i];
    expect("stashed element's hash", i, hash_of(place.at->element.key()), place.hash);
    expect("stashed element's own hash", i, place.at->hash, place.hash);
    expect("stashed element's own sequence", i, place.at->sequence, place.sequence);
    expect("sequence given out", i, place.sequence < next_sequence_, true);
    expect("stashed element found by its key", i, as_number(find(place.at->element.key()).element),
           as_number(&place.at->element));
    guests += place.sequence == 0;
  }
  expect("guests", 0, stash_.guests(), guests);
  expect("tables", 0, tables_, tables);
  expect("pool blocks", 0, pool_.size(), is_pooled(group_count) ? tables : 0);
  expect("size", 0, size_, elements + stash_.size());

  if (!right && dump != nullptr) {
    for (std::size_t entry = 0; entry < directory_.size(); entry = directory_.after(entry)) {
      const table_type t = directory_.at(entry);
      *dump << "  table " << entry << " depth " << unsigned{directory_.depth[entry]} << " span "
            << directory_.span(entry) << (is_empty_table(t) ? " (none)" : "") << '\n';
      for (std::size_t g = 0; !is_empty_table(t) && g < group_count && group_count <= 16; ++g) {
        *dump << "    group " << g << " fits " << std::hex << t.tags[g].fits << " tags";
        for (const std::uint16_t tag : t.tags[g].tag) *dump << ' ' << tag;
        *dump << std::dec << '\n';
      }
    }
    for (const auto& place : stash_)
      *dump << "  stash " << std::hex << place.hash << std::dec << " sequence " << place.sequence << '\n';
  }
  return right;
}

}  // namespace gauntlet::detail
