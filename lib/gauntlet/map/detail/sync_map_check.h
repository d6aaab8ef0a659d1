// The self-check of sync_map: what the two parts must agree about. Included by sync_map.h alone.
#pragma once

#include <gauntlet/map/sync_map.h>

namespace gauntlet {

#define GAUNTLET_MAP_TEMPLATE template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
#define GAUNTLET_MAP sync_map<Key, T, Hash, KeyEqual, Allocator, Policy>

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::self_check(std::ostream* dump) const {
  const inside here(this, "self_check");
  const locked guard(lock_);
  bool healthy = true;
  const auto expect = [&](bool holds, const char* what) {
    if (!holds && dump != nullptr && healthy) *dump << "sync_map: " << what << "\n";
    healthy = healthy && holds;
  };
  const read_word word_now = load_read();
  const table* const read = table_of(word_now);
  const table* const dirty = dirty_;
  const word expunged_now = entry::expunged_in(phase_);
  expect(is_amended(word_now) == (dirty != nullptr), "amended, but no dirty part, or the other way round");
  size_type in_read = 0;
  size_type shared = 0;
  if (read != nullptr) {
    read->for_each([&](const entry& e) {
      ++in_read;
      const word has = e.load();
      expect(find_in(read, hash_of(e.key), e.key) == &e, "the read part does not find an entry that it has");
      const entry* const same = find_in(dirty, hash_of(e.key), e.key);
      if (entry::is_expunged(has)) {
        expect(dirty != nullptr && has == expunged_now, "an entry is expunged in no dirty part of now");
        expect(same == nullptr, "an expunged entry's key is in the dirty part");
      } else if (dirty != nullptr) {
        expect(same == &e, "the dirty part lacks an entry of the read part");
        ++shared;
      }
    });
    expect(in_read == read->size(), "the read part's size is not the number of its entries");
  }
  if (dirty != nullptr) {
    size_type in_dirty = 0;
    dirty->for_each([&](const entry& e) {
      ++in_dirty;
      expect(!entry::is_expunged(e.load()), "an entry of the dirty part is expunged");
      expect(find_in(dirty, hash_of(e.key), e.key) == &e, "the dirty part does not find an entry that it has");
    });
    expect(in_dirty == dirty->size(), "the dirty part's size is not the number of its entries");
    expect(shared <= in_dirty, "the dirty part has fewer entries than the read part shares with it");
  }
  return healthy;
}

#undef GAUNTLET_MAP
#undef GAUNTLET_MAP_TEMPLATE

}  // namespace gauntlet
