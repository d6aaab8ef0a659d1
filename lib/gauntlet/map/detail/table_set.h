// The tables of one map and everything that keeps them right. hash_map is the face, this is the works.
//
// Words. A *table* has a power of two of groups (detail/group.h), all tables of a map the same number. An element's
// *home* is the group its hash names; when that is full the element is *displaced* to the next group with a free slot,
// and the overflow bit of its class is set in every group it passed. A map grows as one table up to
// Policy::table_groups_max groups, and from then on by splitting a full table by the next bit of the hash
// (detail/directory.h); it shrinks by merging neighbours. Elements no table can hold are in the *stash*
// (detail/stash.h).
//
// What must hold between operations (self_check recounts all of it):
//   - an element is in the table its hash's top bits lead to, in the first group with a free slot at or after its home
//     at the time it came, under its tag; or in the stash
//   - a group's overflow bit of class c is set if and only if an element of class c passed the group on its way, or has
//     this home and is in the stash. There are no tombstones: erasing clears the bits nobody needs any more
//   - the room of a table's directory entries adds up to its limit less its elements. The limit is written behind its
//     slots
//
// One table is reached through one_ without the directory. Tables of full size keep their tags in the pool
// (detail/tag_pool.h) and their slots in a block of their own; smaller ones are a single block.
//
// The order of work keeps exceptions harmless: whatever may throw (hashes, memory, constructors) comes before the first
// change.
//
// Bodies: table_element.h, table_erase.h, table_order.h, table_growth.h, table_shrink.h, table_whole.h, table_check.h.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iosfwd>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include <gauntlet/map/detail/activity.h>
#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/directory.h>
#include <gauntlet/map/detail/element_maker.h>
#include <gauntlet/map/detail/group.h>
#include <gauntlet/map/detail/map_types.h>
#include <gauntlet/map/detail/policies.h>
#include <gauntlet/map/detail/stash.h>
#include <gauntlet/map/detail/tag_pool.h>

namespace gauntlet {

// What stats() says about a map. `overflowed` elements are outside the tables: only hashes that collide completely, or
// nearly so, get there. `growths` and `shrinks` count changes of size of the only table and reservations.
struct hash_map_stats {
  std::size_t size = 0;
  std::size_t capacity = 0;
  std::size_t tables = 0;
  std::size_t directory_entries = 0;
  double load = 0;
  std::size_t longest_probe = 0;
  std::size_t bytes = 0;
  std::size_t splits = 0;
  std::size_t merges = 0;
  std::size_t growths = 0;
  std::size_t shrinks = 0;
  std::size_t overflowed = 0;
};

namespace detail {

struct no_counter {};

template <class Types>
class table_set {
 public:
  using key_type = typename Types::key_type;
  using value_type = typename Types::value_type;
  using hasher = typename Types::hasher;
  using key_equal = typename Types::key_equal;
  using allocator_type = typename Types::allocator_type;
  using policy = typename Types::policy;
  using group = typename Types::group;
  using probe = typename group::probe;
  using slot = typename Types::slot;
  using memory = typename Types::memory;
  using table_type = table<slot>;
  using stash_type = stash<Types>;
  using maker = element_maker<slot>;
  using activity_type = activity<policy::detect_misuse, policy::writes_per_linger>;
  using observer_type = typename policy::observer;

  static constexpr std::size_t groups_max = policy::table_groups_max;
  static_assert(std::has_single_bit(groups_max) && groups_max <= 4096);
  static constexpr std::size_t first_groups = std::bit_floor(std::clamp<std::size_t>(
      policy::first_table_bytes / (sizeof(group_tags) + group_slots * sizeof(slot)), 1, groups_max));
  static constexpr unsigned groups_max_bits = static_cast<unsigned>(std::countr_zero(groups_max));

  // Where an element is. In the stash: entry is the directory's size.
  struct position {
    slot* element = nullptr;
    std::size_t entry = 0;
    std::uint32_t group = 0;
    std::uint32_t lane = 0;
  };

  // What is left of the groups an iterator has looked at, see first().
  using look_ahead = std::uint64_t;

