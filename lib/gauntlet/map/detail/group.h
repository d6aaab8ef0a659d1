// A group: seven slots and the sixteen bytes that describe them.
//
//   tag    16 bits of an element's hash, top bit set; 0 means that the slot is free
//   class  4 bits of the tag: elements are told apart in 16 classes
//   fits   16 bits, one per class; bit c is 0 when an element of class c, coming from this group or an earlier one, had
//          to go further than this group (an *overflow bit*, stored inverted)
//
// One AND, one compare and one movemask of these sixteen bytes answer both questions of a lookup: which slots may hold
// the key, and must I look further? The AND keeps from `fits` only the bit of the key's class; the compare is with the
// tag in the seven slot lanes and with 0 in the last.
//
// Bits of a hash (numbers count from the lowest):
//   4..4+k   home group in a table of 2^k groups, already multiplied by the sixteen bytes of a group's tags
//   16..31   tag; of these 20..23 are the class
//   top      directory
//
// A lane mask has two bits per lane, as movemask gives them: slot i is bit 2 * i, "look further" is bit 15.
//
// sse2_group and portable_group have the same interface and give the same answers; a policy can force the second.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <gauntlet/map/detail/attributes.h>

namespace gauntlet::detail {

inline constexpr std::size_t group_slots = 7;
inline constexpr unsigned group_shift = 4;
inline constexpr unsigned tag_shift = 16;
inline constexpr unsigned class_count = 16;

struct alignas(16) group_tags {
  std::uint16_t tag[group_slots];
  std::uint16_t fits;
};

inline constexpr std::uint16_t fits_all = 0xffff;
inline constexpr group_tags free_group = {{0, 0, 0, 0, 0, 0, 0}, fits_all};

// What a map that was never filled looks at. Constant: it has no room, so nothing is ever written to it.
struct alignas(64) empty_table_tags {
  group_tags group = free_group;
};
inline constexpr empty_table_tags empty_table;

using lane_mask = std::uint32_t;
inline constexpr lane_mask slot_lanes = 0x1555;
inline constexpr lane_mask further_lane = 0x8000;
inline constexpr unsigned slot_set = (1U << group_slots) - 1;

GAUNTLET_ALWAYS_INLINE unsigned lowest_slot(lane_mask mask) {
  return static_cast<unsigned>(std::countr_zero(mask)) / 2;
}

GAUNTLET_ALWAYS_INLINE std::uint16_t tag_of(std::uint64_t hash) {
  return static_cast<std::uint16_t>(hash >> tag_shift | 0x8000U);
}
GAUNTLET_ALWAYS_INLINE unsigned class_of_tag(std::uint16_t tag) { return (tag >> 4) & 15U; }
GAUNTLET_ALWAYS_INLINE unsigned class_of(std::uint64_t hash) {
  return static_cast<unsigned>(hash >> (tag_shift + 4)) & 15U;
}
GAUNTLET_ALWAYS_INLINE std::uint16_t class_bit(unsigned c) { return static_cast<std::uint16_t>(1U << c); }

// Row c: all ones in the slot lanes, bit c alone in the last.
struct class_rows {
  group_tags row[class_count];
  constexpr class_rows() : row{} {
    for (unsigned c = 0; c < class_count; ++c) {
      for (std::uint16_t& lane : row[c].tag) lane = 0xffff;
      row[c].fits = static_cast<std::uint16_t>(1U << c);
    }
  }
};
alignas(64) inline constexpr class_rows class_row;

// The lanes of a set of slots, lowest first, and how many: for code that lists slots without a branch for each.
struct lane_list {
  std::uint16_t lane[group_slots];
  std::uint16_t count;
};
struct lane_lists {
  lane_list of[1U << group_slots];
  constexpr lane_lists() : of{} {
    for (unsigned set = 0; set < (1U << group_slots); ++set) {
      for (std::uint16_t lane = 0; lane < group_slots; ++lane) {
        if ((set >> lane & 1) != 0) of[set].lane[of[set].count++] = lane;
      }
    }
  }
};
alignas(64) inline constexpr lane_lists lists_of_lanes;

// Row i: all ones in the lane of slot i.
struct slot_rows {
  group_tags row[group_slots];
  constexpr slot_rows() : row{} {
    for (unsigned i = 0; i < group_slots; ++i) row[i].tag[i] = 0xffff;
  }
};
alignas(64) inline constexpr slot_rows slot_row;

struct portable_group {
  struct probe {
    std::uint16_t tag;
    std::uint16_t bit;
    explicit probe(std::uint64_t hash) : tag(tag_of(hash)), bit(class_bit(class_of(hash))) {}
  };
  static lane_mask match(const group_tags& group, const probe& wanted) {
    lane_mask mask = 0;
    for (unsigned i = 0; i < group_slots; ++i) mask |= static_cast<lane_mask>(group.tag[i] == wanted.tag) << (2 * i);
    return mask | static_cast<lane_mask>((group.fits & wanted.bit) == 0) << 15;
  }
  static void occupy(group_tags& group, unsigned lane, const probe& by) { group.tag[lane] = by.tag; }
  static lane_mask free_slots(const group_tags& group) {
    lane_mask mask = 0;
    for (unsigned i = 0; i < group_slots; ++i) mask |= static_cast<lane_mask>(group.tag[i] == 0) << (2 * i);
    return mask;
  }
  // The same, one bit a slot: an index of lane_lists.
  static unsigned free_set(const group_tags& group) {
    unsigned set = 0;
    for (unsigned i = 0; i < group_slots; ++i) set |= static_cast<unsigned>(group.tag[i] == 0) << i;
    return set;
  }
};

#if defined(__SSE2__)
struct sse2_group {
  struct probe {
    __m128i wanted;
    __m128i row;
    GAUNTLET_ALWAYS_INLINE explicit probe(std::uint64_t hash)
        : wanted(_mm_and_si128(_mm_set1_epi16(static_cast<short>(tag_of(hash))),
                               _mm_setr_epi16(-1, -1, -1, -1, -1, -1, -1, 0))),
          row(_mm_load_si128(reinterpret_cast<const __m128i*>(reinterpret_cast<const char*>(class_row.row) +
                                                              ((hash >> tag_shift) & 0xf0)))) {}
  };
  static GAUNTLET_ALWAYS_INLINE lane_mask match(const group_tags& group, const probe& p) {
    const __m128i lanes = _mm_and_si128(_mm_load_si128(reinterpret_cast<const __m128i*>(&group)), p.row);
    return static_cast<lane_mask>(_mm_movemask_epi8(_mm_cmpeq_epi16(lanes, p.wanted)));
  }
  // Gives a free slot its tag. All sixteen bytes are written: whoever looks at the group next, which in a small map is
  // the next operation, loads them as one, and would have to wait for a store of two.
  static GAUNTLET_ALWAYS_INLINE void occupy(group_tags& group, unsigned lane, const probe& by) {
    const __m128i own = _mm_load_si128(reinterpret_cast<const __m128i*>(slot_row.row + lane));
    const __m128i lanes = _mm_load_si128(reinterpret_cast<const __m128i*>(&group));
    _mm_store_si128(reinterpret_cast<__m128i*>(&group), _mm_or_si128(lanes, _mm_and_si128(by.wanted, own)));
  }
  static GAUNTLET_ALWAYS_INLINE lane_mask free_slots(const group_tags& group) {
    const __m128i lanes = _mm_load_si128(reinterpret_cast<const __m128i*>(&group));
    return static_cast<lane_mask>(_mm_movemask_epi8(_mm_cmpeq_epi16(lanes, _mm_setzero_si128()))) & slot_lanes;
  }
  static GAUNTLET_ALWAYS_INLINE unsigned free_set(const group_tags& group) {
    const __m128i lanes = _mm_load_si128(reinterpret_cast<const __m128i*>(&group));
    const __m128i free = _mm_cmpeq_epi16(lanes, _mm_setzero_si128());
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(free, free))) & slot_set;
  }
};
using fastest_group = sse2_group;
#else
using fastest_group = portable_group;
#endif

}  // namespace gauntlet::detail
