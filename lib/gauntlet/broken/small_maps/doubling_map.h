// doubling_map: readers take no lock; a table that has become too small moves to one twice as large, bucket by bucket.
//
// Words. A bucket has *moved* once all its elements are in the next table. A moved bucket is empty and stays empty.
//
// The idea: writers lock a bucket; readers follow its chain of nodes, which is never broken under them: a node enters at
// the front, an erased one keeps its `next`, and no node is freed before the map. Who moves a bucket holds its lock,
// copies its nodes, marks it as moved and empties it. So whoever looks into an old table is sent on by the mark.
//
// The hard cases, each a function of the policy: a reader that is in the middle of a chain, and a writer that waits for
// the lock, while the bucket moves. Both must look at the mark *after* they got what they came for. Unmarked then means
// unmarked all the time before.
//
// Promises: operations on one key are linearizable; the accesses that readers depend on are sequentially consistent, so
// that a reader sees what was done before it began. for_each is weak: bucket by bucket, while no table moves.
// Progress: find waits for nobody and goes round again only when a bucket has moved; everything else blocks.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <gauntlet/map/consistency.h>
#include <gauntlet/map/progress.h>

namespace gauntlet::broken {

struct doubling_map_policy {
  // Searches a bucket; true if what was found counts.
  template <class Search>
  static bool read(const std::atomic<bool>& moved, Search search) {
    search();
    return !moved.load();  // [unmoved] pairs with [moved]: the bucket was whole when it was searched
  }
  // Locks a bucket; owns the lock if the bucket is the one to change.
  static std::unique_lock<std::mutex> lock(std::mutex& lock_of_bucket, const std::atomic<bool>& moved) {
    std::unique_lock guard(lock_of_bucket);
    if (moved.load()) guard.unlock();  // [unmoved]
    return guard;
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Policy = doubling_map_policy>
class doubling_map {
 public:
  static constexpr operation_contracts contracts{.for_each = consistency::weak};
  static constexpr operation_progress progress{.find = progress_guarantee::lock_free};

  template <class Allocator>
  doubling_map(const Hash& hash, const KeyEqual&, const Allocator&) : hash_(hash) {
    tables_.push_back(std::make_unique<table>(2));
    newest_.store(tables_.back().get());
  }

  std::optional<T> find(const Key& key) const {
    std::optional<T> found;
    const std::size_t hash = hash_(key);
    const table* now = newest_.load();  // [newest] pairs with itself: the buckets of the table
    while (!Policy::read(now->of(hash).moved, [&] { found = value_in(now->of(hash), key); })) now = now->next.load();
    return found;
  }
  bool insert(const Key& key, const T& value) {
    return grown_after(change(key, [&](bucket& b) {
      if (node_in(b, key) != nullptr) return false;
      add_locked(b, key, value);
      return true;
    }));
  }
  bool insert_or_assign(const Key& key, const T& value) {
    return grown_after(change(key, [&](bucket& b) {
      node* const there = node_in(b, key);
      if (there == nullptr) {
        add_locked(b, key, value);
      } else {
        there->value.store(value);  // [value] pairs with [read]
      }
      return there == nullptr;
    }));
  }
  bool erase(const Key& key) {
    const bool erased = change(key, [&](bucket& b) {
      std::atomic<node*>* link = &b.first;
      for (node* n = link->load(); n != nullptr; link = &n->next, n = link->load()) {
        if (!KeyEqual()(n->key, key)) continue;
        link->store(n->next.load());  // [unlink] pairs with [follow]
        return true;
      }
      return false;
    });
    if (erased) count_.fetch_sub(1, std::memory_order_relaxed);  // [count] pairs with itself: a hint when to grow
    return erased;
  }
  template <class Visitor>
  void for_each(Visitor&& visitor) const {
    const std::lock_guard nothing_moves(growing_);
    for (const bucket& b : newest_.load()->buckets) {
      const std::lock_guard guard(b.lock);
      for (const node* n = b.first.load(); n != nullptr; n = n->next.load()) visitor(n->key, n->value.load());
    }
  }

 private:
  struct node {
    node(const Key& k, const T& v, node* n) : key(k), value(v), next(n) {}
    const Key key;
    std::atomic<T> value;
    std::atomic<node*> next;
  };
  struct bucket {
    mutable std::mutex lock;
    std::atomic<bool> moved{false};          // [moved], [unmoved]; set under lock
    std::atomic<node*> first{nullptr};       // [link], [unlink], [follow]; set under lock
    std::vector<std::unique_ptr<node>> all;  // guarded by lock: every node that ever was in the chain
  };
  struct table {
    explicit table(std::size_t size) : buckets(size) {}
    bucket& of(std::size_t hash) { return buckets[hash % buckets.size()]; }
    const bucket& of(std::size_t hash) const { return buckets[hash % buckets.size()]; }
    std::vector<bucket> buckets;
    std::atomic<table*> next{nullptr};  // [newest] set before any bucket moves
  };

  static node* node_in(const bucket& b, const Key& key) {
    node* n = b.first.load();  // [follow] pairs with [link] and [unlink]: the key of the node
    while (n != nullptr && !KeyEqual()(n->key, key)) n = n->next.load();
    return n;
  }
  static std::optional<T> value_in(const bucket& b, const Key& key) {
    const node* const n = node_in(b, key);
    return n != nullptr ? std::optional<T>(n->value.load()) : std::nullopt;  // [read] pairs with [value]
  }
  static void add_locked(bucket& b, const Key& key, const T& value) {
    b.all.push_back(std::make_unique<node>(key, value, b.first.load()));
    b.first.store(b.all.back().get());  // [link] pairs with [follow]
  }

  // Calls act(bucket) under the lock of the bucket where the key belongs now.
  template <class Act>
  bool change(const Key& key, Act act) {
    const std::size_t hash = hash_(key);
    for (table* now = newest_.load();; now = now->next.load()) {
      bucket& b = now->of(hash);
      const std::unique_lock<std::mutex> guard = Policy::lock(b.lock, b.moved);
      if (guard.owns_lock()) return act(b);
    }
  }

  bool grown_after(bool inserted) {
    // [count]
    if (inserted && count_.fetch_add(1, std::memory_order_relaxed) >= newest_.load()->buckets.size()) grow();
    return inserted;
  }

  void grow() {
    const std::lock_guard one_at_a_time(growing_);
    table& old = *newest_.load();
    if (count_.load(std::memory_order_relaxed) <= old.buckets.size()) return;  // [count]
    tables_.push_back(std::make_unique<table>(2 * old.buckets.size()));
    table& next = *tables_.back();
    old.next.store(&next);
    for (bucket& from : old.buckets) {
      const std::lock_guard guard(from.lock);
      for (const node* n = from.first.load(); n != nullptr; n = n->next.load()) {
        bucket& to = next.of(hash_(n->key));
        const std::lock_guard guard_of_next(to.lock);
        add_locked(to, n->key, n->value.load());
      }
      // [moved] pairs with [unmoved]: before the bucket is emptied, so who finds it empty finds the mark.
      from.moved.store(true);
      from.first.store(nullptr);  // [unlink]
    }
    newest_.store(&next);
  }

  Hash hash_;                                   // constant
  std::atomic<std::size_t> count_{0};           // [count]
  std::atomic<table*> newest_{nullptr};         // [newest]
  mutable std::mutex growing_;                  // taken before any bucket's lock
  std::vector<std::unique_ptr<table>> tables_;  // guarded by growing_
};

}  // namespace gauntlet::broken
