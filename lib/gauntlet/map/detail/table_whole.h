// Operations on a whole map: clearing, copying, changing hands.
//
// A copy has the structure of its original, seed and all: no key is hashed. It is built table by table, and at every
// moment destroy_all could take down what is there, which is what an exception does.
#pragma once

#include <gauntlet/map/detail/table_set.h>

namespace gauntlet::detail {

template <class Types>
void table_set<Types>::forget_tables() noexcept {
  set_groups(1);
  one_ = directory_.at(0);
  size_ = debt_ = tables_ = 0;
  sweep_ = 0;
}

// Precondition: every element is destroyed.
template <class Types>
void table_set<Types>::release_tables() noexcept {
  const std::size_t old_capacity = capacity();
  for (std::size_t entry = 0; entry < directory_.size(); entry = directory_.after(entry)) {
    const table_type t = directory_.at(entry);
    if (is_empty_table(t)) continue;
    give_table(t, groups());
  }
  pool_.clear(allocator_);
  stash_.release(allocator_);
  directory_.release(allocator_);
  forget_tables();
  bump_layout();
  if (old_capacity != 0) {
    ++shrinks_;
    observer_.on_shrink(old_capacity, 0);
  }
}

template <class Types>
void table_set<Types>::destroy_all() noexcept {
  for (std::size_t entry = 0; entry < directory_.size(); entry = directory_.after(entry)) {
    if (!is_empty_table(directory_.at(entry))) destroy_elements(directory_.at(entry), groups());
  }
  while (!stash_.empty()) {
    Types::destroy(allocator_, stash_[stash_.size() - 1].at->element);
    stash_.erase(allocator_, stash_.size() - 1);
  }
  release_tables();
}

template <class Types>
void table_set<Types>::clear() noexcept {
  destroy_all();
}

template <class Types>
template <class Make>
void table_set<Types>::clone_from(const table_set& other, Make&& make) {
  constexpr bool by_bytes = std::is_same_v<std::remove_cvref_t<Make>, std::nullptr_t>;
  seed_ = other.seed_;
  next_sequence_ = other.next_sequence_;
  if (other.size_ == 0) return;
  try {
    directory_.make(allocator_, other.directory_.bits);
    directory_.set(0, directory_.size(), {const_cast<group_tags*>(&empty_table.group), nullptr});
    std::copy_n(other.directory_.depth, directory_.size(), directory_.depth);
    std::fill_n(directory_.room, directory_.size(), 0);
    set_groups(other.groups());
    for (std::size_t entry = 0; entry < directory_.size(); entry = directory_.after(entry)) {
      const std::size_t span = directory_.span(entry);
      const table_type from = other.directory_.at(entry), to = make_table(groups(), owner_of(entry));
      directory_.set(entry, span, to);
      if constexpr (by_bytes) {
        std::memcpy(static_cast<void*>(to.tags), from.tags, groups() * sizeof(group_tags));
        std::memcpy(static_cast<void*>(to.slots), from.slots, groups() * group_slots * sizeof(slot));
      } else {
        for_each_slot(from, groups(), [&](std::size_t g, unsigned lane, slot& s) {
          make(slot_of(to, g, lane), s);
          to.tags[g].tag[lane] = from.tags[g].tag[lane];
        });
        for (std::size_t g = 0; g < groups(); ++g) to.tags[g].fits = from.tags[g].fits;
      }
      note_of(to).limit = other.note_of(from).limit;
      std::copy_n(other.directory_.room + entry, span, directory_.room + entry);
    }
    for (const auto& place : other.stash_) {
      auto* const made = stash_.prepare(allocator_);
      try {
        if constexpr (by_bytes) {
          std::memcpy(static_cast<void*>(&made->element), &place.at->element, sizeof(slot));
        } else {
          make(made->element, place.at->element);
        }
      } catch (...) {
        stash_.discard(allocator_, made);
        throw;
      }
      stash_.link(made, place.hash, place.sequence);
    }
  } catch (...) {
    destroy_all();
    throw;
  }
  size_ = other.size_;
  note_one();
  bump_layout();
}

template <class Types>
void table_set<Types>::copy_from(const table_set& other) {
  if constexpr (Types::is_trivial() && !Types::allocator_constructs()) {
    clone_from(other, nullptr);
  } else {
    clone_from(other, [this](slot& to, slot& from) { Types::construct(allocator_, to, std::as_const(from.value())); });
  }
}

// Afterwards, whatever happens, the other map is empty: its elements went here or, by an exception, nowhere.
template <class Types>
void table_set<Types>::move_elements_from(table_set& other) {
  try {
    clone_from(other, [this](slot& to, slot& from) {
      Types::construct(allocator_, to, std::move(const_cast<key_type&>(from.value().first)),
                       std::move(from.value().second));
    });
  } catch (...) {
    other.clear();
    throw;
  }
  other.clear();
  renumber();
  other.renumber();
}

template <class Types>
void table_set<Types>::take_from(table_set& other) noexcept {
  directory_.take_from(other.directory_);
  pool_.swap(other.pool_);
  stash_.swap(other.stash_);
  seed_ = other.seed_;
  group_mask_ = other.group_mask_;
  size_ = other.size_;
  debt_ = other.debt_;
  tables_ = other.tables_;
  sweep_ = other.sweep_;
  next_sequence_ = other.next_sequence_;
  note_one();
  other.forget_tables();
  version_ = other.version_ = std::max(version_, other.version_) + 1;
  renumber();
  other.renumber();
}

template <class Types>
void table_set<Types>::swap_with(table_set& other) noexcept {
  directory<slot, memory> mine;
  mine.take_from(directory_);
  directory_.take_from(other.directory_);
  other.directory_.take_from(mine);
  pool_.swap(other.pool_);
  stash_.swap(other.stash_);
  std::swap(seed_, other.seed_);
  std::swap(group_mask_, other.group_mask_);
  std::swap(size_, other.size_);
  std::swap(debt_, other.debt_);
  std::swap(tables_, other.tables_);
  std::swap(sweep_, other.sweep_);
  std::swap(next_sequence_, other.next_sequence_);
  std::swap(splits_, other.splits_);
  std::swap(merges_, other.merges_);
  std::swap(growths_, other.growths_);
  std::swap(shrinks_, other.shrinks_);
  note_one();
  other.note_one();
  version_ = other.version_ = std::max(version_, other.version_) + 1;
  renumber();
  other.renumber();
}

}  // namespace gauntlet::detail
