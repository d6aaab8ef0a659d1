// The inside of rcu_map: entries and their memory, the shards they lie in, and what a writer does in a shard whose lock
// it holds. rcu_map.h tells the whole; there are the operations, each of them a few of these steps.
//
// Who may touch what: an entry that is published is constant, but for two pointers. `next` belongs to the list, is
// written under the shard's lock and followed by anybody; `next_retired` belongs to the shard's retire_list. Readers
// use `lookup` and the list, and only under a guard of the domain; everything that ends in _locked wants the shard's
// lock.
//
// The hard case is a writer for whose retired entry there is no room, because readers stay. It must not wait with the
// lock held: a reader whose visitor writes to the same shard would wait for it, and it for the reader. And while it
// waits it must leave the lock alone, or several such writers keep each other busy.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <thread>
#include <type_traits>
#include <utility>

#include <gauntlet/map/detail/annotations.h>
#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/epoch_domain.h>
#include <gauntlet/map/detail/map_types.h>
#include <gauntlet/map/detail/mutex.h>
#include <gauntlet/map/detail/retire_list.h>
#include <gauntlet/map/detail/split_list.h>
#include <gauntlet/map/hash.h>

namespace gauntlet {

// What a map knows of a reader that keeps memory from being freed.
struct stalled_reader {
  unsigned slot = 0;            // the thread's number among those that read (detail/thread_slot.h)
  std::uint64_t epochs = 0;     // that have ended since it began
  std::size_t unreclaimed = 0;  // entries of one shard that wait for it
};

namespace detail {

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
class rcu_core {
  static_assert(std::has_single_bit(Policy::shard_count), "rcu_map: Policy::shard_count must be a power of two");
  static_assert(Policy::retire_batch >= 1 && Policy::unreclaimed_max >= 2 * Policy::retire_batch,
                "rcu_map: two batches must fit into Policy::unreclaimed_max");

 protected:
  using value_type = std::pair<const Key, T>;
  using size_type = std::size_t;
  using lock_type = typename Policy::lock_type;
  using locked = exclusive_guard<lock_type>;
  using adopted = adopting_guard<lock_type>;
  using domain_type = typename Policy::epoch_domain;
  using reading_guard = typename domain_type::guard;
  using list_type = split_list<Allocator, Policy::first_level>;

  static constexpr std::size_t cache_line = 64;
  static constexpr std::size_t shard_count = Policy::shard_count;
  static constexpr int shard_bits = std::bit_width(shard_count) - 1;

  // What is in it is constant from its publication on, but for the list's pointer and the one by which it is retired.
  struct entry : list_node {
    entry() noexcept {}
    ~entry() {}
    entry* next_retired = nullptr;  // guarded by the shard's lock
    union {
      value_type element;
    };
  };

  struct alignas(cache_line) shard {
    mutable lock_type lock;
    size_type size GAUNTLET_GUARDED_BY(lock) = 0;
    std::uint64_t waits GAUNTLET_GUARDED_BY(lock) = 0;
    retire_list<entry, domain_type> retired GAUNTLET_GUARDED_BY(lock);
    list_type list;  // read by anybody; its _locked functions are called under the lock
  };

  // A new entry, until it is published.
  class unpublished {
   public:
    explicit unpublished(const rcu_core& map) : map_(map), entry_(map.allocate_entry()) {}
    template <class... Arguments>
    unpublished(const rcu_core& map, std::uint64_t hash, Arguments&&... arguments) : unpublished(map) {
      construct(hash, std::forward<Arguments>(arguments)...);
    }
    ~unpublished() {
      if (entry_ == nullptr) return;
      if (constructed_) map_.destroy_element(*entry_);
      map_.deallocate_entry(entry_);
    }
    unpublished(const unpublished&) = delete;
    unpublished& operator=(const unpublished&) = delete;

    template <class... Arguments>
    void construct(std::uint64_t hash, Arguments&&... arguments) {
      Allocator allocator(map_.allocator_);
      std::allocator_traits<Allocator>::construct(allocator, std::addressof(entry_->element),
                                                  std::forward<Arguments>(arguments)...);
      entry_->order = order_of(hash);
      constructed_ = true;
    }
    value_type& element() noexcept { return entry_->element; }
    entry* release() noexcept { return std::exchange(entry_, nullptr); }

   private:
    const rcu_core& map_;
    entry* entry_;
    bool constructed_ = false;
  };

  // Where a key is in its list: the node before the entry, if it has one, and the node before the first of that order.
  struct place {
    list_node* before_order;
    list_node* before_entry;  // null: the key is not there
  };

