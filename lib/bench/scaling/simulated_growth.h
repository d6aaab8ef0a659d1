// How a hash_map of many elements grows, without the elements: only how many each table holds.
//
// Extendible hashing (Fagin, Nievergelt, Pippenger and Strong 1979) needs no keys to be simulated where hashes are
// uniform: an insertion goes to a table with probability 2^-depth, and a full table's elements go to its lower and upper
// half like coins. What a table holds and how deep it is are all that is kept, in an array as long as the directory, so
// 10^9 insertions take a minute and some megabytes. The rules of `hash_map` that are left out, sizes below one table and
// hashes that collide, play no part where hashes are uniform and elements are many; what the map itself counts at sizes
// that fit into memory stands beside the simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "../material.h"

namespace gauntlet::bench {

class simulated_growth {
 public:
  // A table splits when an element is to come to one that holds `table_limit`.
  simulated_growth(std::uint32_t table_limit, std::uint64_t seed) : limit_(table_limit), places_(seed), coins_(seed) {}

  void insert() {
    const std::uint64_t hash = places_.below(std::uint64_t{1} << hash_bits);
    for (;;) {
      const std::size_t entry = hash >> (hash_bits - directory_bits_);
      table& home = tables_[table_of_[entry]];
      if (home.elements < limit_) {
        ++home.elements;
        ++size_;
        return;
      }
      split(entry);
    }
  }

  std::uint64_t size() const noexcept { return size_; }
  std::uint64_t tables() const noexcept { return tables_.size(); }
  std::uint64_t directory_entries() const noexcept { return table_of_.size(); }
  std::uint64_t splits() const noexcept { return tables_.size() - 1; }
  std::uint64_t moved() const noexcept { return moved_; }  // elements that a split looked at and placed
  std::uint64_t entries_copied() const noexcept { return entries_copied_; }  // by doublings of the directory

 private:
  struct table {
    std::uint32_t elements = 0;
    std::uint8_t depth = 0;
  };

  void split(std::size_t entry) {
    const std::uint32_t number = table_of_[entry];
    if (tables_[number].depth == directory_bits_) {
      entry *= 2;
      ++directory_bits_;
      std::vector<std::uint32_t> twice(table_of_.size() * 2);
      for (std::size_t i = 0; i < twice.size(); ++i) twice[i] = table_of_[i / 2];
      entries_copied_ += table_of_.size();
      table_of_ = std::move(twice);
    }
    table& lower = tables_[number];
    const std::size_t span = table_of_.size() >> lower.depth, first = entry / span * span;
    ++lower.depth;
    moved_ += lower.elements;
    const auto up = std::binomial_distribution<std::uint32_t>(lower.elements, 0.5)(coins_);
    lower.elements -= up;
    const std::uint8_t depth = lower.depth;
    for (std::size_t i = first + span / 2; i < first + span; ++i) {
      table_of_[i] = static_cast<std::uint32_t>(tables_.size());
    }
    tables_.push_back({up, depth});
  }

  static constexpr unsigned hash_bits = 63;

  std::uint32_t limit_;
  unsigned directory_bits_ = 0;
  number_source places_;
  std::mt19937_64 coins_;
  std::vector<std::uint32_t> table_of_ = {0};  // by entry of the directory
  std::vector<table> tables_ = std::vector<table>(1);
  std::uint64_t size_ = 0, moved_ = 0, entries_copied_ = 0;
};

}  // namespace gauntlet::bench
