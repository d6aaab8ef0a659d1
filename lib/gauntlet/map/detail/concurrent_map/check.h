// Recounting everything that must hold while nobody changes the map, and the numbers that stats() shows.
#pragma once

#include <ostream>
#include <vector>

#include <gauntlet/map/detail/concurrent_map/buckets.h>

namespace gauntlet::detail {

template <class Types>
class concurrent_buckets<Types>::checker {
 public:
  checker(const concurrent_buckets& map, std::ostream* dump) : map_(map), dump_(dump) {}

  bool run() GAUNTLET_UNCHECKED_LOCKING {
    const exclusive_guard<mutex> guard(map_.growth_);
    directory_leads_to_tables();
    spare_tables_are_locked_and_empty();
    every_cell_is_in_one_place();
    expect(map_.count_.sum(), elements_, "the count of elements");
    return healthy_;
  }

 private:
  template <class Number>
  void expect(Number found, Number recounted, const char* what) {
    if (found == recounted) return;
    healthy_ = false;
    if (dump_ != nullptr) {
      *dump_ << "concurrent_map: " << what << " is " << found << ", recounted " << recounted << where_ << "\n";
    }
  }
  void expect(bool holds, const char* what) {
    if (holds) return;
    healthy_ = false;
    if (dump_ != nullptr) *dump_ << "concurrent_map: " << what << where_ << "\n";
  }

  void directory_leads_to_tables() GAUNTLET_UNCHECKED_LOCKING {
    const directory* const d = map_.directory_.load(relaxed);
    std::size_t tables = 0;
    for (std::size_t i = 0; d != nullptr && i < d->entries();) {
      const table* const t = d->first()[i].load(relaxed);
      const unsigned depth_of_directory = 64 - d->shift;
      expect(t != nullptr && t->depth <= depth_of_directory, "a directory entry leads to a table of its depth");
      if (!healthy_) return;
      const std::size_t span = std::size_t{1} << (depth_of_directory - t->depth);
      expect(i % span == 0, "a table's directory entries begin where its hashes do");
      for (std::size_t j = i; j < i + span && j < d->entries(); ++j) {
        expect(d->first()[j].load(relaxed) == t, "all of a table's directory entries lead to it");
      }
      check_table(*t, static_cast<std::uint64_t>(i) << d->shift);
      ++tables;
      i += span;
    }
    expect(map_.tables_in_use_, tables, "the number of tables in use");
  }

  void check_table(const table& t, std::uint64_t first_hash) {
    expect(!t.busy, "a table is being split or merged while nobody uses the map");
    for (unsigned number = 0; number < bucket_count; ++number) {
      where_ = " (bucket " + std::to_string(number) + " of the table from hash " + std::to_string(first_hash) + ")";
      const bucket& b = t.buckets[number];
      const std::uint64_t version = b.version().load(relaxed);
      expect(!versions::locked(version), "a bucket in use is locked");
      expect(versions::depth(version), t.depth, "the depth in a bucket's version");
      std::uint64_t filter = 0;
      std::vector<cargo> seen;
      show_all(t, number, [&](const cargo& c, const cell* in) {
        check_element(c, number, first_hash, t.depth);
        if (in != nullptr) filter |= tags::filter(map_.hash_of(c));
        for (const cargo& other : seen) expect(!same_key(c, other), "one key has two elements");
        seen.push_back(c);
        return true;
      });
      check_tags(b, slot_count);
      expect(b.tags().load(relaxed) & tags::filter_bits, filter, "the overflow filter");
      for (const cell* c = t.heads[number].load(relaxed); c != nullptr; c = c->next.load(relaxed)) {
        check_tags(*c, slots_per_cell);
        expect(tags::taken(c->tags().load(relaxed)) != 0, "an empty cell is in a chain");
        expect(tags::free(b.tags().load(relaxed), slot_count) == 0, "a bucket with a chain has a free slot");
        c->owner != nullptr ? ++cells_of_stashes_ : ++cells_allocated_;
      }
      elements_ += seen.size();
    }
    where_.clear();
  }

