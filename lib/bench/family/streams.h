// What the maps are asked: keys and operations, made before any clock runs, from constant seeds.
//
// Words. The *universe* is n keys. The first, third, fifth ... of them are in the map at the start of every group of
// rows. A *mix* says how many of 100 operations are lookups; the others are insert_or_assign and erase in equal parts. A
// *stream* is a sequence of operations on keys of the universe, one for each thread.
//
// The idea is a steady state: whatever the mix, about half of the universe is in the map, a lookup finds its key every
// second time, and so does an erasure. Under Zipf's law the key of rank r is asked for 1/r^0.99 times as often as the
// first one; frequent keys lie scattered, as keys are scrambled ranks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../material.h"
#include "contestant.h"

namespace gauntlet::bench::family {

inline bool is_there_at_first(std::uint64_t id) noexcept { return id % 2 == 0; }
inline std::uint64_t key_of(std::uint64_t id) noexcept { return scramble(id); }

// Ids below `size`, each as likely as its law says.
class id_source {
 public:
  enum class law : unsigned char { uniform, zipf };

  id_source(law which, std::size_t size) : size_(size) {
    if (which == law::uniform) return;
    double sum = 0;
    cumulated_.reserve(size);
    for (std::size_t rank = 1; rank <= size; ++rank) {
      sum += std::pow(static_cast<double>(rank), -0.99);
      cumulated_.push_back(sum);
    }
  }
  std::uint64_t draw(number_source& numbers) const {
    if (cumulated_.empty()) return numbers.below(size_);
    constexpr std::uint64_t steps = std::uint64_t{1} << 53;
    const double point = static_cast<double>(numbers.below(steps)) / static_cast<double>(steps) * cumulated_.back();
    const auto at = std::upper_bound(cumulated_.begin(), cumulated_.end(), point);
    return std::min<std::uint64_t>(static_cast<std::uint64_t>(at - cumulated_.begin()), size_ - 1);
  }

 private:
  std::size_t size_;
  std::vector<double> cumulated_;  // empty: uniform
};

struct stream {
  std::vector<std::uint64_t> keys;
  std::vector<operation_kind> kinds;

  piece part(std::size_t from, std::size_t count) const {
    return {kinds.data() + from, keys.data() + from, std::min(count, keys.size() - from)};
  }
  piece all() const { return part(0, keys.size()); }
  std::size_t size() const noexcept { return keys.size(); }
};

inline std::vector<std::uint64_t> draw_keys(const id_source& ids, std::size_t count, std::uint64_t seed) {
  number_source numbers(seed);
  std::vector<std::uint64_t> keys(count);
  for (std::uint64_t& key : keys) key = key_of(ids.draw(numbers));
  return keys;
}

inline std::vector<operation_kind> draw_kinds(unsigned reads_of_100, std::size_t count, std::uint64_t seed) {
  number_source numbers(seed);
  std::vector<operation_kind> kinds(count);
  for (operation_kind& kind : kinds) {
    const std::uint64_t choice = numbers.below(200);
    kind = choice < 2 * reads_of_100 ? operation_kind::find
           : choice % 2 == 0         ? operation_kind::insert
                                     : operation_kind::erase;
  }
  return kinds;
}

// Puts a map into the state in which a group of rows begins, whatever it holds.
inline stream beginning(std::size_t size) {
  stream all;
  for (std::uint64_t id = 0; id < size; ++id) {
    all.keys.push_back(key_of(id));
    all.kinds.push_back(is_there_at_first(id) ? operation_kind::insert : operation_kind::erase);
  }
  return all;
}

}  // namespace gauntlet::bench::family
