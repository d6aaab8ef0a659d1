// The stash: elements of a map that its tables cannot hold. Normally empty, and then a null pointer's worth of work.
//
//   tie     an element that found another with the very same 64-bit hash when it was inserted. It gets a sequence
//   number no
//           other of this map ever had, and stays here until it is erased: (hash, sequence) names it for life, which is
//           what lets a cursor tell apart elements whose hashes cannot
//   guest   an element whose table was full and could not be split. Its sequence number is 0, like that of every
//   element in
//           a table; it moves to its table when there is room
//
// An index sorted by (hash, sequence) leads to the elements, each in its own allocation: nothing moves when others come
// and go. A lookup gets here only through the overflow bit of the element's home group, which is set while it is here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <gauntlet/map/detail/memory.h>

namespace gauntlet::detail {

template <class Types>
class stash {
 public:
  using slot = typename Types::slot;
  using memory = typename Types::memory;
  struct node {
    slot element;  // first: an element's address is its node's
    std::uint64_t hash;
    std::uint64_t sequence;
  };
  struct place {
    std::uint64_t hash;
    std::uint64_t sequence;
    node* at;
    friend bool operator<(const place& a, const place& b) {
      return a.hash != b.hash ? a.hash < b.hash : a.sequence < b.sequence;
    }
  };

  static node& node_of(slot& element) noexcept { return reinterpret_cast<node&>(element); }

  std::size_t size() const noexcept { return index_.size(); }
  bool empty() const noexcept { return index_.size() == 0; }
  const place& operator[](std::size_t i) const noexcept { return index_[i]; }
  // The index of the first element at or after (hash, sequence).
  std::size_t lower_bound(std::uint64_t hash, std::uint64_t sequence) const noexcept {
    return static_cast<std::size_t>(std::lower_bound(index_.begin(), index_.end(), place{hash, sequence, nullptr}) -
                                    index_.begin());
  }
  std::size_t guests() const noexcept { return guests_; }
  const place* begin() const noexcept { return index_.begin(); }
  const place* end() const noexcept { return index_.end(); }

  // A raw node that can be linked without fail. May throw, without effect.
  template <class Allocator>
  node* prepare(const Allocator& allocator) {
    index_.prepare(allocator);
    return ::new (memory::take(allocator, sizeof(node))) node;
  }
  template <class Allocator>
  void discard(const Allocator& allocator, node* raw) noexcept {
    memory::give(allocator, raw, sizeof(node));
  }
  void link(node* made, std::uint64_t hash, std::uint64_t sequence) noexcept {
    made->hash = hash;
    made->sequence = sequence;
    index_.insert(lower_bound(hash, sequence), {hash, sequence, made});
    guests_ += sequence == 0;
  }
  // Takes the i-th element, already destroyed or moved away, out of the stash.
  template <class Allocator>
  void erase(const Allocator& allocator, std::size_t i) noexcept {
    guests_ -= index_[i].sequence == 0;
    discard(allocator, index_[i].at);
    index_.erase(i);
    index_.trim(allocator);
  }
  template <class Allocator>
  void release(const Allocator& allocator) noexcept {
    index_.release(allocator);
  }
  bool has_memory() const noexcept { return index_.has_memory(); }
  std::size_t bytes() const noexcept {
    return index_.bytes() + size() * memory::chunks(sizeof(node)) * sizeof(typename memory::chunk);
  }
  void swap(stash& other) noexcept {
    index_.swap(other.index_);
    std::swap(guests_, other.guests_);
  }

 private:
  plain_array<place, memory> index_;
  std::size_t guests_ = 0;
};

}  // namespace gauntlet::detail
