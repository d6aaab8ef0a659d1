// pooled_map: a map behind one mutex whose nodes are fetched before, and given back after, the mutex is held.
//
// The idea: getting memory must hold up nobody, so free nodes lie in a stack of their own (Treiber), which threads take
// from and give to without a lock. There are four; when all are in use, nodes come from the heap and go back there.
//
// The hard case is the stack. To take the first node a thread reads which node follows it, and then exchanges the first
// for the second if the first is still the same. It may be the same and yet not follow the same: others took two nodes
// and gave the first one back. So the head carries a tag that no two takings have in common; the exchange then fails.
//
// Promises: every operation is linearizable; what a node holds is read and written under the mutex only.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include <gauntlet/map/consistency.h>

namespace gauntlet::broken {

struct pooled_map_policy {
  // The tag of the head once a node has been taken.
  static std::uint32_t tag_after(std::uint32_t tag) { return tag + 1; }
};

template <class Key, class T, class KeyEqual, class Policy = pooled_map_policy>
class pooled_map {
 public:
  static constexpr operation_contracts contracts{};

  pooled_map() {
    for (std::uint32_t i = 0; i < pool_size; ++i) pool_[i].next.store(i + 1, std::memory_order_relaxed);  // [next]
  }
  ~pooled_map() {
    for (node* n : used_) {
      if (!is_of_pool(n)) delete n;
    }
  }
  pooled_map(const pooled_map&) = delete;
  pooled_map& operator=(const pooled_map&) = delete;

  bool insert(const Key& key, const T& value) { return put(key, value, false); }
  bool insert_or_assign(const Key& key, const T& value) { return put(key, value, true); }
  std::optional<T> find(const Key& key) const {
    const std::lock_guard guard(lock_);
    const std::size_t at = place_of_locked(key);
    return at < used_.size() ? std::optional<T>(used_[at]->value) : std::nullopt;
  }
  bool erase(const Key& key) {
    node* unused = nullptr;
    {
      const std::lock_guard guard(lock_);
      const std::size_t at = place_of_locked(key);
      if (at == used_.size()) return false;
      unused = used_[at];
      used_.erase(used_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    give_back(unused);
    return true;
  }
  std::size_t size() const {
    const std::lock_guard guard(lock_);
    return used_.size();
  }
  template <class Visitor>
  void for_each(Visitor&& visitor) const {
    const std::lock_guard guard(lock_);
    for (const node* n : used_) visitor(n->key, n->value);
  }

 private:
  struct node {
    std::atomic<std::uint32_t> next{0};  // the node below it in the stack
    Key key{};                           // guarded by lock_, as the value
    T value{};
  };
  static constexpr std::uint32_t pool_size = 4;  // also: no node

  static constexpr std::uint64_t head_of(std::uint32_t tag, std::uint32_t first) {
    return std::uint64_t{tag} << 32 | first;
  }
  bool is_of_pool(const node* n) const {
    const std::less<const node*> before;
    return !before(n, pool_.data()) && before(n, pool_.data() + pool_size);
  }

  bool put(const Key& key, const T& value, bool assign) {
    node* fresh = take();
    {
      const std::lock_guard guard(lock_);
      const std::size_t at = place_of_locked(key);
      if (at == used_.size()) {
        fresh->key = key;
        fresh->value = value;
        used_.push_back(fresh);
        return true;
      }
      if (assign) used_[at]->value = value;
    }
    give_back(fresh);
    return false;
  }

  node* take() {
    // [take] pairs with [give]: which node follows the first one becomes visible.
    std::uint64_t head = head_.load(std::memory_order_acquire);
    while (static_cast<std::uint32_t>(head) != pool_size) {
      node& first = pool_[static_cast<std::uint32_t>(head)];
      // [next] pairs with itself: may be the word of another time; then the head has another tag as well.
      const std::uint32_t next = first.next.load(std::memory_order_relaxed);
      const std::uint64_t rest = head_of(Policy::tag_after(static_cast<std::uint32_t>(head >> 32)), next);
      if (head_.compare_exchange_weak(head, rest, std::memory_order_acq_rel, std::memory_order_acquire)) return &first;
    }
    return new node();
  }

  void give_back(node* n) {
    if (!is_of_pool(n)) {
      delete n;
      return;
    }
    const auto index = static_cast<std::uint32_t>(n - pool_.data());
    std::uint64_t head = head_.load(std::memory_order_relaxed);  // [give] the exchange below decides
    std::uint64_t more = 0;
    do {
      n->next.store(static_cast<std::uint32_t>(head), std::memory_order_relaxed);  // [next]
      more = head_of(static_cast<std::uint32_t>(head >> 32), index);
      // [give] pairs with [take]: the node's `next`. The tag stays: only who takes can be mistaken.
    } while (!head_.compare_exchange_weak(head, more, std::memory_order_acq_rel, std::memory_order_relaxed));
  }

  std::size_t place_of_locked(const Key& key) const {
    std::size_t at = 0;
    while (at < used_.size() && !KeyEqual()(used_[at]->key, key)) ++at;
    return at;
  }

  std::array<node, pool_size> pool_;
  std::atomic<std::uint64_t> head_{0};  // tag and first free node: [take], [give]
  mutable std::mutex lock_;
  std::vector<node*> used_;  // guarded by lock_
};

}  // namespace gauntlet::broken