  table_set(const hasher& hash, const key_equal& equal, const allocator_type& allocator)
      : seed_(policy::seed()), hash_(hash), equal_(equal), allocator_(allocator) {
    forget_tables();
    renumber();
  }
  table_set(const table_set&) = delete;
  table_set& operator=(const table_set&) = delete;
  ~table_set() {
    if (GAUNTLET_LIKELY(is_small())) {
      destroy_elements(one_, groups());
      if (!is_empty_table(one_)) give_table(one_, groups());
    } else {
      destroy_all();
    }
    if constexpr (policy::checked) *const_cast<volatile std::uint64_t*>(&number_) = 0;
  }

  // ---- looking up
  template <class K>
  GAUNTLET_ALWAYS_INLINE position find(const K& key) const {
    return find_hashed(hash_of(key), key);
  }
  template <class K>
  GAUNTLET_ALWAYS_INLINE position find_hashed(std::uint64_t hash, const K& key) const {
    const table_type t = table_of(hash);
    const std::size_t offset = hash & group_mask_;
    const lane_mask mask = group::match(tags_at(t, offset), probe(hash));
    count_work(1);
    if (mask == 0) return {};
    slot* const slots = slots_at(t, offset);
    // Not dependent on the tags: issued as soon as the branch above is *predicted*, so that in code that mostly hits
    // the slot's line travels together with the tags'; code that mostly misses does not fetch it.
    prefetch(slots);
    for (lane_mask m = mask & slot_lanes; GAUNTLET_LIKELY(m != 0); m &= m - 1) {
      slot& candidate = lowest_of(slots, m);
      if (GAUNTLET_LIKELY(equal_(candidate.key(), key))) {
        return {&candidate, hash >> directory_.shift, static_cast<std::uint32_t>(offset >> group_shift),
                lowest_slot(m)};
      }
    }
    if (GAUNTLET_LIKELY((mask & further_lane) == 0)) return {};
    return position_of(find_further(t, hash, key), hash);
  }

  // Lookups in a batch: what find_hashed will read of each is fetched first. So many at once fill what a processor can
  // fetch at a time; tables that fit into the caches near it are faster without.
  static constexpr std::size_t find_batch = 32;
  bool gains_by_batches() const noexcept { return tables_ * (slots_bytes(groups()) + tags_bytes(groups())) >> 22 != 0; }
  GAUNTLET_ALWAYS_INLINE void fetch(std::uint64_t hash) const noexcept {
    const table_type t = table_of(hash);
    const std::size_t offset = hash & group_mask_;
    __builtin_prefetch(&tags_at(t, offset));
    prefetch(slots_at(t, offset));
  }

