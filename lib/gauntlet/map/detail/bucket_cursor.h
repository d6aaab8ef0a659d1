// A cursor of bucket_map: a walk over a map that survives every change of the map.
//
// Its place is not in memory but in an order of elements that no change of the map disturbs: the hash with its bits
// reversed, then the tie number. Chains are named by the low bits of the hash, so each chain of 2^B is an interval of
// that order, and when the map doubles an interval becomes two neighbours: whatever is evacuated, an element has the
// same place for as long as it is in the map. So nothing has to be told to a cursor: it registers nowhere, the map pays
// nothing, and any number of threads may walk while nobody writes.
//
// The order is a ring and a walk begins anywhere on it: at a random bucket, and at a random place within. Places are
// counted from there.
//
//   reversed hash ─► place = reversed hash - origin ─► chain of the place now: old if not yet evacuated, else new
//
// The elements of one chain are gathered once, in order of place, and used for as long as the map's version stays the
// same: a step then costs a comparison. After a change the element is found again by its place, which one of the same hash
// may have that came after it was erased.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <gauntlet/map/detail/bucket_table.h>

namespace gauntlet::detail {

constexpr std::uint64_t reversed_bits(std::uint64_t word) noexcept {
  word = (word & 0x5555555555555555) << 1 | (word >> 1 & 0x5555555555555555);
  word = (word & 0x3333333333333333) << 2 | (word >> 2 & 0x3333333333333333);
  word = (word & 0x0f0f0f0f0f0f0f0f) << 4 | (word >> 4 & 0x0f0f0f0f0f0f0f0f);
  return __builtin_bswap64(word);
}

template <class Types, bool Const>
class bucket_cursor {
  using table_type = bucket_table<Types>;
  using bucket_type = typename table_type::bucket_type;
  using slot = typename Types::slot;
  static constexpr std::size_t batch_max = 12;

 public:
  using value_type = std::conditional_t<Const, const typename Types::value_type, typename Types::value_type>;

  bucket_cursor() = default;
  explicit bucket_cursor(const table_type* table)
      : table_(table), number_(table->number()), origin_(table->some_origin()), done_(false) {
    next();
  }

  // Is the cursor on an element? False for ever once the walk is over.
  explicit operator bool() const noexcept { return !done_; }

  // The current element, with its present value. It must not have been erased since the cursor reached it; a checked build
  // says so if it was, but for one whose place an element of the same hash has taken since.
  value_type& operator*() const { return current()->value(); }
  value_type* operator->() const { return &current()->value(); }

  // To the next element; average O(1), at the cost of one hash for each element of the chain. Throws what the hash
  // throws, and then stays where it was.
  void next() {
    verify();
    if (done_) return;
    if (version_ == table_->version() && batch_at_ + 1 < batch_size_) {
      place_ = batch_[++batch_at_].at;
      return;
    }
    advance();
  }

 private:
  struct place {
    std::uint64_t distance;  // from the origin
    std::uint64_t number;
    friend bool operator<(const place& a, const place& b) noexcept {
      return a.distance != b.distance ? a.distance < b.distance : a.number < b.number;
    }
  };
  struct candidate {
    place at;
    slot* element;
  };

  void advance() {
    // The batch's chain is done with if nothing has changed and all of it was in the batch.
    bool any = any_;  // place_ has been shown: look behind it
    std::uint64_t from = place_.distance;
    if (version_ == table_->version() && batch_size_ != 0 && !batch_cut_) {
      if (last_ == ~std::uint64_t{0}) return finish();
      from = last_ + 1;
      any = false;
    }
    while (table_->size() != 0) {
      const auto at = table_->chain_of(reversed_bits(origin_ + from));
      // Where the interval of the chain ends, seen from the origin; the interval with the origin in it has two parts.
      const std::uint64_t low = at.bits == 0 ? ~std::uint64_t{0} : ~std::uint64_t{0} >> at.bits;
      std::uint64_t last = ((origin_ + from) | low) - origin_;
      if (last < from) last = ~std::uint64_t{0};
      if (at.head != nullptr && gather(*at.head, from, last, any)) return;
      if (last == ~std::uint64_t{0}) break;
      from = last + 1;
      any = false;
    }
    finish();
  }
  void finish() noexcept {
    done_ = true;
    batch_size_ = 0;
  }

