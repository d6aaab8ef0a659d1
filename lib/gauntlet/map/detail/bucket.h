// One bucket of a bucket_map: eight slots, a byte for each that says what is in it, and the way to the next bucket of
// the chain.
//
//   tops[8] | slots[8] | link
//
// A *top* is the highest byte of the element's hash, or, below top_min, a state of the slot:
//
//   empty_rest        empty, and so are all further slots of the chain: a search ends here
//   empty_one         empty
//   evacuated_lower   the element is in the new array, under the same index
//   evacuated_upper   the element is in the new array, further up
//   evacuated_empty   the slot was empty when its bucket was evacuated
//
// The first top of a chain tells whether the chain has been evacuated. All eight are looked at in one word.
//
// Two elements whose whole hashes are equal differ in nothing that a walk could order them by. The later one of such a
// *tie* gets a number that is never given twice. Numbers are in a *note*, which a bucket has only if it holds one; the
// note then stands between the bucket and the next one, and the link is marked in its lowest bit.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <gauntlet/map/detail/attributes.h>

namespace gauntlet::detail {

inline constexpr unsigned bucket_slots = 8;

enum : std::uint8_t {
  empty_rest = 0,
  empty_one = 1,
  evacuated_lower = 2,
  evacuated_upper = 3,
  evacuated_empty = 4,
  top_min = 5,
};

constexpr std::uint8_t top_of(std::uint64_t hash) noexcept {
  const auto top = static_cast<std::uint8_t>(hash >> 56);
  return top < top_min ? static_cast<std::uint8_t>(top + top_min) : top;
}
constexpr bool is_evacuated(std::uint8_t top) noexcept { return top > empty_one && top < top_min; }

// Sets of slots: the highest bit of byte i stands for slot i.
namespace top_word {
inline constexpr std::uint64_t ones = 0x0101010101010101, highs = ones << 7, lows = ~highs;

constexpr std::uint64_t zero_bytes(std::uint64_t word) noexcept { return ~(((word & lows) + lows) | word | lows); }
constexpr std::uint64_t equal_to(std::uint64_t word, std::uint8_t top) noexcept {
  return zero_bytes(word ^ ones * top);
}
constexpr std::uint64_t rest(std::uint64_t word) noexcept { return zero_bytes(word); }
constexpr std::uint64_t free(std::uint64_t word) noexcept { return zero_bytes(word & ones * 0xfe); }
constexpr std::uint64_t used(std::uint64_t word) noexcept {
  return (((word & lows) + ones * (0x80 - top_min)) | word) & highs;
}
constexpr unsigned lowest(std::uint64_t set) noexcept { return static_cast<unsigned>(std::countr_zero(set)) >> 3; }
constexpr std::uint64_t after(unsigned slot) noexcept {
  return slot + 1 >= bucket_slots ? 0 : ~std::uint64_t{0} << (8 * (slot + 1));
}
}  // namespace top_word

template <class Slot>
struct bucket;

template <class Slot>
struct bucket_note {
  bucket<Slot>* next;
  std::uint64_t numbers[bucket_slots];  // 0: the first of its hash
};

template <class Slot>
struct bucket {
  using note = bucket_note<Slot>;

  std::uint8_t tops[bucket_slots];
  Slot slots[bucket_slots];
  std::uintptr_t link;

  GAUNTLET_ALWAYS_INLINE std::uint64_t word() const noexcept {
    std::uint64_t all = 0;
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(&all, tops, sizeof all);
    } else {
      for (unsigned i = 0; i < bucket_slots; ++i) all |= std::uint64_t{tops[i]} << (8 * i);
    }
    return all;
  }
  note* notes() const noexcept {
    return (link & 1) == 0 ? nullptr : reinterpret_cast<note*>(link & ~std::uintptr_t{1});
  }
  bucket* next() const noexcept {
    if (GAUNTLET_RARE((link & 1) != 0)) return notes()->next;
    return reinterpret_cast<bucket*>(link);
  }
  void set_next(bucket* next) noexcept {
    if (note* const n = notes()) {
      n->next = next;
    } else {
      link = reinterpret_cast<std::uintptr_t>(next);
    }
  }
  std::uint64_t number(unsigned slot) const noexcept {
    const note* const n = notes();
    return n == nullptr ? 0 : n->numbers[slot];
  }
  // Precondition: there is none yet.
  void attach(note* n) noexcept {
    *n = note{next(), {}};
    link = reinterpret_cast<std::uintptr_t>(n) | 1;
  }
};

}  // namespace gauntlet::detail