  // ---- changing
  // Inserts unless the key is present. construct(slot&) makes the element; if it throws, nothing has happened.
  template <class K, class Construct>
  GAUNTLET_ALWAYS_INLINE std::pair<position, bool> insert(const K& key, Construct&& construct) {
    const std::uint64_t hash = hash_of(key);
    const quick_insert quick = insert_quickly(hash, key, construct);
    if (GAUNTLET_LIKELY(quick.settled)) return {quick.at, quick.inserted};
    return insert_slowly(hash, key, quick.absent, construct);
  }
  // The two cases that are nearly all: the key is its group's first candidate, or is new with a free slot at home. A
  // caller that goes on to insert_slowly in a function of its own keeps the quick one free of calls.
  struct quick_insert {
    position at;
    bool settled;
    bool inserted;  // if settled
    bool absent;    // if not: is it known that the key is not there?
  };
  template <class K, class Construct>
  GAUNTLET_ALWAYS_INLINE quick_insert insert_quickly(std::uint64_t hash, const K& key, Construct&& construct) {
    const std::size_t entry = hash >> directory_.shift;
    const table_type t = one_.tags != nullptr ? one_ : directory_.at(entry);
    const std::size_t offset = hash & group_mask_;
    slot* const slots = slots_at(t, offset);
    __builtin_prefetch(slots);
    group_tags& tags = tags_at(t, offset);
    const probe wanted(hash);
    const lane_mask mask = group::match(tags, wanted);
    count_work(1);
    if (mask == 0) {
      const lane_mask free = group::free_slots(tags);
      if (GAUNTLET_LIKELY(free != 0 && directory_.room[entry] > 0 && debt_ < policy::erases_per_sweep)) {
        const unsigned lane = lowest_slot(free);
        slot& at = lowest_of(slots, free);
        construct(at);
        group::occupy(tags, lane, wanted);
        --directory_.room[entry];
        ++size_;
        ++version_;
        return {{&at, entry, static_cast<std::uint32_t>(offset >> group_shift), lane}, true, true, true};
      }
    } else if (const lane_mask m = mask & slot_lanes; m != 0) {
      slot& candidate = lowest_of(slots, m);
      if (GAUNTLET_LIKELY(equal_(candidate.key(), key)))
        return {
            {&candidate, entry, static_cast<std::uint32_t>(offset >> group_shift), lowest_slot(m)}, true, false, false};
    }
    return {{}, false, false, mask == 0};
  }
  // All of insert, after it has looked at the home group once.
  template <class K, class Construct>
  GAUNTLET_NOINLINE std::pair<position, bool> insert_slowly(std::uint64_t hash, const K& key, bool absent,
                                                            Construct&& construct);
  template <class K>
  GAUNTLET_ALWAYS_INLINE bool erase(const K& key) {
    const std::uint64_t hash = hash_of(key);
    const std::size_t entry = hash >> directory_.shift;
    const table_type t = one_.tags != nullptr ? one_ : directory_.at(entry);
    const std::size_t offset = hash & group_mask_;
    slot* const slots = slots_at(t, offset);
    prefetch(slots);
    group_tags& tags = tags_at(t, offset);
    const lane_mask mask = group::match(tags, probe(hash));
    count_work(1);
    for (lane_mask m = mask & slot_lanes; GAUNTLET_LIKELY(m != 0); m &= m - 1) {
      const unsigned lane = lowest_slot(m);
      slot& candidate = lowest_of(slots, m);
      if (GAUNTLET_RARE(!equal_(candidate.key(), key))) continue;
      tags.tag[lane] = 0;
      Types::destroy(allocator_, candidate);
      ++directory_.room[entry];
      ++version_;
      ++debt_;
      --size_;
      // Two questions, two branches: asked as one they cost more instructions than counting does.
      if (GAUNTLET_RARE(size_ == 0))
        sweep();
      else if (GAUNTLET_RARE(debt_ >= policy::erases_per_sweep))
        sweep();
      return true;
    }
    if (GAUNTLET_LIKELY((mask & further_lane) == 0)) return false;
    return erase_further(t, hash, key);
  }

  // Erasing in two steps, so that whatever may throw comes first.
  struct erasure {
    position at;
    std::uint64_t hash = 0;  // known only if home matters
    std::size_t stash_index = 0;
    bool displaced = false;
    bool stashed = false;
    std::array<std::uint64_t, (groups_max + 63) / 64> clear{};  // groups whose overflow bit goes
  };
  erasure plan_erase(const position& at) const;
  void finish_erase(const erasure& plan) noexcept;    // destroys the element; moves no other
  void finish_extract(const erasure& plan) noexcept;  // the element is already destroyed or moved from and destroyed
  GAUNTLET_ALWAYS_INLINE void erase_at(const position& at) {
    if (GAUNTLET_LIKELY(at.entry < directory_.size()) && is_home(at)) {
      directory_.tags[at.entry][at.group].tag[at.lane] = 0;
      Types::destroy(allocator_, *at.element);
      ++directory_.room[at.entry];
      --size_;
      ++debt_;
      version_ += std::uint64_t{1} << 32;
      return;
    }
    erase_displaced(at);
  }
  template <class Predicate>
  std::size_t erase_if(Predicate&& predicate);
  void pay_debt() noexcept {
    if (debt_ >= policy::erases_per_sweep || size_ == 0) sweep();
  }
  // After many erasures at once: the memory that erasing one by one would have left. O(capacity).
  void pay_whole_debt() noexcept {
    compact(static_cast<std::int32_t>(std::int64_t{limit_of(groups_max)} * policy::merge_below_per_mille / 1000));
  }

