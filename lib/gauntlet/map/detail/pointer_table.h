// A hash table of pointers that is filled once and then only read: what sync_map publishes.
//
// Eight slots are a *group*: one word of tags, eight pointers. A *tag* is 0x80 and seven bits of the hash, or 0 in a free
// slot; eight of them are compared at once in an ordinary word. A search begins at the group that the upper half of
// the hash names and goes on to the next one, until a group has a free slot: nothing is ever taken out. Groups and header are
// one block. The table owns itself and its links, never what the pointers point to.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <stdexcept>

#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/memory.h>

namespace gauntlet::detail {

template <class Entry, class Allocator>
class pointer_table {
  static constexpr std::uint64_t low_bits = 0x0101010101010101U;
  static constexpr std::uint64_t high_bits = 0x8080808080808080U;
  static constexpr std::size_t group_size = 8;

  struct group {
    std::uint64_t tags;
    Entry* entries[group_size];
  };
  using memory = block_memory<Allocator, alignof(std::max_align_t)>;

 public:
  // What happens to the entries when the table is freed, for its owner; see sync_map.
  struct retirement {
    pointer_table* next = nullptr;
    std::uint64_t phase = 0;
    bool all_die = false;
  };
  retirement retired;

  // A table with room for at least so many pointers. Throws what the allocator throws.
  static pointer_table* make(const Allocator& allocator, std::size_t room) {
    if (room > std::numeric_limits<std::uint32_t>::max()) throw std::length_error("too many elements");
    const std::size_t groups = room / 13 * 2 + room % 13 * 2 / 13 + 1;  // two have room for 13
    void* const at = memory::take(allocator, bytes_of(groups));
    return ::new (at) pointer_table(groups);
  }
  static void free(const Allocator& allocator, pointer_table* table) noexcept {
    const std::size_t bytes = bytes_of(table->groups_);
    table->~pointer_table();
    memory::give(allocator, table, bytes);
  }
  pointer_table(const pointer_table&) = delete;
  pointer_table& operator=(const pointer_table&) = delete;

  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return groups_ * group_size; }
  std::size_t bytes() const noexcept { return bytes_of(groups_); }
  bool full() const noexcept { return size_ == room_of(groups_); }

  // The entry for which is_it(entry) holds, or null.
  template <class IsIt>
  GAUNTLET_ALWAYS_INLINE Entry* find(std::uint64_t hash, IsIt is_it) const {
    const std::uint64_t tag = low_bits * tag_of(hash);
    for (std::size_t at = home_of(hash);; at = next_of(at)) {
      const group& here = groups()[at];
      const std::uint64_t difference = here.tags ^ tag;
      // A byte of `difference` is zero where the tags are equal. A free slot's is not below 0x80, so what this well-known
      // test reports beside the first equal byte is a slot in use whose tag differs: a needless look, never a wrong one.
      for (std::uint64_t equal = (difference - low_bits) & ~difference & high_bits; equal != 0; equal &= equal - 1) {
        Entry* const candidate = here.entries[static_cast<std::size_t>(std::countr_zero(equal)) / 8];
        if (GAUNTLET_LIKELY(is_it(*candidate))) return candidate;
      }
      if (GAUNTLET_LIKELY((~here.tags & high_bits) != 0)) return nullptr;
    }
  }

  // Requires: not full(), and no entry with an equal key.
  void add(std::uint64_t hash, Entry* entry) noexcept {
    std::size_t at = home_of(hash);
    while ((~groups()[at].tags & high_bits) == 0) at = next_of(at);
    group& here = groups()[at];
    const auto free_at = static_cast<unsigned>(std::countr_zero(~here.tags & high_bits)) / 8;
    here.tags |= tag_of(hash) << (8 * free_at);
    here.entries[free_at] = entry;
    ++size_;
  }

  // Calls visit(Entry&) for each, in the order of the slots, until it returns false.
  template <class Visit>
  void for_each_while(Visit&& visit) const {
    for (std::size_t at = 0; at < groups_; ++at) {
      const group& here = groups()[at];
      for (std::uint64_t used = here.tags & high_bits; used != 0; used &= used - 1) {
        if (!visit(*here.entries[static_cast<std::size_t>(std::countr_zero(used)) / 8])) return;
      }
    }
  }
  template <class Visit>
  void for_each(Visit visit) const {
    for_each_while([&visit](Entry& entry) {
      visit(entry);
      return true;
    });
  }

 private:
  explicit pointer_table(std::size_t group_count) noexcept : groups_(group_count) {
    for (std::size_t at = 0; at < group_count; ++at) ::new (static_cast<void*>(groups() + at)) group{};
  }
  ~pointer_table() = default;

  // The upper half of the hash, scaled to the number of groups: any number will do, so that a table is as large as it
  // has to be.
  std::size_t home_of(std::uint64_t hash) const noexcept {
    return static_cast<std::size_t>(((hash >> 32U) * static_cast<std::uint64_t>(groups_)) >> 32U);
  }
  std::size_t next_of(std::size_t at) const noexcept { return at + 1 == groups_ ? 0 : at + 1; }
  static constexpr std::uint64_t tag_of(std::uint64_t hash) noexcept { return (hash & 0x7FU) | 0x80U; }
  // 13 of 16 slots: some group has a free slot, so that a search ends.
  static constexpr std::size_t room_of(std::size_t groups) noexcept { return groups * group_size * 13 / 16; }
  static constexpr std::size_t bytes_of(std::size_t groups) noexcept {
    return sizeof(pointer_table) + groups * sizeof(group);
  }
  group* groups() noexcept { return reinterpret_cast<group*>(this + 1); }
  const group* groups() const noexcept { return reinterpret_cast<const group*>(this + 1); }

  std::size_t groups_;
  std::size_t size_ = 0;
};

}  // namespace gauntlet::detail
