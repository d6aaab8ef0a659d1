// A cursor: a walk over a map that survives every change of the map.
//
// Its place is not in memory but in an order of elements that no change of the map disturbs:
//
//   1. the interval of hashes that one table covered when the cursor entered it (intervals in ascending order)
//   2. within an interval the home group, its bits reversed
//   3. the hash, then the sequence number (0 unless the element is a tie, see stash.h)
//
// An element has the same place for as long as it is in the map: splits, merges and displacement change no hash, and
// when the only table doubles, group g becomes g and g + G, which are neighbours in bit-reversed order. So nothing has
// to be told to a cursor: it registers nowhere, the map pays nothing, and any number of threads may walk while nobody
// writes. Two elements that are there at once never have the same place: of equal hashes all but the first get a number that
// is never given twice. Only one of the same hash that comes after the first was erased may have its place.
//
// After a split both halves are asked for each home group, the lower first, which is the order of hashes. After a merge
// the elements outside the interval are passed over.
//
// The elements of one home group are gathered once and used for as long as the map's version stays the same: a step
// then costs a comparison. After a change the element is found again by its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <gauntlet/map/detail/table_set.h>

namespace gauntlet::detail {

template <class Types, bool Const>
class map_cursor {
  using tables_type = table_set<Types>;
  using slot = typename Types::slot;
  static constexpr unsigned position_bits = tables_type::groups_max_bits;
  static constexpr std::size_t batch_max = 12;

 public:
  using value_type = std::conditional_t<Const, const typename Types::value_type, typename Types::value_type>;

  map_cursor() = default;
  explicit map_cursor(const tables_type* tables) : tables_(tables), number_(tables->number()) {
    depth_ = tables_->tables().depth[0];
    done_ = false;
    next();
  }

  // Is the cursor on an element? False for ever once the walk is over.
  explicit operator bool() const noexcept { return !done_; }

  // The current element, with its present value. It must not have been erased since the cursor reached it; a checked build
  // says so if it was, but for one whose place an element of the same hash has taken since.
  value_type& operator*() const { return current()->value(); }
  value_type* operator->() const { return &current()->value(); }

  // To the next element; average O(1), cost of one hash for each element of the group. Throws what the hash throws, and
  // then stays where it was.
  void next() {
    verify();
    if (done_) return;
    if (version_ == tables_->version() && batch_at_ + 1 < batch_size_) {
      ++batch_at_;
      place_ = batch_[batch_at_].at;
      any_ = true;
      return;
    }
    advance();
  }

 private:
  // Of an element within its interval.
  struct place {
    std::uint64_t group;  // bit-reversed
    std::uint64_t hash;
    std::uint64_t sequence;
    friend bool operator<(const place& a, const place& b) noexcept {
      if (a.group != b.group) return a.group < b.group;
      return a.hash != b.hash ? a.hash < b.hash : a.sequence < b.sequence;
    }
  };
  struct candidate {
    place at;
    slot* element;
  };

  static constexpr std::uint64_t reversed(std::uint64_t value, unsigned bits) noexcept {
    value = (value & 0x5555) << 1 | (value >> 1 & 0x5555);
    value = (value & 0x3333) << 2 | (value >> 2 & 0x3333);
    value = (value & 0x0f0f) << 4 | (value >> 4 & 0x0f0f);
    value = (value & 0x00ff) << 8 | (value >> 8 & 0x00ff);
    return value >> (16 - bits);
  }
  static std::uint64_t group_place(std::uint64_t hash) noexcept {
    return reversed(hash >> group_shift & (tables_type::groups_max - 1), position_bits);
  }
  // The last hash of the interval.
  static std::uint64_t interval_end(std::uint64_t begin, unsigned depth) noexcept {
    return depth == 0 ? ~std::uint64_t{0} : begin + ((std::uint64_t{1} << (64 - depth)) - 1);
  }

  void advance() {
    // Worked out beside, taken over when nothing can throw any more.
    std::uint64_t begin = begin_;
    unsigned depth = depth_;
    bool any = any_;
    bool skip = version_ == tables_->version() && batch_size_ != 0 && !batch_cut_;  // the batch's group is done with
    for (;;) {
      if (tables_->size() != 0 && search(begin, depth, any, skip)) {
        begin_ = begin, depth_ = depth, any_ = true;
        return;
      }
      skip = any = false;
      const std::uint64_t step = depth == 0 ? 0 : std::uint64_t{1} << (64 - depth);
      begin += step;
      if (begin == 0 || tables_->size() == 0) {
        done_ = true;
        batch_size_ = 0;
        return;
      }
      // The table here may begin earlier, if it was merged since: what begins earlier has been seen.
      const auto& directory = tables_->tables();
      depth = std::max<unsigned>(directory.depth[begin >> directory.shift],
                                 64 - static_cast<unsigned>(std::countr_zero(begin)));
    }
  }

  // Fills the batch with the first elements of the interval after place_ (all of them unless any).
  bool search(std::uint64_t begin, unsigned depth, bool any, bool skip) {
    const auto& directory = tables_->tables();
    const std::size_t groups = tables_->groups();
    const auto bits = static_cast<unsigned>(std::countr_zero(groups));
    const std::uint64_t end = interval_end(begin, depth);
    const std::size_t entry_begin = directory.first(begin >> directory.shift), entry_end = (end >> directory.shift) + 1;
    std::uint64_t c = any ? place_.group >> (position_bits - bits) : 0;
    // Among many tables, those before the current hash's are done with for this group.
    std::size_t entry = any ? directory.first(place_.hash >> directory.shift) : entry_begin;
    if (skip) entry = directory.after(entry);
    for (; c < groups; ++c, entry = entry_begin) {
      for (; entry < entry_end; entry = directory.after(entry)) {
        if (gather(entry, static_cast<std::size_t>(reversed(c, bits)), begin, end, any)) return true;
      }
    }
    return false;
  }