  // ---- in order of memory
  // Iteration looks at four groups at once and keeps what is left of them in a mask, `ahead`: 16 bits a group as in
  // group.h. Bits may outlive their elements (erasing an element moves no other); no bit means: look on from here.
  position first(look_ahead& ahead) const noexcept;
  GAUNTLET_ALWAYS_INLINE void advance(position& at, look_ahead& ahead) const noexcept {
    while (GAUNTLET_LIKELY(ahead != 0)) {
      const auto bit = static_cast<std::uint32_t>(std::countr_zero(ahead));
      ahead &= ahead - 1;
      const std::uint32_t g = (at.group & ~std::uint32_t{3}) + (bit >> 4), lane = bit >> 1 & 7;
      if (GAUNTLET_RARE(directory_.tags[at.entry][g].tag[lane] == 0)) continue;
      at.element = directory_.slots[at.entry] + (g * group_slots + lane);
      at.group = g;
      at.lane = lane;
      return;
    }
    std::uint64_t rest = 0;  // so that the iterator's own stay in registers
    at = look_on(at.element, at.entry, at.group, at.lane, rest);
    ahead = rest;
  }

  // ---- whole map
  void clear() noexcept;
  void release_all() noexcept { clear(); }
  void reserve(std::size_t count);
  void grow_to(std::size_t count);  // room for so many elements, however many there are
  void rehash(std::size_t slots);
  void shrink_to_fit() noexcept;
  void copy_from(const table_set& other);     // precondition: empty and never filled, or cleared
  void move_elements_from(table_set& other);  // same; for allocators that differ
  void take_from(table_set& other) noexcept;  // same; everything but hash, equality, allocator
  void swap_with(table_set& other) noexcept;  // likewise
  static constexpr std::size_t max_size() noexcept {
    return static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max() >> 16) / sizeof(slot);
  }

  std::size_t size() const noexcept { return size_; }
  std::size_t groups() const noexcept { return (group_mask_ >> group_shift) + 1; }
  std::size_t bucket_count() const noexcept { return capacity(); }
  static constexpr float max_load_factor() noexcept { return static_cast<float>(policy::max_load_per_mille) / 1000.0F; }
  std::size_t capacity() const noexcept { return tables_ * groups() * group_slots; }
  hash_map_stats stats() const;
  bool self_check(std::ostream* dump) const;
  std::string describe() const;
  std::uint64_t work() const noexcept {
    if constexpr (policy::count_work) return work_.load(std::memory_order_relaxed);
    return 0;
  }
  GAUNTLET_ALWAYS_INLINE void count_work([[maybe_unused]] std::uint64_t amount) const noexcept {
    if constexpr (policy::count_work) work_.fetch_add(amount, std::memory_order_relaxed);  // [work] a counter
  }

  // ---- what iterators and cursors need
  template <class K>
  GAUNTLET_ALWAYS_INLINE std::uint64_t hash_of(const K& key) const {
    return Types::hash(hash_, key, seed_);
  }
  std::size_t home_of(std::uint64_t hash) const noexcept { return (hash & group_mask_) >> group_shift; }
  std::uint64_t version() const noexcept { return version_; }
  std::uint64_t number() const noexcept { return number_; }
  const directory<slot, memory>& tables() const noexcept { return directory_; }
  const stash_type& stashed() const noexcept { return stash_; }
  bool occupied(const position& at) const noexcept {
    if (at.entry >= directory_.size()) return at.entry == directory_.size();
    return at.group < groups() && directory_.tags[at.entry][at.group].tag[at.lane] != 0;
  }
  GAUNTLET_ALWAYS_INLINE void read(operation op) const { activity_.read(op, *this); }

  hasher& hash() noexcept { return hash_; }
  key_equal& equal() noexcept { return equal_; }
  allocator_type& allocator() noexcept { return allocator_; }
  const hasher& hash() const noexcept { return hash_; }
  const key_equal& equal() const noexcept { return equal_; }
  const allocator_type& allocator() const noexcept { return allocator_; }
  observer_type& observer() noexcept { return observer_; }
  activity_type& writers() noexcept { return activity_; }

  static GAUNTLET_ALWAYS_INLINE lane_mask used_slots(const group_tags& tags) {
    return group::free_slots(tags) ^ slot_lanes;
  }