  using entry_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<entry>;
  static_assert(std::is_same_v<typename std::allocator_traits<entry_allocator>::pointer, entry*>,
                "rcu_map: the allocator's pointer type must be a plain pointer");
  entry* allocate_entry() const {
    entry_allocator rebound(allocator_);
    return ::new (static_cast<void*>(std::allocator_traits<entry_allocator>::allocate(rebound, 1))) entry();
  }
  void deallocate_entry(entry* at) const noexcept {
    entry_allocator rebound(allocator_);
    at->~entry();
    std::allocator_traits<entry_allocator>::deallocate(rebound, at, 1);
  }
  void destroy_element(entry& at) const noexcept {
    Allocator allocator(allocator_);
    std::allocator_traits<Allocator>::destroy(allocator, std::addressof(at.element));
  }
  auto disposer() const noexcept {
    return [this](entry* at) noexcept {
      destroy_element(*at);
      deallocate_entry(at);
    };
  }

  // The highest bits of a hash say which shard, the others where in its list.
  template <class K>
  GAUNTLET_ALWAYS_INLINE std::uint64_t hash_of(const K& key) const {
    if constexpr (avalanching<Hash>) {
      return static_cast<std::uint64_t>(hash_(key));
    } else {
      return seeded_hash(hash_, key, seed_);
    }
  }
  static constexpr std::size_t number_of(std::uint64_t hash) noexcept {
    return shard_bits == 0 ? 0 : static_cast<std::size_t>(hash >> (64 - shard_bits) % 64);
  }
  static constexpr std::uint64_t order_of(std::uint64_t hash) noexcept { return order_of_entry(hash << shard_bits); }
  shard& shard_of(std::uint64_t hash) { return shards_[number_of(hash)]; }
  const shard& shard_of(std::uint64_t hash) const { return shards_[number_of(hash)]; }
  static const entry& as_entry(const list_node* at) noexcept { return static_cast<const entry&>(*at); }

  // Requires: the calling thread reads.
  template <class K>
  const entry* lookup(const K& key, std::uint64_t hash) const;
  // The same as a reading operation of its own.
  template <class K>
  bool is_there(const K& key, std::uint64_t hash) const {
    const reading_guard reading_now(domain_);
    return lookup(key, hash) != nullptr;
  }
  template <class K>
  place place_locked(shard& home, const K& key, std::uint64_t hash) const GAUNTLET_REQUIRES(home.lock);

  // Takes the shard's lock when there is room for one more retired entry. Counts a wait where there is none.
  void lock_with_room(shard& home) GAUNTLET_ACQUIRE(home.lock);
  bool has_room_locked(shard& home) GAUNTLET_REQUIRES(home.lock);
  // The same, unless give_up() says so: it is asked each time that the lock is not to be had or there is no room.
  template <class GiveUp>
  bool lock_with_room_unless(shard& home, GiveUp& give_up) GAUNTLET_TRY_ACQUIRE(true, home.lock);

  void insert_locked(shard& home, const place& at, unpublished& fresh) GAUNTLET_REQUIRES(home.lock);
  void replace_locked(shard& home, const place& at, unpublished& fresh) GAUNTLET_REQUIRES(home.lock);
  entry* unlink_locked(shard& home, list_node* before) GAUNTLET_REQUIRES(home.lock);
  void retire_locked(shard& home, entry* unlinked) GAUNTLET_REQUIRES(home.lock);
  bool insert_or_assign_locked(shard& home, std::uint64_t hash, unpublished& fresh) GAUNTLET_REQUIRES(home.lock);
  template <class K>
  bool erase_locked(shard& home, const K& key, std::uint64_t hash) GAUNTLET_REQUIRES(home.lock);

  rcu_core(const Hash& hash, const KeyEqual& equal, const Allocator& allocator)
      : hash_(hash), equal_(equal), allocator_(allocator), seed_(Policy::seed()) {}
  ~rcu_core();
  rcu_core(const rcu_core&) = delete;
  rcu_core& operator=(const rcu_core&) = delete;

