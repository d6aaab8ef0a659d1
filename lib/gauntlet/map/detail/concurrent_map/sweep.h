// The whole map, bucket by bucket, while it is used, split and merged.
//
// A sweep goes through the hashes in order of the tables: for a stretch of hashes that one table covered when the sweep got
// there, through its buckets 0, 1, 2 ... For each bucket number it walks through the stretch again, since the table may
// have been split or merged meanwhile: it looks at bucket i of the table that covers hash q now, at one moment, learns from
// the version of that bucket how far the table reaches, and goes on behind that. What lies outside of the stretch is
// left out. A split moves elements between buckets of one number, and each (hash, bucket number) is looked at once: an
// element that is there throughout is met exactly once, and no key is met twice.
#pragma once

#include <algorithm>
#include <exception>

#include <gauntlet/map/detail/concurrent_map/buckets.h>

namespace gauntlet::detail {

// Calls at_bucket(q, last, number, end): look at elements of bucket `number` with hashes from q to last, in the table that
// covers q, and set `end` to the last hash that it covers. False: stop. Requires a directory.
template <class Types>
template <class AtBucket>
bool concurrent_buckets<Types>::sweep(std::uint64_t first, std::uint64_t last, AtBucket&& at_bucket) const {
  for (std::uint64_t from = first;;) {
    const std::uint64_t to = std::min(last_hash_of_table(from), last);
    for (unsigned number = 0; number < bucket_count; ++number) {
      for (std::uint64_t q = from;;) {
        std::uint64_t end = 0;
        if (!at_bucket(q, to, number, end)) return false;
        if (end >= to) break;
        q = end + 1;
      }
    }
    if (to == last) return true;
    from = to + 1;
  }
}

template <class Types>
std::uint64_t concurrent_buckets<Types>::last_hash_of_table(std::uint64_t hash) const {
  for (waiting wait;; wait.pause()) {
    const directory* const d = protocol::follow(directory_);
    const table* const t = protocol::follow(d->entry(hash));
    const std::uint64_t version = protocol::first_look(t->buckets[0].version());
    if (!versions::locked(version) &&
        (protocol::moved_on(directory_, d) | protocol::moved_on(d->entry(hash), t)) == 0) {
      return last_hash(hash, version);
    }
  }
}

// show(cargo, cell or null) for every element of a bucket, until it says no.
template <class Types>
template <class Show>
bool concurrent_buckets<Types>::show_all(const table& t, unsigned number, Show&& show) {
  const auto show_group = [&show](const auto& group, unsigned slots, const cell* in) {
    const std::uint64_t tag_word = protocol::get(group.tags());
    for (unsigned i = 0; i < slots; ++i) {
      if (tags::is_taken(tag_word, i) && !show(group.slots[i].get(), in)) return false;
    }
    return true;
  };
  if (!show_group(t.buckets[number], slot_count, nullptr)) return false;
  for (const cell* c = protocol::follow(t.heads[number]); c != nullptr; c = protocol::follow(c->next)) {
    if (!show_group(*c, slots_per_cell, c)) return false;
  }
  return true;
}

// The contents of one moment, without a lock unless others change the bucket again and again; returns the last hash that
// the table covers.
template <class Types>
std::uint64_t concurrent_buckets<Types>::copy_bucket(std::uint64_t hash, unsigned number, cargo_list& out) const {
  for (waiting wait; wait.tries() < policy::looks_max; wait.pause()) {
    out.clear();
    const directory* const d = protocol::follow(directory_);
    const table* const t = protocol::follow(d->entry(hash));
    const bucket& b = t->buckets[number];
    const std::uint64_t version = protocol::first_look(b.version());
    if (versions::locked(version)) continue;
    // One look that saw the bucket locked is enough: it may be unlocked as what it was.
    const bool whole = show_all(*t, number, [&](const cargo& c, const cell*) {
      out.push_back(c);
      return protocol::last_look(b.version(), version) == 0;
    });
    const std::uint64_t moved = protocol::moved_on(directory_, d) | protocol::moved_on(d->entry(hash), t);
    if (whole && (moved | protocol::last_look(b.version(), version)) == 0) {
      return last_hash(hash, version);
    }
  }
  out.clear();
  const held home = lock_bucket_of(hash, number);
  show_all(*home.in, number, [&out](const cargo& c, const cell*) {
    out.push_back(c);
    return true;
  });
  return last_hash(hash, home.version());
}

// In words: on copies, with nothing locked. In nodes: under the bucket's lock.
template <class Types>
template <class Visit>
bool concurrent_buckets<Types>::for_each(std::uint64_t first, std::uint64_t last, Visit&& visit) const {
  if (protocol::follow_first(directory_) == nullptr) return true;
  cargo_list copies{allocator_of<cargo>(allocator_)};
  return sweep(first, last, [&](std::uint64_t q, std::uint64_t to, unsigned number, std::uint64_t& end) {
    if constexpr (in_words) {
      end = copy_bucket(q, number, copies);
      for (const cargo& c : copies) {
        const std::uint64_t h = hash_of(c);
        if (h >= q && h <= to && !visit(Types::key_of(c), Types::value_of(c))) return false;
      }
      return true;
    } else {
      const held home = lock_bucket_of(q, number);
      end = last_hash(q, home.version());
      return show_all(*home.in, number, [&](const cargo& c, const cell*) {
        const std::uint64_t h = hash_of(c);
        const value_type& element = Types::element_of(c);
        return h < q || h > to || visit(element.first, std::as_const(element.second));
      });
    }
  });
}

// Removes every element for which removed(cargo) says so, which is asked once each, under the lock, and has then disposed
// of the element. Where it throws, that element and the rest stay. Calls after_bucket() with nothing locked after each
// bucket that has lost an element. Returns how many.
template <class Types>
template <class Removed, class AfterBucket>
std::size_t concurrent_buckets<Types>::remove_where(Removed&& removed, AfterBucket&& after_bucket) {
  if (protocol::follow_first(directory_) == nullptr) return 0;
  std::size_t all = 0;
  sweep(0, ~std::uint64_t{0}, [&](std::uint64_t q, std::uint64_t to, unsigned number, std::uint64_t& end) {
    std::size_t gone = 0;
    std::exception_ptr thrown;  // what is left of the bucket stays, unasked
    const table* in = nullptr;
    std::uint64_t version = 0;
    bool empty = false;
    {
      kept_cells kept(*this);
      held home = lock_bucket_of(q, number);
      end = last_hash(q, home.version());
      home.changed = true;
      sort_out(*home.in, number, kept, [&](std::uint64_t h, const cargo& c) {
        if (thrown || h < q || h > to) return false;
        try {
          if (!removed(c)) return false;
        } catch (...) {
          thrown = std::current_exception();
          return false;
        }
        ++gone;
        return true;
      });
      in = home.in;
      version = home.version();
      empty = tags::taken(home.home().tags().load(relaxed)) == 0;
    }
    if (gone != 0) {
      all += gone;
      count_.add(-static_cast<std::int64_t>(gone));
      element_erased(in, q, version, empty);
      after_bucket();
    }
    if (thrown) std::rethrow_exception(thrown);
    return true;
  });
  return all;
}

template <class Types>
template <class Chosen, class GoneFromBucket>
std::size_t concurrent_buckets<Types>::erase_if(Chosen&& chosen, GoneFromBucket&& gone_from_bucket) {
  taken_out gone(*this);
  return remove_where(
      [&](const cargo& c) {
        if constexpr (in_words) {
          const key_type key = Types::key_of(c);
          const mapped_type value = Types::value_of(c);
          return static_cast<bool>(chosen(key, value));
        } else {
          value_type& element = Types::element_of(c);
          if (!chosen(element.first, std::as_const(element.second))) return false;
          gone.add(Types::node_of(c));
          return true;
        }
      },
      [&] { gone_from_bucket(gone); });
}

template <class Types>
std::size_t concurrent_buckets<Types>::count(std::size_t enough) const {
  if (protocol::follow_first(directory_) == nullptr) return 0;
  std::size_t sum = 0;
  cargo_list copies{allocator_of<cargo>(allocator_)};
  sweep(0, ~std::uint64_t{0}, [&](std::uint64_t q, std::uint64_t to, unsigned number, std::uint64_t& end) {
    end = copy_bucket(q, number, copies);
    for (const cargo& c : copies) {
      const std::uint64_t h = hash_of(c);
      sum += h >= q && h <= to ? 1 : 0;
    }
    return sum < enough;
  });
  return std::min(sum, enough);
}

template <class Types>
std::size_t concurrent_buckets<Types>::directory_entries() const {
  const directory* const d = protocol::follow_first(directory_);
  return d != nullptr ? d->entries() : 0;
}

}  // namespace gauntlet::detail
