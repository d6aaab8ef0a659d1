// When a bucket_map grows. The numbers are those of Go's maps up to version 1.23.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <gauntlet/map/detail/bucket.h>

namespace gauntlet::detail {

// More than 6.5 elements a bucket, in integers: 13 for each pair of buckets. One bucket may be full.
constexpr bool over_load_factor(std::size_t count, unsigned bits) noexcept {
  return count > bucket_slots && count > 13 * ((std::size_t{1} << bits) / 2);
}
// As many overflow buckets as buckets: elements have come and gone and left holes. Above 2^15 buckets both are counted
// in units of 2^(bits - 15). A shift makes it a fraction of that, of at most 2^5 buckets.
constexpr bool too_many_overflow_buckets(std::size_t overflow, unsigned bits, unsigned shift = 0) noexcept {
  const unsigned counted = std::min(bits, 15U);
  const std::size_t allowed = std::size_t{1} << counted >> (bits <= 5 ? shift : 0);
  return overflow >> (bits - counted) >= std::max(allowed, std::size_t{1});
}
// The fewest buckets that hold so many elements, as a power of two.
constexpr unsigned bucket_bits_for(std::size_t count) noexcept {
  unsigned bits = 0;
  while (over_load_factor(count, bits)) ++bits;
  return bits;
}

}  // namespace gauntlet::detail
