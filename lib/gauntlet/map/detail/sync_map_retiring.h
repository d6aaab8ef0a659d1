// How a sync_map frees what it cannot reach any more. Included by sync_map.h alone.
//
// Three steps. What is unlinked is *retired*: boxes into a list that needs no lock, tables into one that does. A lot of both
// *waits* until the readers of its time are gone. Then it is *taken out* under the lock, so that who has the lock and no
// guard meets nothing that is being freed, and destroyed when the lock is free: destructors may use the map.
#pragma once

#include <gauntlet/map/sync_map.h>

namespace gauntlet {

#define GAUNTLET_MAP_TEMPLATE template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
#define GAUNTLET_MAP sync_map<Key, T, Hash, KeyEqual, Allocator, Policy>

// Boxes and entries that nobody can reach any more, linked through what they do not need now.
GAUNTLET_MAP_TEMPLATE
class GAUNTLET_MAP::taken_out {
 public:
  explicit taken_out(const sync_map& map) noexcept : map_(map) {}
  ~taken_out() {
    while (boxes_ != nullptr) {
      box* const old = boxes_;
      boxes_ = old->next;
      free_box(map_.allocator_, old);
    }
    while (entries_ != nullptr) {
      entry* const old = entries_;
      entries_ = static_cast<entry*>(old->next_taken_out());
      map_.free_entry(old);
    }
  }
  taken_out(const taken_out&) = delete;
  taken_out& operator=(const taken_out&) = delete;

  void add(box* old) noexcept {
    old->next = boxes_;
    boxes_ = old;
  }
  // With its box, if it has one.
  void add(entry* old) noexcept {
    if (box* const there = entry::box_of(old->load())) add(there);
    old->take_out(entries_);
    entries_ = old;
  }

 private:
  const sync_map& map_;
  box* boxes_ = nullptr;
  entry* entries_ = nullptr;
};

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::retire(box* old) const noexcept {
  old->next = retired_boxes_.load(std::memory_order_relaxed);
  // [retired box] pairs with [take boxes]: the link, and that the box has been unlinked.
  while (!retired_boxes_.compare_exchange_weak(old->next, old, std::memory_order_seq_cst)) {
  }
  retired_boxes_count_.fetch_add(1, std::memory_order_relaxed);
}

// The entries that die with the table: all of them with what they have, or those that were expunged in this phase.
GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::retire_locked(table* old, bool all_die) const {
  if (old == nullptr) return;
  old->retired = {.next = nullptr, .phase = phase_, .all_die = all_die};
  table** last = &retired_tables_;
  while (*last != nullptr) last = &(*last)->retired.next;
  *last = old;
}

// Takes out what can be freed, if there is much and nobody else has the lock, who might wait for it meanwhile.
GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::tidy(taken_out& gone) const {
  if (GAUNTLET_LIKELY(retired_boxes_count_.load(std::memory_order_relaxed) < Policy::retired_boxes_max)) return;
  if (lock_.try_lock()) {
    take_retired_locked(false, gone);
    lock_.unlock();
  }
}

// Takes out what waits, and lets what has been retired since wait, if it can: whether anybody reads is asked once, unless
// what is retired now is large and should go `at_once`.
GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::take_retired_locked(bool at_once, taken_out& gone) const {
  retired_boxes_count_.store(0, std::memory_order_relaxed);
  const auto nothing_waits = [this]() GAUNTLET_REQUIRES(lock_) {
    return waiting_boxes_ == nullptr && waiting_tables_ == nullptr;
  };
  const bool asked = !nothing_waits();
  if (asked && epochs::is_over(waiting_since_)) take_waiting_locked(gone);
  if (!nothing_waits()) return;
  // [take boxes] pairs with [retired box].
  waiting_boxes_ = retired_boxes_.exchange(nullptr, std::memory_order_seq_cst);
  waiting_tables_ = std::exchange(retired_tables_, nullptr);
  if (nothing_waits()) return;
  waiting_since_ = epochs::advance();
  if ((at_once || !asked) && epochs::is_over(waiting_since_)) take_waiting_locked(gone);
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::take_waiting_locked(taken_out& gone) const {
  while (waiting_tables_ != nullptr) {
    table* const old = waiting_tables_;
    waiting_tables_ = old->retired.next;
    take_entries_and_free_table_locked(old, gone);
  }
  while (waiting_boxes_ != nullptr) {
    box* const old = waiting_boxes_;
    waiting_boxes_ = old->next;
    gone.add(old);
  }
}

// Under the lock, one table after the other: it may lead to entries that a later table takes out.
GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::take_entries_and_free_table_locked(table* old, taken_out& gone) const noexcept {
  old->for_each([&](entry& e) {
    if (old->retired.all_die || e.load() == entry::expunged_in(old->retired.phase)) gone.add(&e);
  });
  table::free(allocator_, old);
}

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::~sync_map() {
  taken_out gone(*this);
  retire_locked(table_of(load_read()), dirty_ == nullptr);
  if (dirty_ != nullptr) retire_locked(dirty_, true);
  take_waiting_locked(gone);
  waiting_tables_ = retired_tables_;
  waiting_boxes_ = retired_boxes_.load(std::memory_order_relaxed);
  take_waiting_locked(gone);
}

#undef GAUNTLET_MAP
#undef GAUNTLET_MAP_TEMPLATE

}  // namespace gauntlet
