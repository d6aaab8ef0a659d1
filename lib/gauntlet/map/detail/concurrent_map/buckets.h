// concurrent_buckets: all that a concurrent_map is made of; the map itself adds names and guards against re-entry.
//
// The parts, each in a file of its own:
//
//   protocol.h   the version of a bucket and every ordered access       reads.h    looking without a lock
//   tags.h       a word that says which slots are worth a look          writes.h   changing one key
//   types.h      how an element becomes words                           sweep.h    the whole map, bucket by bucket
//   table.h      tables, buckets, cells, directories                    check.h    recounting everything
//   memory.h     where they come from and go                            whole.h    what needs the map for itself alone
//   growth.h     locking, placing, splitting and merging
//
// Order of locks: a bucket, then growth_. Whoever holds growth_ waits for no bucket; only a merge waits for a bucket while
// it holds another one, and nobody who waits for its first holds its second. So nobody waits in a circle.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <type_traits>
#include <utility>
#include <vector>

#include <gauntlet/map/detail/annotations.h>
#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/concurrent_map/protocol.h>
#include <gauntlet/map/detail/concurrent_map/table.h>
#include <gauntlet/map/detail/concurrent_map/tags.h>
#include <gauntlet/map/detail/concurrent_map/types.h>
#include <gauntlet/map/detail/mutex.h>
#include <gauntlet/map/detail/striped_counter.h>

namespace gauntlet {

// What concurrent_map::stats() shows.
struct concurrent_map_stats {
  std::size_t size = 0;                  // as approximate_size
  std::size_t tables = 0;                // in use
  std::size_t spare_tables = 0;          // emptied by merges, kept for the next split
  std::size_t directory_entries = 0;     // of the current directory
  std::size_t directories_outgrown = 0;  // kept, because a reader may still be in one
  std::size_t cells_allocated = 0;       // for hashes that do not spread
  std::size_t bytes = 0;                 // of all of these, elements in words included, nodes not
  std::uint64_t splits = 0;
  std::uint64_t merges = 0;
};

namespace detail {

template <class Types>
class concurrent_buckets : concurrent_layout<Types> {
  using layout = concurrent_layout<Types>;

 public:
  using key_type = typename Types::key_type;
  using mapped_type = typename Types::mapped_type;
  using value_type = typename Types::value_type;
  using hasher = typename Types::hasher;
  using key_equal = typename Types::key_equal;
  using allocator_type = typename Types::allocator_type;
  using cargo = typename Types::cargo;
  using policy = typename Types::policy;
  using protocol = typename policy::protocol;
  using tags = typename policy::tags;

  concurrent_buckets(const hasher& hash, const key_equal& equal, const allocator_type& allocator)
      : hash_(hash), equal_(equal), allocator_(allocator), seed_(policy::seed()) {}
  concurrent_buckets(const concurrent_buckets&) = delete;
  concurrent_buckets& operator=(const concurrent_buckets&) = delete;
  ~concurrent_buckets() { destroy_everything(); }

  const hasher& hash_function() const { return hash_; }
  const key_equal& key_eq() const { return equal_; }
  const allocator_type& allocator() const { return allocator_; }

  template <class K>
  GAUNTLET_ALWAYS_INLINE std::uint64_t hash(const K& key) const {
    return Types::hash(hash_, key, seed_);
  }

  // --------------------------------------------------------------------------------------------------------- reads.h
  // Calls use(const T&) if the key is there, and says whether it was. In words: on a copy, with nothing locked.
  template <class K, class Use>
  bool read(const K& key, Use&& use) const;
  template <class K>
  std::optional<mapped_type> find(const K& key) const;
  template <class K>
  bool contains(const K& key) const;

  // -------------------------------------------------------------------------------------------------------- writes.h
  // make(construct) calls construct(arguments...) to make the value of a new element; found(T&), which says whether it
  // changed something, is called for one that was there. True: inserted. All under the lock.
  template <class Make, class Found>
  bool emplace_or(key_type&& key, Make&& make, Found&& found);
  // What emplace_or would do, in words and without asking anything under the lock.
  template <bool Assign>
  bool insert_words(const key_type& key, const mapped_type& value);
  // Calls change(T&), which says whether it changed something, under the lock; true if the key was there.
  template <class K, class Change>
  bool update(const K& key, Change&& change);
  // What was in the map is in `gone` then.
  class taken_out;
  template <class K>
  bool erase(const K& key, taken_out& gone);
  template <class K>
  std::optional<mapped_type> extract(const K& key, taken_out& gone);

  // --------------------------------------------------------------------------------------------------------- sweep.h
  // Calls visit(const Key&, const T&), which says whether to go on, for the elements with hashes from `first` to `last`.
  template <class Visit>
  bool for_each(std::uint64_t first, std::uint64_t last, Visit&& visit) const;
  // Erases what chosen(const Key&, const T&) says; how many. Calls gone_from_bucket(taken_out&) after each bucket that has
  // lost something, with nothing locked.
  template <class Chosen, class GoneFromBucket>
  std::size_t erase_if(Chosen&& chosen, GoneFromBucket&& gone_from_bucket);
  // Elements, counted one by one, each at a moment of its own; stops at `enough`.
  std::size_t count(std::size_t enough) const;
  std::size_t approximate_size() const { return count_.sum(); }
  std::size_t directory_entries() const;

