// How a map changes the number of its buckets: a new array is made, and every write evacuates the old chain of its key
// and one more; an erasure leaves the chain of what it erases alone, for its key may lie there.
//
// Evacuating a chain is all or nothing. First every element gets a slot in the new array, overflow buckets and all,
// under its top: that may throw, and then the slots are free again. Then the elements move.
//   moves in place     nothing can throw any more
//   copies first       copies are made; when one throws they are destroyed, and the slots are free again
//   loses on failure   an element whose move throws is lost; the others move, then the exception goes on
// Nobody can see the slots in between: lookups of these hashes go to the old chain until its first top says that it has
// been evacuated, and nobody may look while somebody writes.
#pragma once

#include <array>
#include <exception>
#include <memory>

#include <gauntlet/map/detail/bucket_table.h>

namespace gauntlet::detail {

// The moves of one chain: the first few here, more in memory of the map's allocator.
template <class Types>
class bucket_table<Types>::move_list {
 public:
  explicit move_list(const allocator_type& allocator) noexcept : allocator_(allocator) {}
  move_list(const move_list&) = delete;
  move_list& operator=(const move_list&) = delete;
  ~move_list() {
    if (moves_ != few_.data()) memory::give(allocator_, moves_, capacity_ * sizeof(move_of_one));
  }
  // May throw, without effect.
  void prepare() {
    if (size_ < capacity_) return;
    const std::size_t capacity = capacity_ * 4;
    auto* const moves = static_cast<move_of_one*>(memory::take(allocator_, capacity * sizeof(move_of_one)));
    std::uninitialized_copy_n(moves_, size_, moves);
    if (moves_ != few_.data()) memory::give(allocator_, moves_, capacity_ * sizeof(move_of_one));
    moves_ = moves;
    capacity_ = capacity;
  }
  void add(const move_of_one& move) noexcept { ::new (static_cast<void*>(moves_ + size_++)) move_of_one(move); }
  move_of_one* begin() noexcept { return moves_; }
  move_of_one* end() noexcept { return moves_ + size_; }

