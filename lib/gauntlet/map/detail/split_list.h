// split_list: a sorted list with shortcuts into it, which readers follow while one writer changes it.
//
// Words. A node's *order* is where it belongs: entries lie in the order of their hashes, those with equal hashes beside
// each other. A *bucket* of a list of level k is a stretch of it: all orders that begin with the same k bits. A *mark*
// is a node without an element that stands at the front of a bucket; bucket 0 begins at the *head*. The *tail* has the
// greatest order of all.
//
// The idea (Shalev and Shavit, "Split-ordered lists: lock-free extensible hash tables", 2006, with the bits the other
// way round): a hash table whose buckets grow without a single entry being moved. The elements lie in one list that is
// sorted by hash, and the table is a set of marks in it. To double the table is to go to level k + 1: every bucket is
// now two, the first of them begins at the mark there is, and the second gets one of its own when a writer finds time.
//
//   level 1   head ── 0010 ── 0110 ── [1] ── 1001 ── 1110 ── tail
//   level 2   head ── 0010 ── [01] ── 0110 ── [1] ── 1001 ── [11] ── 1110 ── tail
//
// So nothing a reader holds is ever wrong. Whatever level it has seen, and whether or not the bucket has its mark
// already, it starts at a node that lies before everything it looks for: at the mark of the bucket, or the nearest one
// before it, at worst at the head. It needs no second look and is never sent back.
//
// The hard case is a reader on a node that is unlinked meanwhile. The node keeps its pointer, so it leads on: to what
// followed it when it was unlinked, and that again may have been unlinked since. By induction, every node that a reader
// stands on was in the list at some moment since the reader set out, and these moments do not go back: it read a
// pointer either from a node that was in the list, or from one as it was when it left. Three things follow.
//   - An entry that a lookup finds was in the list at a moment of the lookup.
//   - An entry that was in the list throughout lies after the reader until it is reached: entries never change places,
//     and an entry that replaces another (same key) takes its place. Who reaches a greater order without having met the
//     key has passed a moment at which it was not there.
//   - A walk meets no key twice: a new entry goes to the front of those with the same order, before everybody who has
//     met its predecessor.
// What a node holds besides its pointer never changes after it was linked; its memory is kept until no reader is left
// who may stand on it (epoch_domain.h).
//
// Where marks live: level 1 to first_level share one array, every further level has an array of its own, twice as long
// as all before it. The mark of bucket b lies in the array of the level at which b became a bucket: b without its
// trailing zeros. Arrays are never moved. Writers give a mark to the bucket they are going to write in, and with each
// insertion to one more, so that the next doubling finds all of them there.
//
// Complexity: lookups, insertions and erasures O(1) with a hash that spreads; growing allocates one array and costs
// nothing else. The table does not shrink: 16 bytes for each bucket stay until the list is destroyed.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include <gauntlet/map/detail/attributes.h>

namespace gauntlet::detail {

struct list_node {
  // [next] pairs with itself: whoever loads a pointer sees the node that was stored. Sequentially consistent, both:
  // a reader must see every change that was finished before it began, not only those it has heard of; and with the
  // slots of epoch_domain.h these are the two halves of "either it sees the unlinking, or it is seen".
  std::atomic<list_node*> next{nullptr};
  std::uint64_t order = 0;  // constant once linked

  list_node* follow() const noexcept { return next.load(std::memory_order_seq_cst); }
  // For the writer: nobody else writes the pointers of its list.
  list_node* follow_locked() const noexcept { return next.load(std::memory_order_relaxed); }
  void lead_to(list_node* to) noexcept { next.store(to, std::memory_order_seq_cst); }
};

// The two lowest bits tell the kinds apart: marks end in 00, entries in 01, the tail in 11. Two bits of the hash are
// lost by it; keys that differ in nothing else are told apart by comparison, as keys with equal hashes are.
constexpr std::uint64_t order_of_entry(std::uint64_t hash) noexcept { return (hash & ~std::uint64_t{3}) | 1; }
constexpr bool is_order_of_entry(std::uint64_t order) noexcept { return (order & 3) == 1; }
inline constexpr std::uint64_t order_of_tail = ~std::uint64_t{0};

// One list. FirstLevel: of a table that has grown for the first time.
template <class Allocator, unsigned FirstLevel>
class split_list {
  static_assert(FirstLevel >= 1 && FirstLevel < 20);

