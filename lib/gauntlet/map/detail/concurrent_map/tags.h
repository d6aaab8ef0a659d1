// Tags: one word that says of each slot of a bucket whether it is taken and a little about whose it is.
//
// Byte i of the word belongs to slot i: 0 while the slot is free, else byte i of the spread hash with its top bit set. A
// tag is positional: because slot i always takes byte i, a lookup compares all tags with one subtraction or one vector
// instruction and broadcasts nothing. Byte 7 is the overflow filter: one bit for each eighth of the hashes that have an
// element outside of the bucket.
//
// Slot 7 is no slot but the bucket's header. A lookup without a match looks there, so that hit and miss run the same
// instructions; `first` gives it for an empty match, and no answer depends on what is read there.
#pragma once

#include <bit>
#include <cstdint>

#include <gauntlet/map/detail/attributes.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace gauntlet::detail {

// What all forms share. Slots are counted from 0; `slots` is how many there are, at most 7.
struct tag_words {
  static constexpr unsigned header = 7;
  static constexpr unsigned filter_shift = 56;
  static constexpr std::uint64_t filter_bits = ~std::uint64_t{0} << filter_shift;
  static constexpr std::uint64_t all_tops = 0x0080808080808080;

  static constexpr std::uint64_t tops(unsigned slots) { return all_tops & ((std::uint64_t{1} << (8 * slots)) - 1); }
  static constexpr std::uint64_t spread(std::uint64_t hash) {
    return (hash ^ std::rotr(hash, 32)) | 0x8080808080808080;
  }
  static constexpr std::uint64_t filter(std::uint64_t hash) {
    return std::uint64_t{1} << ((hash >> 17 | filter_shift) & 63);
  }
  static constexpr std::uint64_t taken(std::uint64_t tags) { return tags & all_tops; }
  static constexpr std::uint64_t free(std::uint64_t tags, unsigned slots) { return ~tags & tops(slots); }
  static constexpr unsigned count(std::uint64_t tags) { return static_cast<unsigned>(std::popcount(taken(tags))); }
  // Of a set of top bits that is not empty: the slot nearest to the header, whose cache line is there already.
  static constexpr unsigned last(std::uint64_t set) { return (static_cast<unsigned>(std::bit_width(set)) - 1) / 8; }
  static constexpr bool is_taken(std::uint64_t tags, unsigned slot) { return (tags >> (8 * slot) & 0x80) != 0; }
  static constexpr std::uint64_t with(std::uint64_t tags, unsigned slot, std::uint64_t hash) {
    const std::uint64_t byte = std::uint64_t{0xff} << (8 * slot);
    return (tags & ~byte) | (spread(hash) & byte);
  }
  static constexpr std::uint64_t without(std::uint64_t tags, unsigned slot) {
    return tags & ~(std::uint64_t{0xff} << (8 * slot));
  }
};

// A match is a set of slots. It may hold a slot too many, never one too few.
struct portable_tags : tag_words {
  static std::uint64_t match(std::uint64_t tags, std::uint64_t hash) {
    const std::uint64_t difference = tags ^ spread(hash);
    return (difference - 0x0101010101010101) & ~difference & all_tops;
  }
  // The sentinel keeps the answer for an empty set free of a branch, also where counting zeros of zero needs one.
  static unsigned first(std::uint64_t match) {
    return static_cast<unsigned>(std::countr_zero(match | std::uint64_t{1} << 63)) / 8;
  }
};

#if defined(__SSE2__)
struct vector_tags : tag_words {
  static std::uint64_t match(std::uint64_t tags, std::uint64_t hash) {
    const __m128i equal = _mm_cmpeq_epi8(_mm_cvtsi64_si128(static_cast<long long>(tags)),
                                         _mm_cvtsi64_si128(static_cast<long long>(spread(hash))));
    return static_cast<std::uint64_t>(_mm_movemask_epi8(equal)) & 0x7f;
  }
  static unsigned first(std::uint64_t match) {
    return static_cast<unsigned>(std::countr_zero(match | std::uint64_t{1} << header));
  }
};
using fastest_tags = vector_tags;
#else
using fastest_tags = portable_tags;
#endif

}  // namespace gauntlet::detail
