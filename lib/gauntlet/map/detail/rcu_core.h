// The inside of rcu_map: entries and their memory, the shards they lie in, and what a writer does in a shard whose lock
// it holds. rcu_map.h tells the whole; there are the operations, each of them a few of these steps.
//
// Who may touch what: key and value of an entry that is published are constant. Its hash, and the pointer that is in its
// place when it is retired, are guarded by the shard's lock. Readers use `lookup` and the tables, and only under a guard
// of the domain; everything that ends in _locked wants the shard's lock.
//
// The words by which readers reach the tables lie close together, away from what writers write: few lines, which change
// when a table grows.
//
// The hard case is a writer for whose retired entry there is no room, because readers stay. It must not wait with the
// lock held: a reader whose visitor writes to the same shard would wait for it, and it for the reader. And while it
// waits it must leave the lock alone, or several such writers keep each other busy.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gauntlet/map/detail/annotations.h>
#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/epoch_domain.h>
#include <gauntlet/map/detail/freeing_count.h>
#include <gauntlet/map/detail/map_types.h>
#include <gauntlet/map/detail/mutex.h>
#include <gauntlet/map/detail/rcu_table.h>
#include <gauntlet/map/detail/retire_list.h>
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
  static constexpr std::size_t cache_line = 64;
  static constexpr std::size_t shard_count = Policy::shard_count;
  static constexpr int shard_bits = std::bit_width(shard_count) - 1;

  struct entry {
    entry() noexcept : hash_in_table(0) {}
    ~entry() {}
    std::uint64_t hash() const noexcept { return hash_in_table; }
    union {  // guarded by the shard's lock
      std::uint64_t hash_in_table;
      entry* next_retired;
    };
    union {
      value_type element;  // constant from its publication on
    };
  };

  using table_type = rcu_table<entry, Allocator, Policy::slots_per_bucket, static_cast<unsigned>(shard_bits)>;
  using table_word = typename table_type::word;
  using bucket = typename table_type::bucket;
  using place = typename table_type::place;  // of an entry; false: the key is not there

  struct alignas(cache_line) shard {
    mutable lock_type lock;
    size_type size GAUNTLET_GUARDED_BY(lock) = 0;
    unsigned level_kept GAUNTLET_GUARDED_BY(lock) = Policy::first_level;  // the table never gets smaller than that
    std::uint64_t waits GAUNTLET_GUARDED_BY(lock) = 0;
    retire_list<entry, domain_type> retired GAUNTLET_GUARDED_BY(lock);
    retire_list<typename table_type::retired_table, domain_type> retired_tables GAUNTLET_GUARDED_BY(lock);
  };

  // A new entry, until it is published.
  class unpublished {
   public:
    explicit unpublished(const rcu_core& map) noexcept : map_(map) {}
    ~unpublished() {
      if (entry_ == nullptr) return;
      if (constructed_) map_.destroy_element(*entry_);
      map_.deallocate_entry(entry_);
    }
    unpublished(const unpublished&) = delete;
    unpublished& operator=(const unpublished&) = delete;

    void allocate() {
      if (entry_ == nullptr) entry_ = map_.allocate_entry();
    }
    template <class... Arguments>
    void construct(std::uint64_t hash, Arguments&&... arguments) {
      allocate();
      Allocator allocator(map_.allocator_);
      std::allocator_traits<Allocator>::construct(allocator, std::addressof(entry_->element),
                                                  std::forward<Arguments>(arguments)...);
      entry_->hash_in_table = hash;
      constructed_ = true;
    }
    value_type& element() noexcept { return entry_->element; }
    entry* release() noexcept { return std::exchange(entry_, nullptr); }

   private:
    const rcu_core& map_;
    entry* entry_ = nullptr;
    bool constructed_ = false;
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
  auto table_disposer() const noexcept {
    return [this](typename table_type::retired_table* at) noexcept { table_type::free(allocator_, at); };
  }

  // What an operation may free, until it holds no lock: destructors of keys and values may use the map.
  class taken_out {
   public:
    explicit taken_out(const rcu_core& map) noexcept : map_(map) {}
    ~taken_out() { free_all(); }
    taken_out(const taken_out&) = delete;
    taken_out& operator=(const taken_out&) = delete;

    void add(entry* at) noexcept {
      at->next_retired = std::exchange(entries_, at);
      ++count_;
    }
    // What is retired there, whether its readers have left or not.
    void take_all_locked(shard& from) noexcept GAUNTLET_REQUIRES(from.lock) {
      from.retired.drain([this](entry* at) noexcept { add(at); });
      from.retired_tables.drain([this](retired_table* at) noexcept { at->next_retired = std::exchange(tables_, at); });
    }
    // Of what retired.collect hands out, under the shard's lock: synchronize() waits until it is freed.
    auto adding() noexcept {
      return [this](entry* at) noexcept {
        if (!counter_) counter_ = map_.freeing_.begin();
        add(at);
      };
    }
    size_type entries() const noexcept { return count_; }
    void free_all() noexcept {
      count_ = 0;
      free_each(std::exchange(entries_, nullptr), map_.disposer());
      free_each(std::exchange(tables_, nullptr), map_.table_disposer());
      if (counter_) map_.freeing_.end(*std::exchange(counter_, std::nullopt));
    }

   private:
    using retired_table = typename table_type::retired_table;
    template <class Object, class Dispose>
    static void free_each(Object* at, Dispose dispose) noexcept {
      while (at != nullptr) dispose(std::exchange(at, at->next_retired));
    }

    const rcu_core& map_;
    entry* entries_ = nullptr;
    retired_table* tables_ = nullptr;
    std::optional<unsigned> counter_;  // of map_.freeing_, once something was handed out
    size_type count_ = 0;              // of entries
  };

  // The highest bits of a hash say which shard, the others where in its table.
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
  shard& shard_of(std::uint64_t hash) { return shards_[number_of(hash)]; }
  std::size_t number_of(const shard& home) const noexcept {
    return static_cast<std::size_t>(std::addressof(home) - shards_.data());
  }
  // [table] pairs with itself: who sees a table sees what is in it. Sequentially consistent, as all that readers follow.
  table_word table_of(std::size_t number) const noexcept { return tables_[number].load(std::memory_order_seq_cst); }
  table_word table_locked(const shard& home) const noexcept GAUNTLET_REQUIRES(home.lock) {
    return tables_[number_of(home)].load(std::memory_order_relaxed);
  }

  // The entries of one chain, one for each key: a key that is taken out and put in again while a reader goes along the
  // chain may be met twice. Chains are short where hashes spread, and then no memory is needed.
  class met_in_chain {
   public:
    explicit met_in_chain(const KeyEqual& equal) : equal_(equal) {}
    void clear() noexcept { count_ = 0; }
    size_type size() const noexcept { return count_; }
    const entry& operator[](size_type i) const {
      return i < within_.size() ? *within_[i] : *beyond_[i - within_.size()];
    }
    void add(const entry& next) {
      for (size_type i = 0; i < count_; ++i) {
        if (equal_((*this)[i].element.first, next.element.first)) return;
      }
      if (count_ < within_.size()) {
        within_[count_] = &next;
      } else {
        beyond_.resize(count_ - within_.size());
        beyond_.push_back(&next);
      }
      ++count_;
    }

   private:
    const KeyEqual& equal_;
    size_type count_ = 0;
    std::array<const entry*, 2 * Policy::slots_per_bucket> within_{};
    std::vector<const entry*> beyond_;
  };

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
  place place_locked(const shard& home, const K& key, std::uint64_t hash) const GAUNTLET_REQUIRES(home.lock);

  // Takes the shard's lock when there is room for one more retired entry. Counts a wait where there is none.
  void lock_with_room(shard& home, taken_out& gone) GAUNTLET_ACQUIRE(home.lock);
  bool has_room_locked(shard& home, taken_out& gone) GAUNTLET_REQUIRES(home.lock);
  // The same, unless give_up() says so: it is asked each time that the lock is not to be had or there is no room.
  template <class GiveUp>
  bool lock_with_room_unless(shard& home, taken_out& gone, GiveUp& give_up) GAUNTLET_TRY_ACQUIRE(true, home.lock);

  // Gives the shard a table of this level. False, with nothing changed, if there is no memory for it.
  bool rebuild_locked(shard& home, unsigned level) GAUNTLET_REQUIRES(home.lock);
  // After erasures: gives memory back if little is left in the table.
  void shrink_locked(shard& home) GAUNTLET_REQUIRES(home.lock);
  // Of a table that has room for so many elements.
  static constexpr unsigned level_for(size_type elements) noexcept {
    const size_type buckets =
        elements / Policy::elements_per_bucket + (elements % Policy::elements_per_bucket != 0 ? 1 : 0);
    return buckets <= 1 ? 0 : static_cast<unsigned>(std::bit_width(buckets - 1));
  }
  void insert_locked(shard& home, std::uint64_t hash, unpublished& fresh) GAUNTLET_REQUIRES(home.lock);
  void replace_locked(shard& home, place at, unpublished& fresh, taken_out& gone) GAUNTLET_REQUIRES(home.lock);
  entry* unlink_locked(shard& home, place at) GAUNTLET_REQUIRES(home.lock);
  void retire_locked(shard& home, entry* unlinked, taken_out& gone) GAUNTLET_REQUIRES(home.lock);
  bool insert_or_assign_locked(shard& home, std::uint64_t hash, unpublished& fresh, taken_out& gone)
      GAUNTLET_REQUIRES(home.lock);
  template <class K>
  bool erase_locked(shard& home, const K& key, std::uint64_t hash, taken_out& gone) GAUNTLET_REQUIRES(home.lock);

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
  mutable freeing_count freeing_;  // operations that have what a collection handed out
  // Calls of synchronize() take turns in taking things out of the shards, and end in the order in which they did.
  mutable lock_type turns_;
  std::uint64_t turns_begun_ GAUNTLET_GUARDED_BY(turns_) = 0;
  std::uint64_t turns_ended_ GAUNTLET_GUARDED_BY(turns_) = 0;
  size_type taken_out_ GAUNTLET_GUARDED_BY(turns_) = 0;  // entries, by calls that have not ended
  alignas(
      cache_line) std::array<std::atomic<table_word>, shard_count> tables_{};  // each written under its shard's lock
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
    each.retired_tables.drain(table_disposer());
    const table_word table = table_locked(each);
    table_type::for_each_chain(table, [this](bucket& chain) {
      table_type::for_each_in_chain(chain, [this](entry* at, bucket&, unsigned) { disposer()(at); });
    });
    if (table != table_type::none) {
      table_type::free(allocator_, table_type::header_of(table));
    }
  }
}