  void check_element(const cargo& c, unsigned number, std::uint64_t first_hash, unsigned depth) {
    const std::uint64_t h = map_.hash_of(c);
    expect(index(h), number, "the bucket that an element belongs to");
    expect(depth == 0 || (h ^ first_hash) >> (64 - depth) == 0, "an element is in another hash's table");
    if constexpr (Types::keeps_hash) {
      if constexpr (in_words) {
        expect(h, map_.hash(Types::key_of(c)), "the hash kept with an element");
      } else {
        expect(h, map_.hash(Types::element_of(c).first), "the hash kept with an element");
      }
    }
  }
  bool same_key(const cargo& a, const cargo& b) const {
    if constexpr (in_words) {
      return map_.equal_(Types::key_of(a), Types::key_of(b));
    } else {
      return map_.equal_(std::as_const(Types::element_of(a).first), std::as_const(Types::element_of(b).first));
    }
  }
  template <class Group>
  void check_tags(const Group& group, unsigned slots) {
    const std::uint64_t tag_word = group.tags().load(relaxed);
    for (unsigned i = 0; i < tags::header; ++i) {
      if (!tags::is_taken(tag_word, i)) {
        expect((tag_word >> (8 * i) & 0xff) == 0, "a free slot has a tag");
        continue;
      }
      expect(i < slots, "a slot that does not exist has a tag");
      if (i >= slots) continue;
      expect(tags::with(tag_word, i, map_.hash_of(group.slots[i].get())), tag_word, "the tag of an element");
    }
  }

  void spare_tables_are_locked_and_empty() GAUNTLET_UNCHECKED_LOCKING {
    std::size_t all = 0, spare = 0;
    for (const table* t = map_.all_tables_; t != nullptr; t = t->next_of_all) {
      ++all;
      free_cells_of_stashes_ += static_cast<std::size_t>(std::popcount(t->free_cells.load(relaxed)));
    }
    for (const table* t = map_.spare_tables_; t != nullptr; t = t->next_spare) {
      ++spare;
      for (unsigned number = 0; number < bucket_count; ++number) {
        expect(versions::locked(t->buckets[number].version().load(relaxed)), "a bucket of a spare table is unlocked");
        expect(t->buckets[number].tags().load(relaxed) == 0 && t->heads[number].load(relaxed) == nullptr,
               "a spare table is not empty");
      }
    }
    expect(map_.tables_in_use_ + spare, all, "the number of tables");
    tables_ = all;
  }

  void every_cell_is_in_one_place() GAUNTLET_UNCHECKED_LOCKING {
    expect(cells_of_stashes_ + free_cells_of_stashes_, tables_ * cell_count, "the number of cells in tables");
    std::size_t all = 0;
    for (const auto* c = map_.all_cells_; c != nullptr; c = c->next) ++all;
    for (const cell* c = map_.spare_cells_; c != nullptr; c = c->next.load(relaxed)) ++cells_allocated_;
    expect(cells_allocated_, all, "the number of cells allocated");
  }

  const concurrent_buckets& map_;
  std::ostream* const dump_;
  std::string where_;
  bool healthy_ = true;
  std::size_t elements_ = 0, tables_ = 0;
  std::size_t cells_of_stashes_ = 0, free_cells_of_stashes_ = 0, cells_allocated_ = 0;
};

template <class Types>
bool concurrent_buckets<Types>::self_check(std::ostream* dump) const {
  return checker(*this, dump).run();
}

template <class Types>
concurrent_map_stats concurrent_buckets<Types>::stats() const {
  concurrent_map_stats all;
  all.size = approximate_size();
  const exclusive_guard<mutex> guard(growth_);
  all.tables = tables_in_use_;
  all.splits = splits_;
  all.merges = merges_;
  std::size_t tables = 0;
  for (const table* t = all_tables_; t != nullptr; t = t->next_of_all) ++tables;
  all.spare_tables = tables - tables_in_use_;
  all.bytes = tables * sizeof(table);
  for (const directory* d = directory_.load(relaxed); d != nullptr; d = d->older) {
    if (all.directory_entries == 0) {
      all.directory_entries = d->entries();
    } else {
      ++all.directories_outgrown;
    }
    all.bytes += units_of(d->entries()) * sizeof(directory);
  }
  for (const allocated_cell* c = all_cells_; c != nullptr; c = c->next) {
    ++all.cells_allocated;
    all.bytes += sizeof(allocated_cell);
  }
  return all;
}

}  // namespace gauntlet::detail
