// rcu_table: a hash table of pointers that readers search, without a lock, while one writer changes it.
//
// Words. An *entry* is what the pointers point to. A *bucket* is one cache line: six slots for pointers, a pointer to
// the next bucket of its *chain*, and a word of tags (concurrent_map/tags.h): for each slot whether it is taken and a
// little of the hash, and an overflow filter that says for which hashes a search has to go on along the chain. The
// bucket in which the search for a hash begins is its *home*.
//
//   word of the shard ──► table ── bucket 0, bucket 1, ... bucket 2^level - 1
//   (pointer | level)              tags ∙ slots ∙ next ──► bucket ──► bucket
//                                          └──► entry
//
// The idea: an entry never moves as long as its table lasts, and it is there as long as a slot of its chain holds the
// pointer: one store puts it there, one takes it out, one puts another entry into its place. Tags only spare readers
// looks: a tag is set before the pointer is stored and taken back after the pointer has gone, and so is the filter's
// bit, which stays. So a reader goes along the chain once, loads a pointer wherever a tag agrees, and needs no second
// look, no version and no retry.
//
// Why a reader misses nothing. Let it say that a key is absent, and suppose that the key was there all the time from
// the reader's first load to its last one. Then the pointer was in one slot all the time: whoever takes an element out
// and puts it in again makes it absent in between, and replacing keeps the slot. Its tag, the filter's bits before it and
// the buckets before it were there, too; so the reader came to that slot, loaded the pointer, and found it. All stores
// and loads here are sequentially consistent, but for those that only take a tag back: a reader must see every change
// that was finished before it began, not only those it has heard of; and with the slots of epoch_domain.h these are the
// two halves of "either it sees the unlinking, or it is seen".
//
// The hard case is growth. The writer makes a larger table beside the old one and publishes it with one store; from then
// on nobody writes to the old one, which is retired. A reader that is in it sees the map as it was at the moment of
// that store, which lies within its own search.
//
// Complexity: lookups, insertions and erasures O(1) with a hash that spreads; growing copies all pointers of the shard.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/concurrent_map/tags.h>
#include <gauntlet/map/detail/memory.h>

namespace gauntlet::detail {

// Entry has `hash()`, constant while it is in the table. Slots: of a bucket, at most six. HashShift: so many of the highest
// bits of a hash say nothing here.
template <class Entry, class Allocator, unsigned Slots, unsigned HashShift>
class rcu_table {
  static constexpr std::size_t cache_line = 64;
  static_assert(Slots >= 1 && Slots <= 6);
  using tags = fastest_tags;
  using memory = block_memory<Allocator, cache_line>;

 public:
  static constexpr unsigned level_max = 48;

  struct alignas(cache_line) bucket {
    std::atomic<Entry*> slots[6];
    std::atomic<bucket*> next;
    std::atomic<std::uint64_t> tag_word;
  };
  static_assert(sizeof(bucket) == cache_line);

  // A pointer to a table and, in the bits that its alignment leaves, its level; null: none yet. What a reader begins with.
  using word = std::uintptr_t;
  static constexpr word none = 0;

  // Where an entry is, for the writer.
  struct place {
    bucket* in = nullptr;
    unsigned slot = 0;
    explicit operator bool() const noexcept { return in != nullptr; }
    Entry* entry() const noexcept { return in->slots[slot].load(std::memory_order_relaxed); }
  };

  // What has been replaced, until no reader is in it any more.
  struct retired_table {
    retired_table* next_retired = nullptr;
    unsigned level = 0;
  };

  // ------------------------------------------------------------------------------------------------ readers, anybody