  // -------------------------------------------------------------------------------------------------------- growth.h
  // A directory that has room for the tables of so many elements; no tables.
  void reserve(std::size_t elements);

  // -------------------------------------------------------------------- whole.h: only while nobody else uses the map
  // Everything but the allocators, which must be equal or swapped, too.
  void swap(concurrent_buckets& other) noexcept;
  void swap_allocators(concurrent_buckets& other) noexcept;
  // Moves over every element of `other` whose key is absent here.
  void merge(concurrent_buckets& other);
  // The same elements in as little memory as inserting them one by one takes.
  void rebuild();

  // --------------------------------------------------------------------------------------------------------- check.h
  bool self_check(std::ostream* dump) const;
  concurrent_map_stats stats() const;

 private:
  using word = typename layout::word;
  using slot = typename layout::slot;
  using bucket = typename layout::bucket;
  using cell = typename layout::cell;
  using table = typename layout::table;
  using directory = typename layout::directory;
  using node = typename Types::node;
  using versions = bucket_version;
  using waiting = typename policy::waiting;
  using layout::bucket_count;
  using layout::cell_count;
  using layout::index;
  using layout::slot_count;
  using layout::slots_per_cell;
  static constexpr bool in_words = Types::in_words;
  // Inside a critical section, and where another access has ordered things already.
  static constexpr auto relaxed = std::memory_order_relaxed;

  std::uint64_t hash_of(const cargo& of) const noexcept { return Types::hash_of(of, hash_, seed_); }

  // -------------------------------------------------------------------------------------------------------- memory.h
  template <class Object>
  using allocator_of = typename Types::allocator_traits::template rebind_alloc<Object>;
  template <class Object>
  Object* take_memory(std::size_t count) const;
  template <class Object>
  void give_memory(Object* at, std::size_t count) const noexcept;

  directory* make_directory(unsigned depth) const;
  void free_directory(directory* of) const noexcept;
  static std::size_t units_of(std::size_t entries);
  table* take_table_locked() GAUNTLET_REQUIRES(growth_);
  cell* claim_from_stash(table& of);
  cell* claim(table& of, bool even_allocated);
  void give_back(cell* of);

  // Calls make(construct) for an element; construct(arguments...) makes the value.
  template <class Make>
  cargo make_cargo(std::uint64_t hash, key_type&& key, Make& make);
  void destroy_node(node* at) noexcept;

  // Cells on their way from one chain to another.
  class kept_cells {
   public:
    explicit kept_cells(concurrent_buckets& map) : map_(map) {}
    ~kept_cells() {
      while (cell* const each = pop()) map_.give_back(each);
    }
    kept_cells(const kept_cells&) = delete;
    kept_cells& operator=(const kept_cells&) = delete;
    void push(cell* of) {
      protocol::publish(of->next, first_);
      first_ = of;
    }
    cell* pop() {
      cell* const taken = first_;
      if (taken != nullptr) first_ = taken->next.load(relaxed);
      return taken;
    }

   private:
    concurrent_buckets& map_;
    cell* first_ = nullptr;
  };

  // -------------------------------------------------------------------------------------------------------- growth.h
  // A bucket that this thread has locked.
  class held {
   public:
    held(table& t, unsigned number, std::uint64_t version) : in(&t), index(number), version_(version) {}
    ~held() { protocol::unlock(home().version(), changed ? versions::after(version_) : version_); }
    held(const held&) = delete;
    held& operator=(const held&) = delete;
    bucket& home() const { return in->buckets[index]; }
    std::uint64_t version() const { return version_; }

    table* const in;
    const unsigned index;
    bool changed = false;

   private:
    const std::uint64_t version_;  // before it was locked
  };
  // An element's place. `of` is null where the element lies in the bucket itself.
  struct place {
    word* tag_word = nullptr;
    slot* at = nullptr;
    unsigned number = 0;
    cell* of = nullptr;
    bool fresh = false;  // a place for a new element, in a cell that is in no chain yet
    explicit operator bool() const { return at != nullptr; }
  };

  std::uint64_t lock(bucket& b) const;
  held lock_home(std::uint64_t hash) const;
  template <class K>
  place seek(const held& home, std::uint64_t hash, const K& key) const;
  template <class Group, class K>
  place seek_in(Group& group, cell* of, std::uint64_t hash, const K& key) const;

  // A free place in the bucket or its chain, or in what new_cell() gives; nothing if it gives none. Changes nothing.
  template <class NewCell>
  static place find_room(table& t, unsigned number, NewCell&& new_cell);
  static void fill(table& t, unsigned number, std::uint64_t hash, const cargo& with, const place& at);
  // Ends an element's place. The bucket's own slots stay full while there is a chain.
  void clear_place(table& t, unsigned number, place at);
  // Asks leaves(hash, cargo) about every element of a locked bucket, once each; those for which it says so have left, the
  // others are put together again.
  template <class Leaves>
  void sort_out(table& t, unsigned number, kept_cells& kept, Leaves&& leaves);
  void move_upper_half(table& from, table& to, unsigned number, unsigned depth, kept_cells& kept);

