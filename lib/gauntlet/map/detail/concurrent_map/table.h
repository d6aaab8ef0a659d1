// Tables, buckets, cells, directories: what memory holds.
//
//   directory   2^depth entries, the top bits of a hash choose one; several neighbours may lead to the same table
//   table       a fixed number of buckets, the low bits of a hash choose one; each has the head of a chain of cells
//   bucket      seven slots and, in place of an eighth, its header: version and tags. 128 bytes when a slot is 16
//   cell        three more slots for a bucket that is full. A table brings a few; others come from the allocator
//
// A bucket's lock guards all elements that belong there: its slots, its chain, and the cells in it. Everything that a
// looker may read is atomic. Tables, cells and directories stay what they are until the map is destroyed or rebuilt: a
// looker that comes too late finds a version that has changed or a bucket that stays locked, never memory of another kind.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>

#include <gauntlet/map/detail/concurrent_map/protocol.h>
#include <gauntlet/map/detail/concurrent_map/tags.h>

namespace gauntlet::detail {

template <class Types>
struct concurrent_layout {
  using policy = typename Types::policy;
  using protocol = typename policy::protocol;
  using cargo = typename Types::cargo;
  using word = std::atomic<std::uint64_t>;

  static constexpr unsigned bucket_count = policy::buckets_per_table;
  static constexpr unsigned slot_count = policy::slots_per_bucket;
  static constexpr unsigned cell_count = policy::cells_per_table;
  static constexpr unsigned slots_per_cell = 3;
  static constexpr std::size_t cache_line = 64;
  static_assert(std::has_single_bit(bucket_count) && bucket_count <= 65536,
                "concurrent_map: buckets_per_table: a power of two");
  // With one slot, dividing a full bucket in two could need more cells than it had.
  static_assert(slot_count >= 2 && slot_count <= tag_words::header, "concurrent_map: slots_per_bucket: 2 to 7");
  static_assert(cell_count <= 64, "concurrent_map: cells_per_table: 0 to 64");

  struct slot {
    word part[Types::words < 2 ? 2 : Types::words];

    GAUNTLET_ALWAYS_INLINE cargo get() const {
      cargo copy;
      for (unsigned i = 0; i < Types::words; ++i) copy[i] = protocol::get(part[i]);
      return copy;
    }
    GAUNTLET_ALWAYS_INLINE void put(const cargo& from) {
      for (unsigned i = 0; i < Types::words; ++i) protocol::put(part[i], from[i]);
    }
  };

  struct alignas(cache_line) bucket {
    slot slots[tag_words::header + 1] = {};

    bucket() { version().store(protocol::unborn(), std::memory_order_relaxed); }
    word& version() { return slots[tag_words::header].part[0]; }
    const word& version() const { return slots[tag_words::header].part[0]; }
    word& tags() { return slots[tag_words::header].part[1]; }
    const word& tags() const { return slots[tag_words::header].part[1]; }
  };

  struct table;

  struct cell {
    word tags_word{0};  // three tags, no filter
    std::atomic<cell*> next{nullptr};
    table* owner = nullptr;  // constant: the table whose stash it is of; null: the map's
    slot slots[slots_per_cell] = {};

    word& tags() { return tags_word; }
    const word& tags() const { return tags_word; }
  };

  struct table {
    table() {
      for (cell& each : stash) each.owner = this;
    }
    bucket buckets[bucket_count];
    std::atomic<cell*> heads[bucket_count] = {};
    cell stash[cell_count == 0 ? 1 : cell_count];
    word free_cells{all_cells()};  // bit i: cell i of the stash is in no chain
    unsigned depth = 0;            // this and the rest: guarded by the map's growth lock
    bool busy = false;             // being split or merged
    table* next_spare = nullptr;
    table* next_of_all = nullptr;
  };

  struct directory {
    unsigned shift;    // 64 - depth; depth is at least 1
    directory* older;  // guarded by the map's growth lock
    std::size_t entries() const { return std::size_t{1} << (64 - shift); }
    // The entries follow the directory itself: one load fewer in each operation.
    GAUNTLET_ALWAYS_INLINE std::atomic<table*>* first() const {
      return reinterpret_cast<std::atomic<table*>*>(const_cast<directory*>(this) + 1);
    }
    GAUNTLET_ALWAYS_INLINE std::atomic<table*>& entry(std::uint64_t hash) const { return first()[hash >> shift]; }
  };
  static_assert(alignof(directory) >= alignof(std::atomic<table*>) && sizeof(directory) % alignof(directory) == 0);

  static GAUNTLET_ALWAYS_INLINE unsigned index(std::uint64_t hash) {
    return static_cast<unsigned>(hash) & (bucket_count - 1);
  }

 private:
  static constexpr std::uint64_t all_cells() {
    return cell_count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (cell_count & 63)) - 1;
  }
};

}  // namespace gauntlet::detail
