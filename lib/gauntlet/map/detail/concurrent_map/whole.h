// What needs the map for itself alone: exchanging and merging whole maps, building one anew, the end.
#pragma once

#include <utility>

#include <gauntlet/map/detail/concurrent_map/buckets.h>

namespace gauntlet::detail {

// No other thread is in either map, so no lock is taken; who hands a map from thread to thread orders these stores.
template <class Types>
void concurrent_buckets<Types>::swap(concurrent_buckets& other) noexcept GAUNTLET_UNCHECKED_LOCKING {
  using std::swap;
  directory* const mine = directory_.load(relaxed);
  directory_.store(other.directory_.load(relaxed), relaxed);
  other.directory_.store(mine, relaxed);
  swap(hash_, other.hash_);
  swap(equal_, other.equal_);
  swap(seed_, other.seed_);
  swap(all_tables_, other.all_tables_);
  swap(spare_tables_, other.spare_tables_);
  swap(spare_cells_, other.spare_cells_);
  swap(all_cells_, other.all_cells_);
  swap(tables_in_use_, other.tables_in_use_);
  swap(splits_, other.splits_);
  swap(merges_, other.merges_);
  const std::size_t size = count_.sum();
  count_.set(other.count_.sum());
  other.count_.set(size);
}

template <class Types>
void concurrent_buckets<Types>::swap_allocators(concurrent_buckets& other) noexcept {
  using std::swap;
  swap(allocator_, other.allocator_);
}

template <class Types>
template <class Refuses>
bool concurrent_buckets<Types>::insert_cargo(std::uint64_t hash, const cargo& of, Refuses&& refuses) {
  if (protocol::follow(directory_) == nullptr) make_first_table(1);
  bool even_allocated = false;
  for (;;) {
    {
      held home = lock_home(hash);
      if (refuses(home)) return false;
      const place room = find_room(*home.in, home.index, [&] { return claim(*home.in, even_allocated); });
      if (room) {
        home.changed = true;
        fill(*home.in, home.index, hash, of, room);
        count_.add(1);
        return true;
      }
    }
    even_allocated = !split(hash);
  }
}

// Takes over an element of another map unless its key is here; whoever calls it removes the element there if it was taken.
// A node of another allocator's is made anew. Everything that can fail comes before anything is moved out of the old one:
// the place, the memory, a copy of the key if the value's way over may throw. (A key that cannot be copied is lost with
// its value if that way is a move that throws: there is no way back.)
template <class Types>
bool concurrent_buckets<Types>::adopt(const cargo& of, concurrent_buckets& from) {
  if constexpr (in_words) {
    const key_type key = Types::key_of(of);
    const std::uint64_t h = hash(key);
    return insert_cargo(h, Types::pack(h, key, Types::value_of(of)),
                        [&](const held& home) { return static_cast<bool>(seek(home, h, key)); });
  } else {
    value_type& element = Types::element_of(of);
    if (allocator_ == from.allocator_) {
      const std::uint64_t h = hash(element.first);
      return insert_cargo(h, Types::pack(h, Types::node_of(of)),
                          [&](const held& home) { return static_cast<bool>(seek(home, h, element.first)); });
    }
    if (contains(element.first)) return false;
    auto& key = const_cast<key_type&>(element.first);
    auto make = [&element](auto&& construct) { construct(std::move_if_noexcept(element.second)); };
    const auto stays = [](mapped_type&) { return false; };
    if constexpr (Types::moves_whole || !std::is_copy_constructible_v<key_type>) {
      emplace_or(std::move(key), make, stays);
    } else {
      emplace_or(key_type(std::as_const(key)), make, stays);
    }
    from.destroy_node(Types::node_of(of));
    return true;
  }
}

template <class Types>
void concurrent_buckets<Types>::merge(concurrent_buckets& other) {
  other.remove_where([&](const cargo& c) { return adopt(c, other); }, [] {});
}

// Copies cargo, not elements; should memory run out on the way, the map is still what it was.
template <class Types>
void concurrent_buckets<Types>::rebuild() GAUNTLET_UNCHECKED_LOCKING {
  concurrent_buckets anew(hash_, equal_, allocator_);
  anew.seed_ = seed_;
  try {
    for (const table* t = all_tables_; t != nullptr; t = t->next_of_all) {
      for (unsigned number = 0; number < bucket_count; ++number) {
        show_all(*t, number, [&](const cargo& c, const cell*) {
          return anew.insert_cargo(hash_of(c), c, [](const held&) { return false; });
        });
      }
    }
  } catch (...) {
    anew.forget_elements();
    throw;
  }
  forget_elements();
  anew.splits_ = splits_;  // so far: those that made the new tables do not count
  anew.merges_ = merges_;
  swap(anew);
}

template <class Types>
void concurrent_buckets<Types>::forget_elements() noexcept GAUNTLET_UNCHECKED_LOCKING {
  for (table* t = all_tables_; t != nullptr; t = t->next_of_all) {
    for (unsigned number = 0; number < bucket_count; ++number) {
      t->buckets[number].tags().store(0, relaxed);
      t->heads[number].store(nullptr, relaxed);
    }
  }
}

template <class Types>
void concurrent_buckets<Types>::destroy_everything() noexcept GAUNTLET_UNCHECKED_LOCKING {
  // First all nodes, then all tables: a cell of one table's stash may be in a chain of another one.
  if constexpr (!in_words) {
    for (table* t = all_tables_; t != nullptr; t = t->next_of_all) {
      for (unsigned number = 0; number < bucket_count; ++number) {
        show_all(*t, number, [&](const cargo& c, const cell*) {
          destroy_node(Types::node_of(c));
          return true;
        });
      }
    }
  }
  while (table* const t = all_tables_) {
    all_tables_ = t->next_of_all;
    give_memory(t, 1);
  }
  while (allocated_cell* const c = all_cells_) {
    all_cells_ = c->next;
    give_memory(c, 1);
  }
  while (directory* const d = directory_.load(relaxed)) {
    directory_.store(d->older, relaxed);
    free_directory(d);
  }
}

}  // namespace gauntlet::detail