  void make_first_table(unsigned depth);
  directory* grow_directory_locked(unsigned depth) GAUNTLET_REQUIRES(growth_);
  static void publish_table(directory& in, std::uint64_t hash, unsigned depth, table* t);
  // Divides the table of a hash. False: that would be pointless, because its hashes do not spread.
  bool split(std::uint64_t hash);
  void merge_around(std::uint64_t hash) noexcept;
  bool merge_bucket(table& low, table& up, unsigned number, kept_cells& kept) noexcept;
  static unsigned elements_in_slots(const table& t);
  void element_erased(const table* in, std::uint64_t hash, std::uint64_t version, bool bucket_empty) noexcept;

  // -------------------------------------------------------------------------------------------------------- writes.h
  template <class Change>
  void change_value(held& home, const place& at, Change& change);
  template <class K, class Use>
  bool take(const K& key, std::uint64_t hash, taken_out& gone, Use&& use);

  // --------------------------------------------------------------------------------------------------------- reads.h
  struct answer {
    cargo words;
    bool hit;
  };
  template <class K>
  GAUNTLET_ALWAYS_INLINE answer look(const K& key, std::uint64_t hash) const;
  enum class sight : unsigned char { absent, present, unknown };
  template <class K>
  sight look_closely(const K& key, std::uint64_t hash, cargo& words) const;
  template <class Group, class K>
  sight look_in(const Group& group, std::uint64_t tag_word, const K& key, std::uint64_t hash, cargo& words) const;
  template <class K>
  answer look_again(const K& key, std::uint64_t hash) const;
  template <class K, class Use>
  bool read_locked(const K& key, std::uint64_t hash, Use&& use) const;

  // --------------------------------------------------------------------------------------------------------- sweep.h
  template <class AtBucket>
  bool sweep(std::uint64_t first, std::uint64_t last, AtBucket&& at_bucket) const;
  std::uint64_t last_hash_of_table(std::uint64_t hash) const;
  using cargo_list = std::vector<cargo, allocator_of<cargo>>;
  std::uint64_t copy_bucket(std::uint64_t hash, unsigned number, cargo_list& out) const;
  held lock_bucket_of(std::uint64_t hash, unsigned number) const;
  template <class Removed, class AfterBucket>
  std::size_t remove_where(Removed&& removed, AfterBucket&& after_bucket);
  template <class Show>
  static bool show_all(const table& t, unsigned number, Show&& show);
  static std::uint64_t last_hash(std::uint64_t hash, std::uint64_t version) {
    return hash | ~std::uint64_t{0} >> versions::depth(version);
  }

  // --------------------------------------------------------------------------------------------------------- whole.h
  void destroy_everything() noexcept;
  void forget_elements() noexcept;
  bool adopt(const cargo& of, concurrent_buckets& from);
  // Puts cargo in unless refuses(home) says no; says whether it did.
  template <class Refuses>
  bool insert_cargo(std::uint64_t hash, const cargo& of, Refuses&& refuses);

  // --------------------------------------------------------------------------------------------------------- check.h
  class checker;

  alignas(64) std::atomic<directory*> directory_{nullptr};  // read by everybody, written by growth; null: empty
  [[no_unique_address]] hasher hash_;                       // this and the next: constant but in whole.h
  [[no_unique_address]] key_equal equal_;
  [[no_unique_address]] allocator_type allocator_;
  [[no_unique_address]] std::bool_constant<in_words> in_words_;  // no room taken: for debuggers, which know types
  std::uint64_t seed_;

  alignas(64) mutable mutex growth_;
  table* all_tables_ GAUNTLET_GUARDED_BY(growth_) = nullptr;
  table* spare_tables_ GAUNTLET_GUARDED_BY(growth_) = nullptr;
  cell* spare_cells_ GAUNTLET_GUARDED_BY(growth_) = nullptr;
  struct allocated_cell {
    cell content;
    allocated_cell* next = nullptr;
  };
  allocated_cell* all_cells_ GAUNTLET_GUARDED_BY(growth_) = nullptr;
  std::size_t tables_in_use_ GAUNTLET_GUARDED_BY(growth_) = 0;
  std::uint64_t splits_ GAUNTLET_GUARDED_BY(growth_) = 0;
  std::uint64_t merges_ GAUNTLET_GUARDED_BY(growth_) = 0;

  striped_counter<policy::count_stripes> count_;
};

}  // namespace detail
}  // namespace gauntlet

#include <gauntlet/map/detail/concurrent_map/check.h>
#include <gauntlet/map/detail/concurrent_map/growth.h>
#include <gauntlet/map/detail/concurrent_map/memory.h>
#include <gauntlet/map/detail/concurrent_map/reads.h>
#include <gauntlet/map/detail/concurrent_map/sweep.h>
#include <gauntlet/map/detail/concurrent_map/whole.h>
#include <gauntlet/map/detail/concurrent_map/writes.h>