  // Fills the batch with the chain's first elements from `from` to `last`, behind place_ if any.
  bool gather(const bucket_type& head, std::uint64_t from, std::uint64_t last, bool any) {
    candidate batch[batch_max];
    std::size_t size = 0;
    bool cut = false;
    for (auto* b = const_cast<bucket_type*>(&head); b != nullptr; b = b->next()) {
      table_->count_work(1);
      const std::uint64_t word = b->word();
      for (std::uint64_t m = top_word::used(word); m != 0; m &= m - 1) {
        const unsigned lane = top_word::lowest(m);
        const std::uint64_t hash = table_->hash_of(b->slots[lane].key());
        const candidate found{{reversed_bits(hash) - origin_, b->number(lane)}, &b->slots[lane]};
        if (found.at.distance < from || found.at.distance > last || (any && !(place_ < found.at))) continue;
        std::size_t i = size;
        if (size == batch_max) {
          cut = true;
          if (!(found.at < batch[size - 1].at)) continue;
          --i;
        } else {
          ++size;
        }
        for (; i != 0 && found.at < batch[i - 1].at; --i) batch[i] = batch[i - 1];
        batch[i] = found;
      }
      if (top_word::rest(word) != 0) break;
    }
    if (size == 0) return false;
    std::copy_n(batch, size, batch_);
    batch_size_ = size;
    batch_at_ = 0;
    batch_cut_ = cut;
    last_ = last;
    version_ = table_->version();
    place_ = batch_[0].at;
    any_ = true;
    return true;
  }

  slot* current() const {
    verify();
    if (GAUNTLET_LIKELY(!done_ && version_ == table_->version())) return batch_[batch_at_].element;
    slot* const element = done_ ? nullptr : find_again();
    if (element == nullptr) report(done_ ? "use of a cursor at the end" : "use of a cursor whose element was erased");
    return element;
  }
  slot* find_again() const {
    const std::uint64_t hash = reversed_bits(origin_ + place_.distance);
    const std::uint8_t top = top_of(hash);
    for (bucket_type* b = table_->chain_of(hash).head; b != nullptr; b = b->next()) {
      table_->count_work(1);
      for (std::uint64_t m = top_word::equal_to(b->word(), top); m != 0; m &= m - 1) {
        const unsigned lane = top_word::lowest(m);
        if (b->number(lane) == place_.number && table_->hash_of(b->slots[lane].key()) == hash) return &b->slots[lane];
      }
    }
    return nullptr;
  }

  void verify() const {
    if constexpr (Types::policy::checked) {
      if (table_ == nullptr || number_ != table_->number()) report("use of a cursor whose map has changed hands");
    }
    if (!done_) table_->read(operation::walk);
  }
  [[noreturn]] GAUNTLET_NOINLINE void report(const char* what) const {
    misuse_report found;
    found.kind = misuse_kind::stale_cursor;
    found.message = misuse_message(found.kind);
    found.operation = what;
    found.thread = this_thread();
    if (table_ != nullptr && number_ == table_->number()) found.map_state = table_->describe();
    report_misuse(found);
  }

  const table_type* table_ = nullptr;
  std::uint64_t number_ = 0;
  std::uint64_t origin_ = 0;
  bool any_ = false;  // an element has been shown: place_ is its place
  bool done_ = true;
  bool batch_cut_ = false;  // the chain has more than the batch
  place place_{0, 0};
  std::uint64_t last_ = 0;     // the last place of the batch's chain
  std::uint64_t version_ = 0;  // of the map when the batch was gathered
  std::size_t batch_at_ = 0;
  std::size_t batch_size_ = 0;
  candidate batch_[batch_max];
};

}  // namespace gauntlet::detail
