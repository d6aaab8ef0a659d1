// The reference: what a map holds, as a vector of entries in ascending order of their keys.
//
// An entry is a key, a value and a *birth*: the number of the insertion that made it, counted over all maps of a world.
// Births are what iteration promises are about: an element that is erased and inserted again has the same key and
// another birth.
//
// The one idea is to be obviously right: every operation is a binary search and a vector operation, and there is no
// second copy of any fact. Complexity: looking O(log n), inserting and erasing O(n).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gauntlet::check {

struct entry {
  std::uint64_t key;
  std::uint64_t value;
  std::uint64_t birth;
};

class model_map {
 public:
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }
  const std::vector<entry>& entries() const noexcept { return entries_; }
  const entry& operator[](std::size_t index) const noexcept { return entries_[index]; }

  // Position of the key, npos when absent.
  std::size_t index_of(std::uint64_t key) const noexcept {
    const std::size_t at = lower_bound(key);
    return at < entries_.size() && entries_[at].key == key ? at : npos;
  }
  const entry* find(std::uint64_t key) const noexcept {
    const std::size_t at = index_of(key);
    return at == npos ? nullptr : &entries_[at];
  }

  // Inserts unless the key is there. True when it was inserted.
  bool insert(std::uint64_t key, std::uint64_t value, std::uint64_t birth) {
    const std::size_t at = lower_bound(key);
    if (at < entries_.size() && entries_[at].key == key) {
      return false;
    }
    entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(at), entry{key, value, birth});
    return true;
  }
  // Inserts `count` elements with consecutive keys and values, except those whose key is there. Complexity: O(size + count).
  void insert_run(std::uint64_t key, std::uint64_t value, std::uint64_t count, std::uint64_t& births) {
    std::vector<entry> all;
    all.reserve(entries_.size() + count);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (index_of(key + i) == npos) {
        all.push_back({key + i, value + i, births++});
      }
    }
    all.insert(all.end(), entries_.begin(), entries_.end());
    std::sort(all.begin(), all.end(), [](const entry& a, const entry& b) { return a.key < b.key; });
    entries_.swap(all);
  }
  // Changes the value of a key that is there. True when it was.
  bool update(std::uint64_t key, std::uint64_t value) noexcept {
    const std::size_t at = index_of(key);
    if (at == npos) {
      return false;
    }
    entries_[at].value = value;
    return true;
  }
  bool erase(std::uint64_t key) {
    const std::size_t at = index_of(key);
    if (at == npos) {
      return false;
    }
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(at));
    return true;
  }
  template <class Predicate>
  std::size_t erase_if(Predicate&& holds) {
    return std::erase_if(entries_, [&](const entry& e) { return holds(e); });
  }
  void clear() noexcept { entries_.clear(); }
  void swap(model_map& other) noexcept { entries_.swap(other.entries_); }

  // The entries in the order of their births.
  std::vector<entry> oldest_first() const {
    std::vector<entry> all = entries_;
    std::sort(all.begin(), all.end(), [](const entry& a, const entry& b) { return a.birth < b.birth; });
    return all;
  }
  // Same keys with the same values, whatever their births.
  friend bool operator==(const model_map& a, const model_map& b) noexcept {
    return std::equal(a.entries_.begin(), a.entries_.end(), b.entries_.begin(), b.entries_.end(),
                      [](const entry& x, const entry& y) { return x.key == y.key && x.value == y.value; });
  }

 private:
  std::size_t lower_bound(std::uint64_t key) const noexcept {
    std::size_t low = 0;
    std::size_t high = entries_.size();
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (entries_[middle].key < key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  std::vector<entry> entries_;
};

}  // namespace gauntlet::check
