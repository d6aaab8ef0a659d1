// The directory: 2^bits entries, indexed by a hash's top bits, that lead to tables.
//
//   entry   tags and slots of its table, in two arrays side by side: a miss needs only the first
//   depth   how many top bits all hashes of the entry's table share
//   span    a table's adjacent entries: 2^(bits - depth) of them
//   room    how many elements may still go to the entry's table. Only the sum over a table's entries means anything: an
//           insert takes from the entry it came by and touches nothing else of the table
//
// There are always at least two entries, kept in the map itself (a shift by 64 is not a shift); a map with one table
// has both lead to it. Bigger directories are one allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <gauntlet/map/detail/group.h>

namespace gauntlet::detail {

template <class Slot>
struct table {
  group_tags* tags;
  Slot* slots;
};

template <class Slot, class Memory>
class directory {
 public:
  using table_type = table<Slot>;

  directory() noexcept { reset(); }
  directory(const directory&) = delete;
  directory& operator=(const directory&) = delete;

  // Hot: read by every lookup.
  group_tags** tags;
  Slot** slots;
  unsigned shift;  // 64 - bits
  unsigned bits;
  std::int32_t* room;
  std::uint8_t* depth;

  std::size_t size() const noexcept { return std::size_t{1} << bits; }
  std::size_t span(std::size_t entry) const noexcept { return std::size_t{1} << (bits - depth[entry]); }
  std::size_t first(std::size_t entry) const noexcept { return entry & ~(span(entry) - 1); }
  std::size_t after(std::size_t entry) const noexcept { return first(entry) + span(entry); }
  table_type at(std::size_t entry) const noexcept { return {tags[entry], slots[entry]}; }
  void set(std::size_t entry, table_type t) noexcept {
    tags[entry] = t.tags;
    slots[entry] = t.slots;
  }
  void set(std::size_t first, std::size_t count, table_type t) noexcept {
    for (std::size_t i = 0; i < count; ++i) set(first + i, t);
  }

  std::int32_t room_of(std::size_t first, std::size_t count) const noexcept {
    std::int32_t total = 0;
    for (std::size_t i = 0; i < count; ++i) total += room[first + i];
    return total;
  }
  // Shares a table's room among its entries.
  void spread(std::size_t first, std::size_t count, std::int32_t total) noexcept {
    for (std::size_t left = count; left != 0; --left, ++first) {
      room[first] = total / static_cast<std::int32_t>(left);
      total -= room[first];
    }
  }

  // Twice as many entries, the same tables. May throw, without effect.
  template <class Allocator>
  void double_up(const Allocator& allocator) {
    const std::size_t count = size();
    void* const block = Memory::take(allocator, block_bytes(count * 2));
    group_tags** const old_tags = tags;
    Slot** const old_slots = slots;
    std::int32_t* const old_room = room;
    std::uint8_t* const old_depth = depth;
    use(block, bits + 1);
    for (std::size_t i = 0; i < count; ++i) {
      tags[2 * i] = tags[2 * i + 1] = old_tags[i];
      slots[2 * i] = slots[2 * i + 1] = old_slots[i];
      depth[2 * i] = depth[2 * i + 1] = old_depth[i];
      room[2 * i] = old_room[i] / 2;
      room[2 * i + 1] = old_room[i] - old_room[i] / 2;
    }
    if (count > 2) Memory::give(allocator, old_tags, block_bytes(count));
  }
  // The smallest directory for the depths there are. Keeps the larger one when memory for the smaller is not to be had.
  template <class Allocator>
  void fold(const Allocator& allocator) noexcept {
    unsigned needed = 1;
    // Backwards: merging goes on upwards, and the answer is mostly that the last table needs all bits.
    for (std::size_t end = size(); end != 0 && needed < bits; end = first(end - 1))
      needed = depth[end - 1] > needed ? depth[end - 1] : needed;
    if (needed == bits) return;
    const std::size_t count = size(), factor = std::size_t{1} << (bits - needed);
    void* block = nullptr;
    if (needed > 1) {
      try {
        block = Memory::take(allocator, block_bytes(std::size_t{1} << needed));
      } catch (...) {
        return;
      }
    }
    group_tags** const old_tags = tags;
    Slot** const old_slots = slots;
    std::int32_t* const old_room = room;
    std::uint8_t* const old_depth = depth;
    use(block, needed);
    for (std::size_t i = 0; i < size(); ++i) {
      tags[i] = old_tags[i * factor];
      slots[i] = old_slots[i * factor];
      depth[i] = old_depth[i * factor];
      room[i] = 0;
      for (std::size_t j = 0; j < factor; ++j) room[i] += old_room[i * factor + j];
    }
    Memory::give(allocator, old_tags, block_bytes(count));
  }
  // An uninitialised directory of this many bits, in place of a small one. May throw, without effect.
  template <class Allocator>
  void make(const Allocator& allocator, unsigned new_bits) {
    use(new_bits > 1 ? Memory::take(allocator, block_bytes(std::size_t{1} << new_bits)) : nullptr, new_bits);
  }
  template <class Allocator>
  void release(const Allocator& allocator) noexcept {
    if (bits > 1) Memory::give(allocator, tags, block_bytes(size()));
    reset();
  }
  std::size_t bytes() const noexcept {
    return bits > 1 ? Memory::chunks(block_bytes(size())) * sizeof(typename Memory::chunk) : 0;
  }
  // Precondition: this one is small and its tables are nobody's.
  void take_from(directory& other) noexcept {
    if (other.bits > 1) {
      tags = other.tags, slots = other.slots, room = other.room, depth = other.depth;
      bits = other.bits, shift = other.shift;
    } else {
      reset();
      for (std::size_t i = 0; i < 2; ++i) set(i, other.at(i)), room[i] = other.room[i], depth[i] = other.depth[i];
    }
    other.reset();
  }

 private:
  static constexpr std::size_t block_bytes(std::size_t count) {
    return count * (sizeof(group_tags*) + sizeof(Slot*) + sizeof(std::int32_t) + sizeof(std::uint8_t));
  }
  void reset() noexcept {
    use(nullptr, 1);
    set(0, 2, {const_cast<group_tags*>(&empty_table.group), nullptr});
    room[0] = room[1] = 0;
    depth[0] = depth[1] = 0;
  }
  void use(void* block, unsigned new_bits) noexcept {
    bits = new_bits;
    shift = 64 - bits;
    if (bits == 1) {
      tags = small_tags_, slots = small_slots_, room = small_room_, depth = small_depth_;
      return;
    }
    tags = static_cast<group_tags**>(block);
    slots = reinterpret_cast<Slot**>(tags + size());
    room = reinterpret_cast<std::int32_t*>(slots + size());
    depth = reinterpret_cast<std::uint8_t*>(room + size());
  }

  group_tags* small_tags_[2];
  Slot* small_slots_[2];
  std::int32_t small_room_[2];
  std::uint8_t small_depth_[2];
};

}  // namespace gauntlet::detail