  bool gather(std::size_t entry, std::size_t home, std::uint64_t begin, std::uint64_t end, bool any) {
    const auto t = tables_->tables().at(entry);
    const std::size_t mask = tables_->groups() - 1;
    candidate batch[batch_max];
    std::size_t size = 0;
    bool cut = false;
    const auto consider = [&](std::uint64_t hash, std::uint64_t sequence, slot* element) {
      if (tables_->home_of(hash) != home || hash < begin || hash > end) return;
      const candidate found{{group_place(hash), hash, sequence}, element};
      if (any && !(place_ < found.at)) return;
      std::size_t i = size;
      if (size == batch_max) {
        cut = true;
        if (!(found.at < batch[size - 1].at)) return;
        --i;
      } else {
        ++size;
      }
      for (; i != 0 && found.at < batch[i - 1].at; --i) batch[i] = batch[i - 1];
      batch[i] = found;
    };
    // Only of the classes that had to go further from every group on the way is anybody there.
    std::uint16_t classes = fits_all;
    for (std::size_t g = home; classes != 0;) {
      const group_tags& tags = t.tags[g];
      tables_->count_work(1);
      for (lane_mask m = tables_type::used_slots(tags); m != 0; m &= m - 1) {
        const unsigned lane = lowest_slot(m);
        if ((classes & class_bit(class_of_tag(tags.tag[lane]))) == 0) continue;
        slot& element = t.slots[g * group_slots + lane];
        consider(tables_->hash_of(element.key()), 0, &element);
      }
      classes &= static_cast<std::uint16_t>(~tags.fits);
      g = (g + 1) & mask;
      if (g == home) break;
    }
    if (const auto& stash = tables_->stashed(); GAUNTLET_RARE(!stash.empty()) && t.tags[home].fits != fits_all) {
      const auto& directory = tables_->tables();
      const std::size_t first = directory.first(entry), span = directory.span(entry);
      const std::uint64_t low = static_cast<std::uint64_t>(first) << directory.shift;
      const std::uint64_t high = low + ((static_cast<std::uint64_t>(span) << (directory.shift - 1)) * 2 - 1);
      for (std::size_t i = stash.lower_bound(low, 0); i < stash.size() && stash[i].hash <= high; ++i) {
        tables_->count_work(1);
        consider(stash[i].hash, stash[i].sequence, &stash[i].at->element);
      }
    }
    if (size == 0) return false;
    std::copy_n(batch, size, batch_);
    batch_size_ = size;
    batch_at_ = 0;
    batch_cut_ = cut;
    version_ = tables_->version();
    place_ = batch_[0].at;
    return true;
  }

  slot* current() const {
    verify();
    if (GAUNTLET_LIKELY(!done_ && version_ == tables_->version())) return batch_[batch_at_].element;
    slot* const element = done_ ? nullptr : find_again();
    if (element == nullptr) report(done_ ? "use of a cursor at the end" : "use of a cursor whose element was erased");
    return element;
  }
  slot* find_again() const {
    const auto& directory = tables_->tables();
    const auto& stash = tables_->stashed();
    if (const std::size_t i = stash.lower_bound(place_.hash, place_.sequence);
        i < stash.size() && stash[i].hash == place_.hash && stash[i].sequence == place_.sequence)
      return &stash[i].at->element;
    if (place_.sequence != 0) return nullptr;
    const auto t = directory.at(place_.hash >> directory.shift);
    const std::size_t home = tables_->home_of(place_.hash), mask = tables_->groups() - 1;
    const typename tables_type::probe wanted(place_.hash);
    for (std::size_t g = home;;) {
      const lane_mask found = tables_type::group::match(t.tags[g], wanted);
      tables_->count_work(1);
      for (lane_mask m = found & slot_lanes; m != 0; m &= m - 1) {
        slot& element = t.slots[g * group_slots + lowest_slot(m)];
        if (tables_->hash_of(element.key()) == place_.hash) return &element;
      }
      g = (g + 1) & mask;
      if ((found & further_lane) == 0 || g == home) return nullptr;
    }
  }

  void verify() const {
    if constexpr (Types::policy::checked) {
      if (tables_ == nullptr || number_ != tables_->number()) report("use of a cursor whose map has changed hands");
    }
    if (!done_) tables_->read(operation::walk);
  }
  [[noreturn]] GAUNTLET_NOINLINE void report(const char* what) const {
    misuse_report found;
    found.kind = misuse_kind::stale_cursor;
    found.message = misuse_message(found.kind);
    found.operation = what;
    found.thread = this_thread();
    if (tables_ != nullptr && number_ == tables_->number()) found.map_state = tables_->describe();
    report_misuse(found);
  }

  const tables_type* tables_ = nullptr;
  std::uint64_t number_ = 0;
  std::uint64_t begin_ = 0;  // of the interval
  unsigned depth_ = 0;
  bool any_ = false;  // place_ says where in the interval
  bool done_ = true;
  bool batch_cut_ = false;  // the group has more than the batch
  place place_{};
  std::uint64_t version_ = 0;  // of the map when the batch was gathered
  std::size_t batch_at_ = 0;
  std::size_t batch_size_ = 0;
  candidate batch_[batch_max];
};

}  // namespace gauntlet::detail