 public:
  static constexpr std::size_t arrays_max = 28;
  static constexpr std::size_t buckets_max = std::size_t{1} << (FirstLevel + arrays_max - 1);

  split_list() noexcept {
    tail_.order = order_of_tail;
    head_.next.store(&tail_, std::memory_order_relaxed);
  }
  split_list(const split_list&) = delete;
  split_list& operator=(const split_list&) = delete;

  // ------------------------------------------------------------------------------------------------ readers, anybody

  // The first node that does not lie before `order`.
  GAUNTLET_ALWAYS_INLINE const list_node* lower_bound(std::uint64_t order) const noexcept {
    const list_node* at = start(order)->follow();
    while (at->order < order) at = at->follow();
    return at;
  }
  const list_node* begin() const noexcept { return head_.follow(); }
  const list_node* end() const noexcept { return &tail_; }
  std::size_t buckets() const noexcept { return std::size_t{1} << level_.load(std::memory_order_relaxed); }

  // ---------------------------------------------------------------------------------------------- the one writer

  // The node before the first that does not lie before `order`. Gives the bucket its mark.
  list_node* before_locked(std::uint64_t order) noexcept {
    list_node* at = start_locked(order);
    for (list_node* next = at->follow_locked(); next->order < order; next = at->follow_locked()) at = next;
    return at;
  }
  list_node* head_locked() noexcept { return &head_; }

  static void link_locked(list_node* before, list_node* fresh) noexcept {
    // [next] Nobody sees `fresh` yet: its own pointer needs no order.
    fresh->next.store(before->follow_locked(), std::memory_order_relaxed);
    before->lead_to(fresh);
  }
  // `fresh` has the order of the node that follows `before`, and takes its place.
  static void replace_next_locked(list_node* before, list_node* fresh) noexcept {
    fresh->next.store(before->follow_locked()->follow_locked(), std::memory_order_relaxed);  // [next]
    before->lead_to(fresh);
  }
  static void unlink_next_locked(list_node* before) noexcept {
    before->lead_to(before->follow_locked()->follow_locked());
  }

  // Gives one more bucket its mark, if there is one without.
  void mark_one_more_locked() noexcept {
    const unsigned level = level_.load(std::memory_order_relaxed);
    for (; next_to_mark_ < std::uint64_t{1} << level; next_to_mark_ += mark_step_) {
      if (mark_of(level, next_to_mark_).follow_locked() == nullptr) {
        mark_locked(level, next_to_mark_);
        next_to_mark_ += mark_step_;
        return;
      }
    }
  }

  // Doubles the number of buckets, or goes to the first level. False, with nothing changed, if there is no memory for
  // it or no further level.
  bool grow_locked(const Allocator& allocator) noexcept {
    const unsigned level = level_.load(std::memory_order_relaxed);
    const unsigned next = level == 0 ? FirstLevel : level + 1;
    const std::size_t at = next - FirstLevel;
    if (at >= arrays_.size()) return false;
    list_node* fresh = nullptr;
    try {
      node_allocator rebound(allocator);
      fresh = std::allocator_traits<node_allocator>::allocate(rebound, marks_in(at));
    } catch (...) {
      return false;
    }
    for (std::size_t i = 0; i < marks_in(at); ++i) ::new (static_cast<void*>(fresh + i)) list_node();
    // [level] pairs with start: who sees the level sees the array and that its marks are not there yet.
    arrays_[at].store(fresh, std::memory_order_relaxed);
    const bool all_marked = next_to_mark_ >= std::uint64_t{1} << level;
    level_.store(next, std::memory_order_release);
    // Where all older buckets have their marks only the odd ones are new.
    next_to_mark_ = 1;
    mark_step_ = all_marked && level != 0 ? 2 : 1;
    return true;
  }

  // Gives the arrays back. The list is then only good for being destroyed.
  void release(const Allocator& allocator) noexcept {
    node_allocator rebound(allocator);
    for (std::size_t at = 0; at < arrays_.size(); ++at) {
      list_node* const array = arrays_[at].load(std::memory_order_relaxed);
      if (array != nullptr) std::allocator_traits<node_allocator>::deallocate(rebound, array, marks_in(at));
    }
  }