 private:
  // Behind a table's slots.
  struct note {
    std::uint32_t block;  // of the pool
    std::int32_t limit;   // elements it may hold
  };
  // An element, or nothing; where packs group and lane. The stash has lane group_slots.
  struct found {
    slot* element;
    std::uint64_t where;
  };
  struct vacancy {
    std::size_t group;
    unsigned lane;
  };
  // Elements lost to a move that threw: see map_types.h.
  struct losses {
    std::exception_ptr failure{};
    void rethrow() const {
      if (failure) std::rethrow_exception(failure);
    }
  };
  // The hashes of a table's elements by slot, taken before anything is changed, unless computing them again cannot
  // throw.
  class hash_list;

  GAUNTLET_ALWAYS_INLINE table_type table_of(std::uint64_t hash) const noexcept {
    if (GAUNTLET_LIKELY(one_.tags != nullptr)) return one_;
    return directory_.at(hash >> directory_.shift);
  }
  static GAUNTLET_ALWAYS_INLINE group_tags& tags_at(table_type t, std::size_t offset) noexcept {
    return *reinterpret_cast<group_tags*>(reinterpret_cast<char*>(t.tags) + offset);
  }
  // Arithmetic on addresses: a map that was never filled has no slots, and nothing looks at them.
  static GAUNTLET_ALWAYS_INLINE slot* slots_at(table_type t, std::size_t offset) noexcept {
    constexpr std::size_t bytes = group_slots * sizeof(slot);
    const std::size_t distance = bytes % 16 == 0 ? offset * (bytes / 16) : offset / 16 * bytes;
    return reinterpret_cast<slot*>(reinterpret_cast<std::uintptr_t>(t.slots) + distance);
  }
  static GAUNTLET_ALWAYS_INLINE void prefetch(const slot* slots) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(slots);
    __builtin_prefetch(reinterpret_cast<const void*>(address));
    __builtin_prefetch(reinterpret_cast<const void*>(address + 64));
    if constexpr (group_slots * sizeof(slot) > 192) {
      __builtin_prefetch(reinterpret_cast<const void*>(address + 128));
      __builtin_prefetch(reinterpret_cast<const void*>(address + 192));
    }
  }
  // The first of a group's slots that the mask has. Its lanes have two bits each: no need to halve and to double.
  static GAUNTLET_ALWAYS_INLINE slot& lowest_of(slot* slots, lane_mask mask) noexcept {
    if constexpr (sizeof(slot) % 2 != 0) return slots[lowest_slot(mask)];
    const std::size_t distance = static_cast<std::size_t>(std::countr_zero(mask)) * (sizeof(slot) / 2);
    return *reinterpret_cast<slot*>(reinterpret_cast<std::uintptr_t>(slots) + distance);
  }
  static slot& slot_of(table_type t, std::size_t g, unsigned lane) noexcept { return t.slots[g * group_slots + lane]; }
  std::size_t next_group(std::size_t g) const noexcept { return (g + 1) & (groups() - 1); }
  static bool is_empty_table(table_type t) noexcept { return t.slots == nullptr; }
  position position_of(found f, std::uint64_t hash) const noexcept {
    if (f.element == nullptr) return {};
    const auto lane = static_cast<std::uint32_t>(f.where & 7);
    if (lane == group_slots) return {f.element, directory_.size(), 0, 0};
    return {f.element, hash >> directory_.shift, static_cast<std::uint32_t>(f.where >> 3), lane};
  }

  template <class K>
  GAUNTLET_NOINLINE found find_further(table_type t, std::uint64_t hash, const K& key) const {
    bool tie = false;
    return further<false>(t, hash, key, tie);
  }
  template <class K>
  GAUNTLET_NOINLINE found find_further_or_tie(table_type t, std::uint64_t hash, const K& key, bool& tie) const {
    return further<true>(t, hash, key, tie);
  }
  // Goes on from a home group whose overflow bit is set. At most once round: a table may be full to the brim.
  template <bool WantTie, class K>
  found further(table_type t, std::uint64_t hash, const K& key, bool& tie) const;
  template <class K>
  GAUNTLET_NOINLINE bool erase_further(table_type t, std::uint64_t hash, const K& key);

