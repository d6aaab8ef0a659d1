// Operations on a whole map: clearing, copying, changing hands.
//
// A copy has the structure of its original, seed, half-finished growth and all: no key is hashed. At every moment of
// copying release_all could take down what is there, which is what an exception does.
#pragma once

#include <gauntlet/map/detail/bucket_table.h>

namespace gauntlet::detail {

template <class Types>
void bucket_table<Types>::free_overflow(bucket_type& head, std::size_t& count) noexcept {
  const auto free_note = [this](bucket_type& b) {
    if (note_type* const n = b.notes(); n != nullptr) memory::give(allocator_, n, sizeof(note_type));
  };
  bucket_type* b = head.next();
  free_note(head);
  head.link = 0;
  while (b != nullptr) {
    bucket_type* const next = b->next();
    free_note(*b);
    memory::give(allocator_, b, sizeof(bucket_type));
    --count;
    b = next;
  }
}

template <class Types>
void bucket_table<Types>::destroy_elements(bucket_type& head) noexcept {
  if constexpr (!Types::is_trivial() || Types::allocator_constructs()) {
    for_each_element(&head, [this](bucket_type& b, unsigned lane) { Types::destroy(allocator_, b.slots[lane]); });
  }
}

template <class Types>
void bucket_table<Types>::release_chains(array_type& array, std::size_t& overflow) noexcept {
  for_each_chain(array, [&](std::size_t, bucket_type& head) {
    destroy_elements(head);
    free_overflow(head, overflow);
  });
  array.release_pieces(allocator_);
}

// What is left is room for as many chains as before, without a bucket.
template <class Types>
void bucket_table<Types>::destroy_all() noexcept {
  release_chains(old_, old_overflow_);
  old_.release(allocator_);
  release_chains(now_, overflow_);
  growing_ = false;
  evacuated_ = 0;
  size_ = 0;
}

template <class Types>
void bucket_table<Types>::clear() noexcept {
  destroy_all();
  seed_ = policy::seed();
  ++version_;
}

template <class Types>
void bucket_table<Types>::release_all() noexcept {
  clear();
  now_.release(allocator_);
}

template <class Types>
template <class Make>
void bucket_table<Types>::clone_array(array_type& to, std::size_t& overflow, const array_type& from, Make&& make) {
  constexpr bool by_bytes = std::is_same_v<std::remove_cvref_t<Make>, std::nullptr_t>;
  to.resize(allocator_, from.bits());
  for_each_chain(from, [&](std::size_t index, bucket_type& head) {
    bucket_type* copy = &to.make(allocator_, index);
    for (bucket_type* b = &head;;) {
      const std::uint64_t used = top_word::used(b->word());
      if constexpr (by_bytes) {
        std::memcpy(static_cast<void*>(copy->slots), b->slots, sizeof b->slots);
        std::copy_n(b->tops, bucket_slots, copy->tops);
      } else {
        for (std::uint64_t m = used; m != 0; m &= m - 1) {
          const unsigned lane = top_word::lowest(m);
          make(copy->slots[lane], b->slots[lane]);
          copy->tops[lane] = b->tops[lane];
        }
        std::copy_n(b->tops, bucket_slots, copy->tops);
      }
      if (const note_type* const n = b->notes(); n != nullptr) {
        need_note(*copy);
        std::copy_n(n->numbers, bucket_slots, copy->notes()->numbers);
      }
      b = b->next();
      if (b == nullptr) break;
      auto* const fresh = static_cast<bucket_type*>(memory::take(allocator_, sizeof(bucket_type)));
      array_type::clear(*fresh);
      copy->set_next(fresh);
      ++overflow;
      copy = fresh;
    }
  });
}

template <class Types>
template <class Make>
void bucket_table<Types>::clone_from(const bucket_table& other, Make&& make) {
  if (other.size_ == 0) return;
  try {
    clone_array(now_, overflow_, other.now_, make);
    if (other.growing_) {
      clone_array(old_, old_overflow_, other.old_, make);
      growing_ = true;
      evacuated_ = other.evacuated_;
    }
  } catch (...) {
    release_all();
    throw;
  }
  size_ = other.size_;
  seed_ = other.seed_;
  next_number_ = other.next_number_;
  ++version_;
}

template <class Types>
void bucket_table<Types>::copy_from(const bucket_table& other) {
  if constexpr (Types::is_trivial() && !Types::allocator_constructs()) {
    clone_from(other, nullptr);
  } else {
    clone_from(other, [this](slot& to, slot& from) { Types::construct(allocator_, to, std::as_const(from.value())); });
  }
}

// Afterwards, whatever happens, the other map is empty: its elements went here or, by an exception, nowhere.
template <class Types>
void bucket_table<Types>::move_elements_from(bucket_table& other) {
  try {
    clone_from(other, [this](slot& to, slot& from) {
      Types::construct(allocator_, to, std::move(const_cast<key_type&>(from.value().first)),
                       std::move(from.value().second));
    });
  } catch (...) {
    other.release_all();
    throw;
  }
  other.release_all();
  renumber();
  other.renumber();
}

template <class Types>
void bucket_table<Types>::swap_with(bucket_table& other) noexcept {
  now_.swap(other.now_);
  old_.swap(other.old_);
  std::swap(evacuated_, other.evacuated_);
  std::swap(size_, other.size_);
  std::swap(seed_, other.seed_);
  std::swap(overflow_, other.overflow_);
  std::swap(old_overflow_, other.old_overflow_);
  std::swap(next_number_, other.next_number_);
  std::swap(growing_, other.growing_);
  std::swap(doublings_, other.doublings_);
  std::swap(same_size_growths_, other.same_size_growths_);
  std::swap(resizes_, other.resizes_);
  version_ = other.version_ = std::max(version_, other.version_) + 1;
  renumber();
  other.renumber();
}

// The other map is as if it had never been filled.
template <class Types>
void bucket_table<Types>::take_from(bucket_table& other) noexcept {
  swap_with(other);
}

}  // namespace gauntlet::detail
