// The tags of all full-size tables, close together.
//
// Tags are what a miss reads and where a hit starts: 2.3 bytes a slot, so that up to ten million elements they stay in
// the second and third level caches, if nothing else shares their lines and pages. Tags kept inside each table's block
// would fall on the same cache sets of every table.
//
//   block  the tags of one table
//   slab   1, 1, 2, 4 ... 64, 64 ... blocks in one allocation: a map with one table does not pay for sixty-four
//   owner  the lowest hash its table is responsible for, by which the directory finds the table
//
// Blocks in use are always the first ones: releasing one moves the last into the hole, and the caller is told so that
// it can correct that table's directory entries. A pointer to tags does not survive a release.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include <gauntlet/map/detail/group.h>
#include <gauntlet/map/detail/memory.h>

namespace gauntlet::detail {

template <std::size_t Groups, class Memory>
class tag_pool {
 public:
  struct moved_block {
    group_tags* from;  // nullptr: nothing moved
    group_tags* to;
    std::uint64_t owner;
  };

  // Makes sure that one more block is free. May throw, without effect.
  template <class Allocator>
  void prepare(const Allocator& allocator) {
    owners_.prepare(allocator);
    if (owners_.size() < first_of(slabs_.size())) return;
    slabs_.prepare(allocator);
    slabs_.push_back(static_cast<group_tags*>(Memory::take(allocator, slab_bytes(slabs_.size()))));
  }
  // Precondition: prepared.
  std::uint32_t take(std::uint64_t owner) noexcept {
    owners_.push_back(owner);
    return static_cast<std::uint32_t>(owners_.size() - 1);
  }
  group_tags* at(std::size_t block) noexcept {
    if (block == 0) return slabs_[0];
    const std::size_t slab = block < 64 ? static_cast<std::size_t>(std::bit_width(block)) : 7 + (block - 64) / 64;
    return slabs_[slab] + (block - first_of(slab)) * Groups;
  }
  std::uint64_t owner(std::size_t block) const noexcept { return owners_[block]; }
  std::size_t size() const noexcept { return owners_.size(); }

  template <class Allocator>
  moved_block release(const Allocator& allocator, std::size_t block) noexcept {
    const std::size_t last = owners_.size() - 1;
    moved_block moved{nullptr, nullptr, 0};
    if (block != last) {
      moved = {at(last), at(block), owners_[last]};
      std::memcpy(static_cast<void*>(moved.to), moved.from, Groups * sizeof(group_tags));
      owners_[block] = moved.owner;
    }
    owners_.pop_back();
    // A slab goes when the one before it is half free too: no slab comes and goes with every table.
    while (slabs_.size() > 1) {
      const std::size_t first = first_of(slabs_.size() - 1), before = blocks_of(slabs_.size() - 2);
      if (owners_.size() + before / 2 > first) break;
      drop_slab(allocator);
    }
    if (owners_.size() == 0) clear(allocator);
    owners_.trim(allocator);
    return moved;
  }
  // Gives back every slab no block is in.
  template <class Allocator>
  void trim(const Allocator& allocator) noexcept {
    while (slabs_.size() != 0 && owners_.size() <= first_of(slabs_.size() - 1)) drop_slab(allocator);
    slabs_.trim(allocator);
    owners_.trim(allocator);
  }
  template <class Allocator>
  void clear(const Allocator& allocator) noexcept {
    while (slabs_.size() != 0) drop_slab(allocator);
    slabs_.release(allocator);
    owners_.release(allocator);
  }
  bool has_memory() const noexcept { return slabs_.has_memory() || owners_.has_memory(); }
  std::size_t bytes() const noexcept {
    std::size_t total = slabs_.bytes() + owners_.bytes();
    for (std::size_t slab = 0; slab < slabs_.size(); ++slab)
      total += Memory::chunks(slab_bytes(slab)) * sizeof(typename Memory::chunk);
    return total;
  }
  void swap(tag_pool& other) noexcept {
    slabs_.swap(other.slabs_);
    owners_.swap(other.owners_);
  }

 private:
  static constexpr std::size_t blocks_of(std::size_t slab) {
    return slab == 0 ? 1 : slab < 7 ? std::size_t{1} << (slab - 1) : 64;
  }
  // Blocks in the slabs before this one.
  static constexpr std::size_t first_of(std::size_t slab) {
    return slab == 0 ? 0 : slab < 7 ? std::size_t{1} << (slab - 1) : (slab - 6) * 64;
  }
  static constexpr std::size_t slab_bytes(std::size_t slab) { return blocks_of(slab) * Groups * sizeof(group_tags); }
  template <class Allocator>
  void drop_slab(const Allocator& allocator) noexcept {
    const std::size_t last = slabs_.size() - 1;
    Memory::give(allocator, slabs_[last], slab_bytes(last));
    slabs_.pop_back();
  }

  plain_array<group_tags*, Memory> slabs_;
  plain_array<std::uint64_t, Memory> owners_;
};

}  // namespace gauntlet::detail
