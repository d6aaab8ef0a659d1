// gated_map: a lock for each bucket, and a gate that is closed while the table doubles.
//
// Words. A thread is *inside* between passing the gate and leaving it. Operations on one key pass the gate, many at
// once; what concerns the whole table *closes* it and waits until nobody is inside.
//
// The idea is a protocol of two flags (Dekker). Who passes says "I am inside" and then looks whether the gate is
// closed; who closes says "it is closed" and then looks whether somebody is inside. At least one of the two sees the
// other, provided that all four accesses have one order that everybody agrees on: sequential consistency. Who finds
// the gate closed goes back and waits for it. With less order both may look before either word is seen by the other,
// which is what a processor's store buffer does.
//
// Promises: every operation is linearizable. Elements are touched under their bucket's lock even while the gate is
// closed. Old tables are kept until the map goes, because who is about to pass may have seen one; memory doubles at most.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <gauntlet/broken/small_maps/elements.h>
#include <gauntlet/map/consistency.h>

namespace gauntlet::broken {

struct gated_map_policy {
  static constexpr std::memory_order say = std::memory_order_seq_cst;
  static constexpr std::memory_order count = std::memory_order_seq_cst;
  static constexpr std::memory_order look = std::memory_order_seq_cst;
};

template <class Key, class T, class Hash, class KeyEqual, class Policy = gated_map_policy>
class gated_map {
 public:
  static constexpr operation_contracts contracts{};

  template <class Allocator>
  gated_map(const Hash& hash, const KeyEqual&, const Allocator&) : hash_(hash) {
    tables_.push_back(std::make_unique<table>(2));
    table_.store(tables_.back().get());
  }

  bool insert(const Key& key, const T& value) {
    return grown_after(pass(key, [&](bucket& b) { return b.content.insert(key, value); }));
  }
  bool insert_or_assign(const Key& key, const T& value) {
    return grown_after(pass(key, [&](bucket& b) { return b.content.insert_or_assign(key, value); }));
  }
  bool erase(const Key& key) {
    const bool erased = pass(key, [&](bucket& b) { return b.content.erase(key); });
    if (erased) count_.fetch_sub(1, std::memory_order_relaxed);  // [count] pairs with itself: a hint when to grow
    return erased;
  }
  std::optional<T> find(const Key& key) const {
    return pass(key, [&](bucket& b) {
      const T* const value = b.content.find(key);
      return value != nullptr ? std::optional<T>(*value) : std::nullopt;
    });
  }
  std::size_t size() const {
    std::size_t sum = 0;
    const closing closed(*this);
    for (bucket& b : table_.load()->buckets) {
      const std::lock_guard guard(b.lock);
      sum += b.content.size();
    }
    return sum;
  }
  template <class Visitor>
  void for_each(Visitor&& visitor) const {
    const closing closed(*this);
    for (bucket& b : table_.load()->buckets) {
      const std::lock_guard guard(b.lock);
      for (const auto& [key, value] : b.content) visitor(key, value);
    }
  }

 private:
  struct bucket {
    std::mutex lock;
    elements<Key, T, KeyEqual> content;  // guarded by lock
  };
  struct table {
    explicit table(std::size_t size) : buckets(size) {}
    std::vector<bucket> buckets;
  };

  // Closes the gate and waits until nobody is inside; opens it at the end.
  class closing {
   public:
    explicit closing(const gated_map& map) : map_(map), alone_(map.whole_) {
      map_.closed_.store(true, Policy::say);  // [close] pairs with [closed]
      // [inside] pairs with [pass] and [leave]: what those inside did becomes visible.
      while (map_.inside_.load(Policy::look) != 0) std::this_thread::yield();
    }
    ~closing() { map_.closed_.store(false, Policy::say); }  // [close] what was done alone becomes visible to who passes
    closing(const closing&) = delete;
    closing& operator=(const closing&) = delete;

   private:
    const gated_map& map_;
    const std::lock_guard<std::mutex> alone_;
  };

  class being_inside {
   public:
    explicit being_inside(const gated_map& map) : map_(&map) {
      map.inside_.fetch_add(1, Policy::count);  // [pass] pairs with [inside]
    }
    ~being_inside() { leave(); }
    void leave() {
      if (map_ != nullptr) map_->inside_.fetch_sub(1, Policy::count);  // [leave] pairs with [inside]
      map_ = nullptr;
    }
    being_inside(const being_inside&) = delete;
    being_inside& operator=(const being_inside&) = delete;

   private:
    const gated_map* map_;
  };

  template <class Do>
  auto pass(const Key& key, Do act) const {
    for (;;) {
      being_inside here(*this);
      if (!closed_.load(Policy::look)) {  // [closed] pairs with [close]
        table& now = *table_.load();      // [table] pairs with itself: the buckets
        bucket& b = now.buckets[hash_(key) % now.buckets.size()];
        const std::lock_guard guard(b.lock);
        return act(b);
      }
      here.leave();
      const std::lock_guard wait_until_open(whole_);
    }
  }

  bool grown_after(bool inserted) {
    // [count]
    if (inserted && count_.fetch_add(1, std::memory_order_relaxed) >= table_.load()->buckets.size()) grow();
    return inserted;
  }

  void grow() {
    const closing closed(*this);
    table& old = *table_.load();
    if (count_.load(std::memory_order_relaxed) <= old.buckets.size()) return;  // [count]
    auto next = std::make_unique<table>(2 * old.buckets.size());
    for (bucket& from : old.buckets) {
      const std::lock_guard guard(from.lock);
      for (const auto& [key, value] : from.content) {
        bucket& to = next->buckets[hash_(key) % next->buckets.size()];
        const std::lock_guard nobody_waits(to.lock);
        to.content.add(key, value);
      }
      from.content.clear();
    }
    table_.store(next.get());  // [table]
    tables_.push_back(std::move(next));
  }

  Hash hash_;                                   // constant
  mutable std::atomic<unsigned> inside_{0};     // [pass], [leave], [inside]
  mutable std::atomic<bool> closed_{false};     // [close], [closed]
  std::atomic<std::size_t> count_{0};           // [count]
  std::atomic<table*> table_{nullptr};          // [table]
  mutable std::mutex whole_;                    // held while the gate is closed
  std::vector<std::unique_ptr<table>> tables_;  // guarded by whole_
};

}  // namespace gauntlet::broken