 private:
  const allocator_type& allocator_;
  std::array<move_of_one, 24> few_;
  move_of_one* moves_ = few_.data();
  std::size_t size_ = 0;
  std::size_t capacity_ = few_.size();
};

template <class Types>
void bucket_table<Types>::make_room(std::uint64_t hash) {
  if (growing_) {
    // Only a change of size that an exception has cut short gets here.
    if (over_load_factor(size_ + 1, now_.bits())) evacuate_everything();
  } else {
    const bool doubles = over_load_factor(size_ + 1, now_.bits());
    start_growth(now_.bits() + (doubles ? 1 : 0));
    ++(doubles ? doublings_ : same_size_growths_);
  }
  grow_work(hash);
}

// The array becomes the old one. May throw, without effect.
template <class Types>
void bucket_table<Types>::start_growth(unsigned bits) {
  array_type fresh;
  fresh.resize(allocator_, bits);
  old_.swap(now_);
  now_.swap(fresh);
  old_overflow_ = overflow_;
  overflow_ = 0;
  evacuated_ = 0;
  growing_ = true;
  ++version_;
  observer_.on_growth(old_.size(), now_.size());
}

// At most two chains a write.
template <class Types>
void bucket_table<Types>::grow_work(std::uint64_t hash) {
  if (!growing_) return;
  evacuate(hash & old_.mask());
  if (growing_) evacuate(evacuated_);
}

template <class Types>
void bucket_table<Types>::evacuate_everything() {
  while (growing_) evacuate(evacuated_);
}

template <class Types>
void bucket_table<Types>::evacuate(std::size_t index) {
  std::exception_ptr lost;
  if (!old_is_evacuated(index)) {
    move_list moves(allocator_);
    plan_moves(index, moves);
    lost = carry_out(index, moves);
  }
  if (index == evacuated_) pass_mark();
  if (lost) std::rethrow_exception(lost);
}

// Gives every element of an old chain a slot of the new array. May throw, and then none has one.
template <class Types>
void bucket_table<Types>::plan_moves(std::size_t index, move_list& moves) {
  // Where the last element went, for the two chains that it is nearly always about.
  bucket_type* known_head[2] = {};
  bucket_type* known_last[2] = {};
  try {
    for_each_element(old_.find(index), [&](bucket_type& from, unsigned lane) {
      const std::uint64_t hash = hash_of(from.slots[lane].key());
      const std::size_t to = hash & now_.mask();
      const bool upper = to > index;
      bucket_type& head = now_.make(allocator_, to);
      moves.prepare();
      const vacancy v = find_vacancy(known_head[upper] == &head ? *known_last[upper] : head);
      known_head[upper] = &head;
      known_last[upper] = v.in;
      const std::uint64_t number = from.number(lane);
      if (number != 0) need_note(*v.in);
      if (note_type* const n = v.in->notes(); n != nullptr) n->numbers[v.lane] = number;
      moves.add({&from, v.in, to, static_cast<std::uint8_t>(lane), static_cast<std::uint8_t>(v.lane),
                 v.in->tops[v.lane], upper});
      v.in->tops[v.lane] = top_of(hash);
      count_work(1);
    });
  } catch (...) {
    cancel_moves(moves);
    throw;
  }
}

template <class Types>
void bucket_table<Types>::cancel_moves(move_list& moves) noexcept {
  for (const move_of_one& m : moves) m.to->tops[m.to_lane] = m.before;
}

// Throws only what a copy throws, and then nothing has happened. Gives back what was thrown when an element got lost.
template <class Types>
std::exception_ptr bucket_table<Types>::carry_out(std::size_t index, move_list& moves) {
  std::exception_ptr lost;
  if constexpr (Types::copies_first()) {
    const move_of_one* made = moves.begin();
    try {
      for (; made != moves.end(); ++made) {
        Types::construct(allocator_, made->to->slots[made->to_lane],
                         std::as_const(made->from->slots[made->from_lane].value()));
      }
    } catch (...) {
      while (made != moves.begin()) {
        --made;
        Types::destroy(allocator_, made->to->slots[made->to_lane]);
      }
      cancel_moves(moves);
      throw;
    }
    for (const move_of_one& m : moves) Types::destroy(allocator_, m.from->slots[m.from_lane]);
  } else {
    for (const move_of_one& m : moves) {
      slot& from = m.from->slots[m.from_lane];
      if constexpr (Types::moves_in_place()) {
        Types::relocate(m.to->slots[m.to_lane], from);
      } else {
        try {
          Types::relocate(m.to->slots[m.to_lane], from);
        } catch (...) {
          lost = std::current_exception();
          Types::destroy(allocator_, from);
          m.to->tops[m.to_lane] = empty_one;
          --size_;
        }
      }
    }
    if (lost) {
      for (const move_of_one& m : moves) settle_tail(*now_.find(m.to_index));
    }
  }
  bucket_type& head = *old_.find(index);
  free_overflow(head, old_overflow_);
  std::uint8_t states[bucket_slots];
  std::fill_n(states, bucket_slots, std::uint8_t{evacuated_empty});
  for (const move_of_one& m : moves) {
    if (m.from == &head) states[m.from_lane] = m.upper ? evacuated_upper : evacuated_lower;
  }
  std::copy_n(states, bucket_slots, head.tops);
  ++version_;
  return lost;
}

// The first chain that is not yet evacuated, or a thousand further on; pieces left behind go back.
template <class Types>
void bucket_table<Types>::pass_mark() noexcept {
  const std::size_t stop = std::min(old_.size(), evacuated_ + 1 + 1024);
  do {
    ++evacuated_;
    if ((evacuated_ & (old_.piece_size() - 1)) == 0)
      old_.release_piece(allocator_, array_type::piece_of(evacuated_ - 1));
  } while (evacuated_ != stop && old_is_evacuated(evacuated_));
  if (evacuated_ == old_.size()) finish_growth();
}

template <class Types>
void bucket_table<Types>::finish_growth() noexcept {
  old_.release(allocator_);
  growing_ = false;
  evacuated_ = 0;
  old_overflow_ = 0;
  observer_.on_growth_done(now_.size());
}

// All at once. What an exception leaves undone, later writes do.
template <class Types>
void bucket_table<Types>::resize(unsigned bits) {
  if (size_ == 0) {
    array_type fresh;
    fresh.resize(allocator_, bits);
    release_all();
    now_.swap(fresh);
    return;
  }
  evacuate_everything();
  if (bits == now_.bits() && overflow_ == 0) return;
  start_growth(bits);
  ++resizes_;
  evacuate_everything();
}

template <class Types>
void bucket_table<Types>::reserve(std::size_t count) {
  if (count > max_size()) throw std::length_error("gauntlet::bucket_map::reserve: more than max_size()");
  const unsigned bits = bucket_bits_for(count);
  if (bits > now_.bits()) resize(bits);
}

template <class Types>
void bucket_table<Types>::rehash(std::size_t buckets) {
  if (buckets > max_size()) throw std::length_error("gauntlet::bucket_map::rehash: more than max_size()");
  const auto asked = static_cast<unsigned>(std::bit_width(buckets == 0 ? 0 : buckets - 1));
  const unsigned bits = std::max(asked, bucket_bits_for(size_));
  if (bits != now_.bits()) resize(bits);
}

template <class Types>
void bucket_table<Types>::shrink_to_fit() {
  if (size_ == 0) {
    release_all();
  } else {
    resize(bucket_bits_for(size_));
  }
}

}  // namespace gauntlet::detail