  [[no_unique_address]] Hash hash_;            // constant after construction
  [[no_unique_address]] KeyEqual equal_;       // constant after construction
  [[no_unique_address]] Allocator allocator_;  // constant after construction: copied for each use
  std::uint64_t seed_;                         // constant after construction
  mutable domain_type domain_;
  std::array<shard, shard_count> shards_;  // the array itself is constant after construction
};

// ------------------------------------------------------------------------------------------------------- bodies below

#define GAUNTLET_MAP_TEMPLATE template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
#define GAUNTLET_MAP rcu_core<Key, T, Hash, KeyEqual, Allocator, Policy>

GAUNTLET_MAP_TEMPLATE
GAUNTLET_MAP::~rcu_core() {
  for (shard& each : shards_) {
    const locked guard(each.lock);
    each.retired.drain(disposer());
    for (list_node* at = each.list.head_locked()->follow_locked(); at != each.list.end();) {
      list_node* const next = at->follow_locked();
      if (is_order_of_entry(at->order)) {
        disposer()(static_cast<entry*>(at));
      }
      at = next;
    }
    each.list.release(allocator_);
  }
}

GAUNTLET_MAP_TEMPLATE
template <class K>
auto GAUNTLET_MAP::lookup(const K& key, std::uint64_t hash) const -> const entry* {
  const std::uint64_t order = order_of(hash);
  for (const list_node* at = shard_of(hash).list.lower_bound(order); at->order == order; at = at->follow()) {
    if (equal_(as_entry(at).element.first, key)) {
      return &as_entry(at);
    }
  }
  return nullptr;
}

GAUNTLET_MAP_TEMPLATE
template <class K>
auto GAUNTLET_MAP::place_locked(shard& home, const K& key, std::uint64_t hash) const -> place {
  const std::uint64_t order = order_of(hash);
  list_node* const before_order = home.list.before_locked(order);
  list_node* before = before_order;
  for (list_node* at = before->follow_locked(); at->order == order; before = at, at = at->follow_locked()) {
    if (equal_(as_entry(at).element.first, key)) {
      return {before_order, before};
    }
  }
  return {before_order, nullptr};
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::has_room_locked(shard& home) {
  if (GAUNTLET_LIKELY(home.retired.size() < Policy::unreclaimed_max)) {
    return true;
  }
  home.retired.collect(domain_, disposer(), look::at_once);
  if (home.retired.size() < Policy::unreclaimed_max || domain_.is_read_by_this_thread()) {
    return true;
  }
  ++home.waits;
  return false;
}

// Waiting for readers is looking at their slots and nothing else: writers that wait must not keep each other busy with
// the lock.
GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::lock_with_room(shard& home) {
  home.lock.lock();
  while (!has_room_locked(home)) {
    const std::uint64_t epoch = home.retired.waiting_epoch();
    home.lock.unlock();
    do {
      std::this_thread::yield();
    } while (!domain_.is_over(epoch));
    home.lock.lock();
  }
}

GAUNTLET_MAP_TEMPLATE
template <class GiveUp>
bool GAUNTLET_MAP::lock_with_room_unless(shard& home, GiveUp& give_up) {
  for (;;) {
    if (!lock_unless(home.lock, give_up)) {
      return false;
    }
    if (has_room_locked(home)) {
      return true;
    }
    const std::uint64_t epoch = home.retired.waiting_epoch();
    home.lock.unlock();
    do {
      if (give_up()) {
        return false;
      }
    } while (!domain_.is_over(epoch));
  }
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::insert_locked(shard& home, const place& at, unpublished& fresh) {
  home.list.link_locked(at.before_order, fresh.release());
  ++home.size;
  if (home.size > home.list.buckets() * Policy::elements_per_bucket) {
    home.list.grow_locked(allocator_);
  }
  home.list.mark_one_more_locked();
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::replace_locked(shard& home, const place& at, unpublished& fresh) {
  entry* const old = static_cast<entry*>(at.before_entry->follow_locked());
  home.list.replace_next_locked(at.before_entry, fresh.release());
  retire_locked(home, old);
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::unlink_locked(shard& home, list_node* before) -> entry* {
  entry* const old = static_cast<entry*>(before->follow_locked());
  home.list.unlink_next_locked(before);
  --home.size;
  return old;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::retire_locked(shard& home, entry* unlinked) {
  home.retired.add(unlinked);
  const size_type before = home.retired.size();
  if (before % Policy::retire_batch == 0) {
    home.retired.collect(domain_, disposer(), Policy::look_at_batch);
  }
  if (before == Policy::unreclaimed_max / 2 && home.retired.size() >= before) {
    const auto readers = domain_.stats();
    Policy::on_stalled_reader({readers.slowest_slot, readers.slowest_lag, before});
  }
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert_or_assign_locked(shard& home, std::uint64_t hash, unpublished& fresh) {
  const place at = place_locked(home, fresh.element().first, hash);
  if (at.before_entry != nullptr) {
    replace_locked(home, at, fresh);
    return false;
  }
  insert_locked(home, at, fresh);
  return true;
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::erase_locked(shard& home, const K& key, std::uint64_t hash) {
  const place at = place_locked(home, key, hash);
  if (at.before_entry == nullptr) {
    return false;
  }
  retire_locked(home, unlink_locked(home, at.before_entry));
  return true;
}

#undef GAUNTLET_MAP
#undef GAUNTLET_MAP_TEMPLATE

}  // namespace detail
}  // namespace gauntlet
