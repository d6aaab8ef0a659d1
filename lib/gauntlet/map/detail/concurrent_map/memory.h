// Where a concurrent map's tables, directories, cells and nodes come from, and where they go.
//
// Everything comes from the map's allocator. Tables, directories and cells are never freed while the map may be in use:
// a table emptied by a merge waits for the next split, a cell that is no longer needed for the next full bucket, and a
// directory that was outgrown stays for readers that are still in it; all outgrown ones together are smaller than the
// current one. Nodes are freed as soon as the lock is free: nobody is at a node without its bucket's lock.
#pragma once

#include <new>

#include <gauntlet/map/detail/concurrent_map/buckets.h>

namespace gauntlet::detail {

template <class Types>
template <class Object>
Object* concurrent_buckets<Types>::take_memory(std::size_t count) const {
  allocator_of<Object> from(allocator_);
  return std::allocator_traits<allocator_of<Object>>::allocate(from, count);
}

template <class Types>
template <class Object>
void concurrent_buckets<Types>::give_memory(Object* at, std::size_t count) const noexcept {
  allocator_of<Object> to(allocator_);
  std::allocator_traits<allocator_of<Object>>::deallocate(to, at, count);
}

// A directory and its entries, measured in directories.
template <class Types>
std::size_t concurrent_buckets<Types>::units_of(std::size_t entries) {
  constexpr std::size_t per_unit = sizeof(directory) / sizeof(std::atomic<table*>);
  return 1 + (entries + per_unit - 1) / per_unit;
}

template <class Types>
auto concurrent_buckets<Types>::make_directory(unsigned depth) const -> directory* {
  const std::size_t entries = std::size_t{1} << depth;
  directory* const made = take_memory<directory>(units_of(entries));
  ::new (static_cast<void*>(made)) directory{64 - depth, nullptr};
  for (std::size_t i = 0; i < entries; ++i) ::new (static_cast<void*>(made->first() + i)) std::atomic<table*>(nullptr);
  return made;
}

template <class Types>
void concurrent_buckets<Types>::free_directory(directory* of) const noexcept {
  give_memory(of, units_of(of->entries()));
}

// All buckets of the table are locked.
template <class Types>
auto concurrent_buckets<Types>::take_table_locked() -> table* {
  if (table* const spare = spare_tables_) {
    spare_tables_ = spare->next_spare;
    return spare;
  }
  table* const made = ::new (static_cast<void*>(take_memory<table>(1))) table();
  made->next_of_all = all_tables_;
  all_tables_ = made;
  return made;
}

template <class Types>
auto concurrent_buckets<Types>::claim_from_stash(table& of) -> cell* {
  std::uint64_t free = of.free_cells.load(relaxed);
  while (free != 0) {
    // [stash] pairs with give_back: acquires what the owner before stored in the cell, so that a reader that got lost in
    // it sees the versions that tell him so.
    if (of.free_cells.compare_exchange_weak(free, free & (free - 1), std::memory_order_acquire, relaxed)) {
      return &of.stash[std::countr_zero(free)];
    }
  }
  return nullptr;
}

// From the table's stash or else, if so told, from the map: null if neither.
template <class Types>
auto concurrent_buckets<Types>::claim(table& of, bool even_allocated) -> cell* {
  if (cell* const from_stash = claim_from_stash(of)) return from_stash;
  if (!even_allocated) return nullptr;
  const exclusive_guard<mutex> guard(growth_);
  if (cell* const spare = spare_cells_) {
    spare_cells_ = spare->next.load(relaxed);
    return spare;
  }
  auto* const made = ::new (static_cast<void*>(take_memory<allocated_cell>(1))) allocated_cell();
  made->next = all_cells_;
  all_cells_ = made;
  return &made->content;
}

template <class Types>
void concurrent_buckets<Types>::give_back(cell* of) {
  if (of->owner != nullptr) {
    // [stash] pairs with claim_from_stash.
    of->owner->free_cells.fetch_or(std::uint64_t{1} << (of - of->owner->stash), std::memory_order_release);
    return;
  }
  const exclusive_guard<mutex> guard(growth_);
  protocol::publish(of->next, spare_cells_);
  spare_cells_ = of;
}

template <class Types>
template <class Make>
auto concurrent_buckets<Types>::make_cargo(std::uint64_t hash, key_type&& key, Make& make) -> cargo {
  if constexpr (in_words) {
    cargo made;
    make([&](auto&&... arguments) {
      alignas(mapped_type) unsigned char bytes[sizeof(mapped_type)];
      made = Types::pack(
          hash, key, *::new (static_cast<void*>(bytes)) mapped_type(std::forward<decltype(arguments)>(arguments)...));
    });
    return made;
  } else {
    node* const made = ::new (static_cast<void*>(take_memory<node>(1))) node();
    try {
      make([&](auto&&... arguments) {
        allocator_type allocator(allocator_);
        Types::allocator_traits::construct(allocator, std::addressof(made->element), std::piecewise_construct,
                                           std::forward_as_tuple(std::move(key)),
                                           std::forward_as_tuple(std::forward<decltype(arguments)>(arguments)...));
      });
    } catch (...) {
      give_memory(made, 1);
      throw;
    }
    return Types::pack(hash, made);
  }
}

template <class Types>
void concurrent_buckets<Types>::destroy_node(node* at) noexcept {
  allocator_type allocator(allocator_);
  Types::allocator_traits::destroy(allocator, std::addressof(at->element));
  give_memory(at, 1);
}

// Nodes that are in the map no more, until no lock is held: destructors of their elements may use the map. In words there
// are none.
template <class Types>
class concurrent_buckets<Types>::taken_out {
 public:
  explicit taken_out(concurrent_buckets& from) noexcept : from_(from), others_(allocator_of<node*>(from.allocator_)) {}
  ~taken_out() { destroy_all(); }
  taken_out(const taken_out&) = delete;
  taken_out& operator=(const taken_out&) = delete;

  // Of one bucket only hashes that do not spread take out more than there is room for here. If there is no memory for
  // those, they are destroyed at once.
  void add(node* at) noexcept {
    if constexpr (!in_words) {
      if (GAUNTLET_LIKELY(count_ < within)) {
        first_[count_++] = at;
        return;
      }
      try {
        others_.push_back(at);
      } catch (...) {
        from_.destroy_node(at);
      }
    }
  }
  void destroy_all() noexcept {
    if constexpr (!in_words) {
      const std::size_t count = std::exchange(count_, 0);
      for (std::size_t i = 0; i < count; ++i) from_.destroy_node(first_[i]);
      while (!others_.empty()) {
        node* const at = others_.back();
        others_.pop_back();
        from_.destroy_node(at);
      }
    }
  }

 private:
  static constexpr std::size_t within = in_words ? 1 : 32;
  concurrent_buckets& from_;
  std::size_t count_ = 0;
  node* first_[within];
  std::vector<node*, allocator_of<node*>> others_;
};

}  // namespace gauntlet::detail
