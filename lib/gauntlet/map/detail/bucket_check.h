// A map looks at itself: numbers for the curious, and a recount of everything that must hold.
#pragma once

#include <ostream>
#include <sstream>
#include <vector>

#include <gauntlet/map/detail/bucket_table.h>

namespace gauntlet::detail {

template <class Types>
bucket_map_stats bucket_table<Types>::stats() const {
  bucket_map_stats s;
  s.size = size_;
  s.bits = now_.bits();
  s.overflow = overflow_;
  s.old_overflow = old_overflow_;
  if (growing_) {
    for (std::size_t i = evacuated_; i < old_.size(); ++i) s.old_buckets += std::size_t{!old_is_evacuated(i)};
    s.growth = old_.bits() == now_.bits()       ? bucket_growth::same_size
               : old_.bits() + 1 == now_.bits() ? bucket_growth::doubling
                                                : bucket_growth::resizing;
  }
  s.load = static_cast<double>(size_) / static_cast<double>(now_.size());
  s.doublings = doublings_;
  s.same_size_growths = same_size_growths_;
  s.resizes = resizes_;
  const auto rounded = [](std::size_t bytes) { return memory::chunks(bytes) * sizeof(typename memory::chunk); };
  s.bytes = now_.bytes() + old_.bytes() + (overflow_ + old_overflow_) * rounded(sizeof(bucket_type));
  const auto look = [&](std::size_t, const bucket_type& head) {
    std::size_t length = 0;
    for (const bucket_type* b = &head; b != nullptr; b = b->next()) {
      ++length;
      if (b->notes() == nullptr) continue;
      s.bytes += rounded(sizeof(note_type));
      for (std::uint64_t m = top_word::used(b->word()); m != 0; m &= m - 1)
        s.ties += std::size_t{b->number(top_word::lowest(m)) != 0};
    }
    s.longest_chain = std::max(s.longest_chain, length);
  };
  for_each_chain(now_, look);
  for_each_chain(old_, look);
  return s;
}

template <class Types>
std::string bucket_table<Types>::describe() const {
  std::ostringstream out;
  out << "size " << size_ << ", " << now_.size() << " buckets (B = " << now_.bits() << "), overflow buckets "
      << overflow_;
  if (growing_)
    out << ", growing from " << old_.size() << " buckets, evacuated up to " << evacuated_ << ", old overflow buckets "
        << old_overflow_;
  return out.str();
}

template <class Types>
bool bucket_table<Types>::self_check(std::ostream* dump) const {
  bool right = true;
  const auto expect = [&](const char* what, std::size_t where, std::uint64_t is, std::uint64_t wanted) {
    if (is == wanted) return;
    if (right && dump != nullptr) *dump << "self_check failed: " << describe() << '\n';
    right = false;
    if (dump != nullptr)
      *dump << "  " << what << " at " << where << ": found " << is << ", recounted " << wanted << '\n';
  };

  std::size_t elements = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> places;  // of one chain
  const auto check_chain = [&](std::size_t index, const bucket_type& head, bool old, std::size_t& overflow) {
    bool rest = false;      // seen
    bool trailing = false;  // an empty_one without an element behind it so far
    places.clear();
    for (const bucket_type* b = &head; b != nullptr; b = b->next()) {
      if (b != &head) ++overflow;
      for (unsigned lane = 0; lane < bucket_slots; ++lane) {
        const std::uint8_t top = b->tops[lane];
        if (top == empty_rest) {
          expect("empty_one before the rest", index, trailing, false);
          rest = true;
          continue;
        }
        expect("slot behind the rest", index, rest, false);
        trailing = top == empty_one;
        if (trailing) continue;
        expect("evacuated slot of a chain that is not", index, is_evacuated(top), false);
        if (is_evacuated(top)) continue;
        ++elements;
        const std::uint64_t hash = hash_of(const_cast<bucket_type*>(b)->slots[lane].key());
        expect("top", index, top, top_of(hash));
        expect("index", index, hash & (old ? old_ : now_).mask(), index);
        if (!old && growing_) expect("old chain of an element", index, old_is_evacuated(hash & old_.mask()), true);
        if (old) expect("old chain of an old element", index, old_is_evacuated(index), false);
        expect("tie number not given yet", index, b->number(lane) < next_number_, true);
        places.emplace_back(hash, b->number(lane));
      }
    }
    expect("empty_one at the end", index, trailing, false);
    std::sort(places.begin(), places.end());
    expect("elements in one place", index,
           static_cast<std::uint64_t>(places.end() - std::adjacent_find(places.begin(), places.end())), 0);
  };

  std::size_t overflow = 0, old_overflow = 0;
  for_each_chain(now_, [&](std::size_t index, const bucket_type& head) { check_chain(index, head, false, overflow); });
  expect("overflow buckets", 0, overflow_, overflow);
  if (growing_) {
    expect("mark", evacuated_, evacuated_ < old_.size(), true);
    for_each_chain(old_, [&](std::size_t index, const bucket_type& head) {
      if (is_evacuated(head.tops[0])) {
        expect("link of an evacuated chain", index, head.link, 0);
        for (const std::uint8_t top : head.tops) expect("state in an evacuated chain", index, is_evacuated(top), true);
      } else {
        expect("chain below the mark is evacuated", index, index < evacuated_, false);
        check_chain(index, head, true, old_overflow);
      }
    });
    for (std::size_t i = 0; i < array_type::piece_of(evacuated_); ++i)
      expect("piece behind the mark", i, old_.has_piece(i), false);
  } else {
    expect("old buckets while not growing", 0, old_.bytes(), 0);
    expect("mark while not growing", 0, evacuated_, 0);
  }
  expect("old overflow buckets", 0, old_overflow_, old_overflow);
  expect("size", 0, size_, elements);
  return right;
}

}  // namespace gauntlet::detail