  // What is wrong with list and marks, as text; null: nothing.
  const char* flaw_locked() const noexcept {
    const unsigned level = level_.load(std::memory_order_relaxed);
    std::size_t marks_met = 0;
    std::uint64_t order = 0;
    for (const list_node* at = head_.follow_locked(); at != &tail_; at = at->follow_locked()) {
      if (at == nullptr) return "the list ends before its tail";
      if (at->order < order) return "the list is not in order";
      order = at->order;
      if (is_order_of_entry(order)) continue;
      ++marks_met;
      if (level == 0) return "a mark in a list without buckets";
      const std::uint64_t bucket = order >> (64 - level);
      if (bucket << (64 - level) != order) return "a mark that is not at the front of a bucket";
      if (&mark_of(level, bucket) != at) return "a mark that no bucket knows";
    }
    std::size_t marks_known = 0;
    for (std::uint64_t bucket = 1; bucket < std::uint64_t{1} << level; ++bucket) {
      marks_known += mark_of(level, bucket).follow_locked() != nullptr ? 1U : 0U;
    }
    return marks_met == marks_known ? nullptr : "a mark that the list does not lead to";
  }

 private:
  using node_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<list_node>;

  static constexpr std::size_t marks_in(std::size_t array) noexcept {
    return std::size_t{1} << (FirstLevel + (array == 0 ? 0 : array - 1));
  }

  // 0 < bucket < 2^level. The first array is indexed by the level at which the bucket began and its number there.
  GAUNTLET_ALWAYS_INLINE list_node& mark_of(unsigned level, std::uint64_t bucket) const noexcept {
    const auto zeros = static_cast<unsigned>(std::countr_zero(bucket));
    const unsigned began = level - zeros;
    const auto number = static_cast<std::size_t>(bucket >> zeros >> 1);
    // Relaxed: the level that led here was loaded with acquire, or is the writer's own.
    return began <= FirstLevel ? arrays_[0].load(std::memory_order_relaxed)[(std::size_t{1} << (began - 1)) + number]
                               : arrays_[began - FirstLevel].load(std::memory_order_relaxed)[number];
  }

  // A node that lies before everything of this order: the mark of its bucket, or the nearest one before that.
  GAUNTLET_ALWAYS_INLINE const list_node* start(std::uint64_t order) const noexcept {
    // [level] pairs with grow_locked: the arrays of this level are there.
    const unsigned level = level_.load(std::memory_order_acquire);
    if (level == 0) return &head_;
    for (std::uint64_t bucket = order >> (64 - level); bucket != 0; bucket &= bucket - 1) {
      const list_node& mark = mark_of(level, bucket);
      if (GAUNTLET_LIKELY(mark.follow() != nullptr)) return &mark;
    }
    return &head_;
  }
  list_node* start_locked(std::uint64_t order) noexcept {
    const unsigned level = level_.load(std::memory_order_relaxed);
    if (level == 0) return &head_;
    const std::uint64_t bucket = order >> (64 - level);
    if (bucket == 0) return &head_;
    list_node& mark = mark_of(level, bucket);
    if (mark.follow_locked() == nullptr) mark_locked(level, bucket);
    return &mark;
  }

  void mark_locked(unsigned level, std::uint64_t bucket) noexcept {
    list_node* at = &head_;
    for (std::uint64_t before = bucket & (bucket - 1); before != 0; before &= before - 1) {
      list_node& mark = mark_of(level, before);
      if (mark.follow_locked() == nullptr) continue;
      at = &mark;
      break;
    }
    const std::uint64_t order = bucket << (64 - level);
    for (list_node* next = at->follow_locked(); next->order < order; next = at->follow_locked()) at = next;
    list_node& mark = mark_of(level, bucket);
    mark.order = order;
    // Readers may start here from now on, even before the list leads here. What they find is right already.
    mark.lead_to(at->follow_locked());
    at->lead_to(&mark);
  }

  list_node head_;
  list_node tail_;
  std::atomic<unsigned> level_{0};
  unsigned mark_step_ = 1;
  std::uint64_t next_to_mark_ = 1;
  std::array<std::atomic<list_node*>, arrays_max> arrays_{};
};

}  // namespace gauntlet::detail