  // The entry with this hash for which is_it(const Entry&) holds, or null.
  template <class IsIt>
  GAUNTLET_ALWAYS_INLINE static const Entry* find(word table, std::uint64_t hash, IsIt is_it) {
    if (GAUNTLET_RARE(table == none)) return nullptr;
    const bucket* at = &home_of(table, hash);
    // [tags] pairs with itself: who sees a tag set or a filter's bit sees what was stored before. [slot] pairs with itself:
    // who sees the pointer sees the entry. Both sequentially consistent, see above.
    for (std::uint64_t seen = at->tag_word.load(std::memory_order_seq_cst);;
         seen = at->tag_word.load(std::memory_order_seq_cst)) {
      for (std::uint64_t match = tags::match(seen, hash); match != 0; match &= match - 1) {
        const Entry* const candidate = at->slots[tags::first(match)].load(std::memory_order_seq_cst);
        if (GAUNTLET_LIKELY(candidate != nullptr && is_it(*candidate))) return candidate;
      }
      if (GAUNTLET_LIKELY((seen & tags::filter(hash)) == 0)) return nullptr;
      at = at->next.load(std::memory_order_seq_cst);  // [next] pairs with itself: a bucket that is made
    }
  }

  // Calls visit(first bucket) for each chain.
  template <class Visit>
  static void for_each_chain(word table, Visit visit) {
    if (table == none) return;
    bucket* const all = buckets_of(table);
    for (std::size_t i = 0; i < size_of(table); ++i) visit(all[i]);
  }
  // Calls visit(Entry*, bucket&, slot) for each entry of a chain.
  template <class Visit>
  static void for_each_in_chain(bucket& first, Visit visit) {
    for (bucket* at = &first; at != nullptr; at = at->next.load(std::memory_order_seq_cst)) {
      for (unsigned slot = 0; slot < Slots; ++slot) {
        if (Entry* const here = at->slots[slot].load(std::memory_order_seq_cst)) visit(here, *at, slot);
      }
    }
  }
  static std::size_t buckets_in(word table) noexcept { return table == none ? 0 : size_of(table); }

  // ---------------------------------------------------------------------------------------------- the one writer

  // Where the entry is for which is_it(const Entry&) holds.
  template <class IsIt>
  static place place_of(word table, std::uint64_t hash, IsIt is_it) {
    if (table == none) return {};
    for (bucket* at = &home_of(table, hash); at != nullptr; at = at->next.load(std::memory_order_relaxed)) {
      const std::uint64_t seen = at->tag_word.load(std::memory_order_relaxed);
      for (std::uint64_t match = tags::match(seen, hash); match != 0; match &= match - 1) {
        const unsigned slot = tags::first(match);
        if (is_it(std::as_const(*at->slots[slot].load(std::memory_order_relaxed)))) return {at, slot};
      }
      if ((seen & tags::filter(hash)) == 0) break;
    }
    return {};
  }

  // A free slot for this hash, in a bucket that a search for it comes to. May get memory for a bucket, and throw.
  static place room_for(const Allocator& allocator, word table, std::uint64_t hash) {
    for (bucket* at = &home_of(table, hash);;) {
      const std::uint64_t seen = at->tag_word.load(std::memory_order_relaxed);
      const std::uint64_t free = tags::free(seen, Slots);
      if (free != 0) return {at, tags::last(free)};
      bucket* next = at->next.load(std::memory_order_relaxed);
      if (next == nullptr) {
        next = make_buckets(memory::take(allocator, sizeof(bucket)), 1);
        at->next.store(next, std::memory_order_seq_cst);  // [next]
      }
      if ((seen & tags::filter(hash)) == 0) {
        at->tag_word.store(seen | tags::filter(hash), std::memory_order_seq_cst);  // [tags]
      }
      at = next;
    }
  }
  // The slot is free: the entry is there when this returns.
  static void put(place at, Entry* entry, std::uint64_t hash) noexcept {
    const std::uint64_t before = at.in->tag_word.load(std::memory_order_relaxed);
    at.in->tag_word.store(tags::with(before, at.slot, hash), std::memory_order_seq_cst);  // [tags]
    at.in->slots[at.slot].store(entry, std::memory_order_seq_cst);                        // [slot]
  }
  static void replace(place at, Entry* by) noexcept {
    at.in->slots[at.slot].store(by, std::memory_order_seq_cst);  // [slot]
  }
  static void take_out(place at) noexcept {
    at.in->slots[at.slot].store(nullptr, std::memory_order_seq_cst);  // [slot]
    // [tags] A reader that still sees the tag finds null.
    const std::uint64_t before = at.in->tag_word.load(std::memory_order_relaxed);
    at.in->tag_word.store(tags::without(before, at.slot), std::memory_order_release);
  }

