// One key of a sync_map and what it has at the moment, in one word that changes by compare-and-exchange.
//
// An entry is *live* (its word points to a box with the value), *deleted* (0), or *expunged* (odd): deleted, and left out
// by the dirty part that was begun in the phase whose number the word carries. Only the holder of the map's lock expunges
// entries and revives expunged ones; everything else needs no lock. A box never changes: another value is another box,
// and the old one is retired, since somebody may be reading it.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace gauntlet::detail {

template <class T>
struct sync_box {
  template <class... Arguments>
  explicit sync_box(std::in_place_t, Arguments&&... arguments) : value(std::forward<Arguments>(arguments)...) {}

  T value;
  sync_box* next = nullptr;  // among the retired ones
};

template <class Key, class T>
class sync_entry {
 public:
  using box = sync_box<T>;
  using word = std::uintptr_t;
  static constexpr word deleted = 0;
  static constexpr word expunged_in(std::uint64_t phase) noexcept { return static_cast<word>(phase << 1U) | 1U; }
  static constexpr bool is_expunged(word w) noexcept { return (w & 1U) != 0; }
  static box* box_of(word w) noexcept { return is_expunged(w) ? nullptr : reinterpret_cast<box*>(w); }
  static word word_of(const box* b) noexcept { return reinterpret_cast<word>(b); }

  explicit sync_entry(Key&& of) : key(std::move(of)) {}

  // [entry word] pairs with itself: who sees the pointer sees the box made. Sequentially consistent, so that operations
  // on one key that do not overlap are seen in their order, and so that a box is retired after it has been unlinked for
  // every reader that begins later (epoch_domain.h).
  word load() const noexcept { return word_.load(std::memory_order_seq_cst); }
  bool exchange(word& seen, word wanted) noexcept {
    return word_.compare_exchange_strong(seen, wanted, std::memory_order_seq_cst);
  }

  // Expunges a deleted entry; false if it is live. For the holder of the lock.
  bool expunge(std::uint64_t phase) noexcept {
    word seen = deleted;
    return exchange(seen, expunged_in(phase));
  }
  // Gives an expunged entry another word. For the holder of the lock: nobody else touches it.
  void revive(word to) noexcept { word_.store(to, std::memory_order_seq_cst); }  // [entry word] pairs with itself

  // For who has the entry to itself, to free it: a link in place of what it had. [entry word] pairs with nothing here.
  void take_out(sync_entry* next) noexcept { word_.store(reinterpret_cast<word>(next), std::memory_order_relaxed); }
  sync_entry* next_taken_out() const noexcept {
    return reinterpret_cast<sync_entry*>(word_.load(std::memory_order_relaxed));
  }

  const Key key;

 private:
  std::atomic<word> word_{deleted};
};

}  // namespace gauntlet::detail
