// gauntlet::routed_map before the judge: two or three tiny shards, few points on the ring, two stripes, steps of one
// element, and shards that come and go, so that operations of a small program meet a resharding in all its phases.
//
// Which operation does what is decided by counting: the first write, and every third one after it, changes the shards if
// nothing is under way; a lookup does a step before its own work, and a write one after it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <gauntlet/adapters/concurrent.h>
#include <gauntlet/adapters/disturbed_lock.h>
#include <gauntlet/adapters/shared_mutex_map.h>
#include <gauntlet/map/routed_map.h>

namespace gauntlet::adapters {

struct tiny_routed_map_policy : routed_map_policy {
  template <class Key, class T, class Hash, class KeyEqual, class Allocator>
  using shard_map = shared_mutex_map<Key, T, Hash, KeyEqual, Allocator, tiny_shared_mutex_map_policy>;
  using lock_type = impatient_lock;
  using map_policy = tiny_policy;
  static constexpr std::size_t first_shards = 2;
  static constexpr std::size_t virtual_nodes = 2;
  static constexpr std::size_t stripes = 2;
  static constexpr std::size_t elements_per_write = 1;
  static constexpr unsigned steps_per_lookup = 1;  // of the adapter
  static constexpr bool checked = true;
  static std::uint64_t seed() noexcept { return 1; }
};

// Any thread: what routed_map has, and a resharding that goes on beside it.
template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
class restless_routed_map : public routed_map<Key, T, Hash, KeyEqual, Allocator, Policy> {
  using base = routed_map<Key, T, Hash, KeyEqual, Allocator, Policy>;

 public:
  using base::base;

  bool insert(Key key, T value) {
    before_a_write();
    return base::insert(std::move(key), std::move(value));
  }
  bool insert_or_assign(Key key, T value) {
    before_a_write();
    return base::insert_or_assign(std::move(key), std::move(value));
  }
  bool try_emplace(Key key, T value) {
    before_a_write();
    return base::try_emplace(std::move(key), std::move(value));
  }
  bool compare_exchange(const Key& key, const T& expected, T desired) {
    before_a_write();
    return base::compare_exchange(key, expected, std::move(desired));
  }
  bool update(const Key& key, auto&& visitor) {
    before_a_write();
    return base::update(key, visitor);
  }
  bool erase(const Key& key) {
    before_a_write();
    return base::erase(key);
  }
  std::optional<T> extract(const Key& key) {
    before_a_write();
    return base::extract(key);
  }
  std::optional<T> find(const Key& key) {
    before_a_lookup();
    return base::find(key);
  }
  bool contains(const Key& key) {
    before_a_lookup();
    return base::contains(key);
  }

 private:
  static constexpr unsigned writes_per_change = 3;

  void before_a_lookup() {
    for (unsigned i = 0; i < Policy::steps_per_lookup && this->router_.may_be_under_way(); ++i) this->migrate_some(1);
  }
  void before_a_write() {
    const unsigned number = writes_.fetch_add(1, std::memory_order_relaxed);  // [writes] pairs with nothing: a counter
    if (number % writes_per_change != 0 || this->router_.may_be_under_way()) return;
    switch (changes_.fetch_add(1, std::memory_order_relaxed) % 4) {  // [changes] pairs with nothing: a counter
      case 0:
        this->add_shard(2, 300);
        break;
      case 1:
        this->remove_shard(0);
        break;
      case 2: {
        auto target = this->ring();
        target.add(0, 200);
        target.set_weight(2, 100);
        this->reshard(target);
        break;
      }
      default:
        this->remove_shard(2);
        break;
    }
  }

  std::atomic<unsigned> writes_{0};
  std::atomic<unsigned> changes_{0};
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct tiny_routed_map
    : concurrent_map<restless_routed_map<Key, T, Hash, KeyEqual, Allocator, tiny_routed_map_policy>> {
  static constexpr std::string_view name = "routed_map";
};

}  // namespace gauntlet::adapters