  // A table of this level with the entries of another one (or none), for publication. Throws if there is no memory.
  static word make(const Allocator& allocator, unsigned level, word contents) {
    const std::size_t count = std::size_t{1} << level;
    char* const at = static_cast<char*>(memory::take(allocator, (count + 1) * sizeof(bucket)));
    ::new (static_cast<void*>(at)) retired_table{nullptr, level};
    make_buckets(at + sizeof(bucket), count);
    const word fresh = reinterpret_cast<word>(at) | level;
    try {
      for_each_chain(contents, [&](bucket& chain) {
        for_each_in_chain(chain, [&](Entry* entry, bucket&, unsigned) {
          const place to = room_for(allocator, fresh, entry->hash());
          // Nobody sees the table yet: no order is needed.
          to.in->slots[to.slot].store(entry, std::memory_order_relaxed);
          const std::uint64_t before = to.in->tag_word.load(std::memory_order_relaxed);
          to.in->tag_word.store(tags::with(before, to.slot, entry->hash()), std::memory_order_relaxed);
        });
      });
    } catch (...) {
      free(allocator, header_of(fresh));
      throw;
    }
    return fresh;
  }
  static unsigned level_of(word table) noexcept { return static_cast<unsigned>(table & (cache_line - 1)); }
  static retired_table* header_of(word table) noexcept {
    return reinterpret_cast<retired_table*>(table & ~word{cache_line - 1});
  }
  // Not the entries.
  static void free(const Allocator& allocator, retired_table* table) noexcept {
    const word old = reinterpret_cast<word>(table) | table->level;
    for_each_chain(old, [&allocator](bucket& first) {
      for (bucket* at = first.next.load(std::memory_order_relaxed); at != nullptr;) {
        bucket* const next = at->next.load(std::memory_order_relaxed);
        memory::give(allocator, at, sizeof(bucket));
        at = next;
      }
    });
    memory::give(allocator, table, (size_of(old) + 1) * sizeof(bucket));
  }

  // What is wrong with the table, as text; null: nothing.
  static const char* flaw(word table) {
    const char* found = nullptr;
    for_each_chain(table, [&](bucket& chain) {
      for (bucket* at = &chain; at != nullptr; at = at->next.load(std::memory_order_relaxed)) {
        const std::uint64_t seen = at->tag_word.load(std::memory_order_relaxed);
        if (seen >> tags::filter_shift != 0 && at->next.load(std::memory_order_relaxed) == nullptr) {
          found = "a chain ends where the filter says that it goes on";
        }
        for (unsigned slot = 0; slot < 6; ++slot) {
          const Entry* const here = at->slots[slot].load(std::memory_order_relaxed);
          if (tags::is_taken(seen, slot) != (here != nullptr)) found = "a slot and its tag do not agree";
          if (here == nullptr) continue;
          if (&home_of(table, here->hash()) != &chain) {
            found = "an entry in a chain that its hash does not lead to";
          } else if (find(table, here->hash(), [here](const Entry& other) { return &other == here; }) != here) {
            found = "an entry that its hash does not lead to";
          }
        }
      }
    });
    return found;
  }

 private:
  static bucket* buckets_of(word table) noexcept {
    return reinterpret_cast<bucket*>((table & ~word{cache_line - 1}) + sizeof(bucket));
  }
  static std::size_t size_of(word table) noexcept { return std::size_t{1} << level_of(table); }
  GAUNTLET_ALWAYS_INLINE static bucket& home_of(word table, std::uint64_t hash) noexcept {
    return buckets_of(table)[static_cast<std::size_t>(hash << HashShift >> 1 >> (63 - level_of(table)))];
  }
  static bucket* make_buckets(void* at, std::size_t count) noexcept {
    bucket* const all = static_cast<bucket*>(at);
    for (std::size_t i = 0; i < count; ++i) ::new (static_cast<void*>(all + i)) bucket{};
    return all;
  }
};

}  // namespace gauntlet::detail