  // ---- placing. A free slot is found without a change, and taken when the element is there.
  vacancy find_vacancy(table_type t, std::uint64_t hash) const noexcept;
  void occupy(table_type t, std::uint64_t hash, vacancy where) noexcept;
  template <class Construct>
  GAUNTLET_ALWAYS_INLINE position insert_displaced(table_type t, std::uint64_t hash, Construct& construct);
  GAUNTLET_NOINLINE position insert_rare(std::uint64_t hash, bool tie, const maker& construct);
  position insert_stashed(std::uint64_t hash, bool tie, const maker& construct);
  bool move_element(table_type to, std::uint64_t hash, slot& from, losses& lost) noexcept;
  // The four groups that iteration comes to next.
  static GAUNTLET_ALWAYS_INLINE void prefetch_groups(const slot* slots) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(slots);
    for (std::size_t at = 0; at < std::min<std::size_t>(4 * group_slots * sizeof(slot), 1280); at += 64)
      __builtin_prefetch(reinterpret_cast<const void*>(address + at));
  }
  GAUNTLET_NOINLINE position look_on(slot* element, std::size_t entry, std::uint32_t group, std::uint32_t lane,
                                     std::uint64_t& ahead) const noexcept;
  static std::uint64_t used_ahead(const group_tags* tags, std::size_t groups) noexcept;
  // Is this element of a table in its home group? Mostly nobody of its class went past the group before, and no hash is
  // needed.
  GAUNTLET_ALWAYS_INLINE bool is_home(const position& at) const {
    const group_tags* const tags = directory_.tags[at.entry];
    const unsigned c = class_of_tag(tags[at.group].tag[at.lane]);
    if (GAUNTLET_LIKELY((tags[(at.group - 1) & (groups() - 1)].fits >> c & 1) != 0)) return true;
    return home_of(hash_of(at.element->key())) == at.group;
  }
  GAUNTLET_NOINLINE void erase_displaced(const position& at) { finish_erase(plan_erase(at)); }
  bool overflow_needed(table_type t, std::size_t g, unsigned c, const erasure& but) const;
  void plan_overflow(table_type t, std::size_t home, unsigned c, erasure& plan) const;
  void clear_overflow(table_type t, const erasure& plan) noexcept;
  void stash_range(std::size_t first, std::size_t count, std::size_t& begin, std::size_t& end) const noexcept;

  // ---- tables
  static constexpr std::int32_t capacity_of(std::size_t groups) {
    return static_cast<std::int32_t>(groups * group_slots);
  }
  static constexpr std::int32_t limit_of(std::size_t groups) {
    if (groups == 1) return capacity_of(1);
    return std::min(capacity_of(groups) - 1,
                    static_cast<std::int32_t>(groups * group_slots * policy::max_load_per_mille / 1000));
  }
  static constexpr std::int32_t reserved_limit() {
    return std::max(limit_of(groups_max),
                    static_cast<std::int32_t>(groups_max * group_slots * policy::reserved_load_per_mille / 1000));
  }
  static std::size_t note_at(std::size_t groups) noexcept {
    return (groups * group_slots * sizeof(slot) + alignof(note) - 1) / alignof(note) * alignof(note);
  }
  static std::size_t slots_bytes(std::size_t groups) noexcept { return note_at(groups) + sizeof(note); }
  static std::size_t tags_bytes(std::size_t groups) noexcept {
    return memory::chunks(groups * sizeof(group_tags)) * sizeof(typename memory::chunk);
  }
  static bool is_pooled(std::size_t groups) noexcept { return groups == groups_max; }
  note& note_of(table_type t) const noexcept {
    return *reinterpret_cast<note*>(reinterpret_cast<char*>(t.slots) + note_at(groups()));
  }
  // No memory but that of one table, at most, which is not in the pool.
  bool is_small() const noexcept { return directory_.bits == 1 && !pool_.has_memory() && !stash_.has_memory(); }
  table_type make_table(std::size_t groups, std::uint64_t owner);
  void give_table(table_type t, std::size_t groups) noexcept {  // its tags only if not in the pool
    if (is_pooled(groups)) return memory::give(allocator_, t.slots, slots_bytes(groups));
    memory::give(allocator_, t.tags, tags_bytes(groups) + slots_bytes(groups));
  }
  void drop_table(table_type t, std::size_t groups) noexcept;
  void set_limit(std::size_t first, std::size_t span, std::int32_t limit) noexcept;
  std::int32_t elements_in(std::size_t first, std::size_t span) const noexcept {
    const table_type t = directory_.at(first);
    return is_empty_table(t) ? 0 : note_of(t).limit - directory_.room_of(first, span);
  }
  std::uint64_t owner_of(std::size_t entry) const noexcept {
    return static_cast<std::uint64_t>(entry) << directory_.shift;
  }
  void set_groups(std::size_t groups) noexcept { group_mask_ = (groups - 1) << group_shift; }
  void note_one() noexcept { one_ = directory_.depth[0] == 0 ? directory_.at(0) : table_type{nullptr, nullptr}; }
  template <class F>
  static void for_each_slot(table_type t, std::size_t groups, F&& f) {
    for (std::size_t g = 0; g < groups; ++g) {
      for (lane_mask m = used_slots(t.tags[g]); m != 0; m &= m - 1) f(g, lowest_slot(m), slot_of(t, g, lowest_slot(m)));
    }
  }
  void destroy_elements(table_type t, std::size_t groups) noexcept;

  // ---- growing
  bool make_room(std::uint64_t hash);
  bool directory_may_double() const noexcept;
  void make_first_table();
  void resize_one(std::size_t groups);
  void split(std::size_t entry);
  void settle_stash(std::size_t first, std::size_t span) noexcept;
  std::size_t groups_for(std::size_t count) const noexcept;
  unsigned depth_for(std::size_t count) const noexcept;
  std::size_t capacity_for(std::size_t count) const noexcept;

  // ---- shrinking
  GAUNTLET_NOINLINE void sweep() noexcept;
  bool try_merge(std::size_t entry, std::int32_t together_max) noexcept;
  bool merge(std::size_t lower, std::size_t span);
  void compact(std::int32_t together_max) noexcept;
  void release_tables() noexcept;
  void forget_tables() noexcept;
  void destroy_all() noexcept;
  void renumber() noexcept { number_ = policy::checked ? next_map_number() : 1; }
  void bump_layout() noexcept { ++version_; }
  template <class Make>
  void clone_from(const table_set& other, Make&& make);

  // What a lookup reads comes first and fits one line.
  table_type one_;              // the only table; tags are null while there are several
  std::size_t group_mask_ = 0;  // groups - 1, as an offset into tags
  std::uint64_t seed_;          // constant except by copy, move, swap
  directory<slot, memory> directory_;
  [[no_unique_address]] activity_type activity_;
  // An erase changes these three. Apart, or compilers change two at once, and an insert's narrower store before it holds
  // up that wide load.
  std::size_t debt_ = 0;      // erases not yet followed by a look at a table
  std::uint64_t number_ = 0;  // changes when the contents change hands
  std::size_t size_ = 0;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t version_ = 0;  // counts changes; the upper half those that invalidate no other iterator
  stash_type stash_;
  std::uint64_t sweep_ = 0;  // the hash the sweep has come to
  std::size_t tables_ = 0;
  std::size_t splits_ = 0, merges_ = 0, growths_ = 0, shrinks_ = 0;
  tag_pool<groups_max, memory> pool_;
  [[no_unique_address]] hasher hash_;
  [[no_unique_address]] key_equal equal_;
  [[no_unique_address]] allocator_type allocator_;
  [[no_unique_address]] observer_type observer_;
  [[no_unique_address]] mutable std::conditional_t<policy::count_work, std::atomic<std::uint64_t>, no_counter> work_{};
};

}  // namespace detail
}  // namespace gauntlet

#include <gauntlet/map/detail/table_check.h>
#include <gauntlet/map/detail/table_element.h>
#include <gauntlet/map/detail/table_erase.h>
#include <gauntlet/map/detail/table_growth.h>
#include <gauntlet/map/detail/table_order.h>
#include <gauntlet/map/detail/table_shrink.h>
#include <gauntlet/map/detail/table_whole.h>