GAUNTLET_MAP_TEMPLATE
template <class K>
GAUNTLET_ALWAYS_INLINE auto GAUNTLET_MAP::lookup(const K& key, std::uint64_t hash) const -> const entry* {
  return table_type::find(table_of(number_of(hash)), hash,
                          [&](const entry& at) { return equal_(at.element.first, key); });
}

GAUNTLET_MAP_TEMPLATE
template <class K>
auto GAUNTLET_MAP::place_locked(const shard& home, const K& key, std::uint64_t hash) const -> place {
  return table_type::place_of(table_locked(home), hash, [&](const entry& at) { return equal_(at.element.first, key); });
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::has_room_locked(shard& home, taken_out& gone) {
  if (GAUNTLET_LIKELY(home.retired.size() < Policy::unreclaimed_max)) {
    return true;
  }
  home.retired.collect(domain_, gone.adding(), look::at_once);
  if (home.retired.size() < Policy::unreclaimed_max || domain_.is_read_by_this_thread()) {
    return true;
  }
  ++home.waits;
  return false;
}

// Waiting for readers is looking at their slots and nothing else: writers that wait must not keep each other busy with
// the lock.
GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::lock_with_room(shard& home, taken_out& gone) {
  home.lock.lock();
  while (!has_room_locked(home, gone)) {
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
bool GAUNTLET_MAP::lock_with_room_unless(shard& home, taken_out& gone, GiveUp& give_up) {
  for (;;) {
    if (!lock_unless(home.lock, give_up)) {
      return false;
    }
    if (has_room_locked(home, gone)) {
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
bool GAUNTLET_MAP::rebuild_locked(shard& home, unsigned level) {
  const table_word old = table_locked(home);
  table_word fresh = table_type::none;
  try {
    fresh = table_type::make(allocator_, level, old);
  } catch (...) {
    return false;
  }
  tables_[number_of(home)].store(fresh, std::memory_order_seq_cst);  // [table]
  if (old != table_type::none) {
    home.retired_tables.add(table_type::header_of(old));
    home.retired_tables.collect(domain_, table_disposer(), look::at_once);
  }
  return true;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::shrink_locked(shard& home) {
  const table_word table = table_locked(home);
  const size_type room = table_type::buckets_in(table) * Policy::elements_per_bucket;
  if (GAUNTLET_LIKELY(home.size * Policy::shrink_below_one_in >= room)) {
    return;
  }
  // Room for twice as many, or the next insertions make it grow again.
  const unsigned level = std::max(home.level_kept, level_for(2 * home.size));
  if (level < table_type::level_of(table)) {
    rebuild_locked(home, level);
  }
}

// A table that can't grow gets longer chains.
GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::insert_locked(shard& home, std::uint64_t hash, unpublished& fresh) {
  table_word table = table_locked(home);
  if (table == table_type::none) {
    if (!rebuild_locked(home, home.level_kept)) {
      throw std::bad_alloc();
    }
  } else if (home.size >= table_type::buckets_in(table) * Policy::elements_per_bucket &&
             table_type::level_of(table) < table_type::level_max) {
    rebuild_locked(home, table_type::level_of(table) + 1);
  }
  table = table_locked(home);
  const place to = table_type::room_for(allocator_, table, hash);
  table_type::put(to, fresh.release(), hash);
  ++home.size;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::replace_locked(shard& home, place at, unpublished& fresh, taken_out& gone) {
  entry* const old = at.entry();
  table_type::replace(at, fresh.release());
  retire_locked(home, old, gone);
}

GAUNTLET_MAP_TEMPLATE
auto GAUNTLET_MAP::unlink_locked(shard& home, place at) -> entry* {
  entry* const old = at.entry();
  table_type::take_out(at);
  --home.size;
  return old;
}

GAUNTLET_MAP_TEMPLATE
void GAUNTLET_MAP::retire_locked(shard& home, entry* unlinked, taken_out& gone) {
  home.retired.add(unlinked);
  const size_type before = home.retired.size();
  if (home.retired.open_size() % Policy::retire_batch == 0) {
    home.retired.collect(domain_, gone.adding(), Policy::look_at_batch);
    home.retired_tables.collect(domain_, table_disposer(), look::later);
  }
  if (before == Policy::unreclaimed_max / 2 && home.retired.size() >= before) {
    const auto readers = domain_.stats();
    Policy::on_stalled_reader({readers.slowest_slot, readers.slowest_lag, before});
  }
}

GAUNTLET_MAP_TEMPLATE
bool GAUNTLET_MAP::insert_or_assign_locked(shard& home, std::uint64_t hash, unpublished& fresh, taken_out& gone) {
  if (const place at = place_locked(home, fresh.element().first, hash)) {
    replace_locked(home, at, fresh, gone);
    return false;
  }
  insert_locked(home, hash, fresh);
  return true;
}

GAUNTLET_MAP_TEMPLATE
template <class K>
bool GAUNTLET_MAP::erase_locked(shard& home, const K& key, std::uint64_t hash, taken_out& gone) {
  const place at = place_locked(home, key, hash);
  if (!at) {
    return false;
  }
  retire_locked(home, unlink_locked(home, at), gone);
  shrink_locked(home);
  return true;
}

#undef GAUNTLET_MAP
#undef GAUNTLET_MAP_TEMPLATE

}  // namespace detail
}  // namespace gauntlet
