// ck_ht of Concurrency Kit (0.7.1) before the judge: open addressing in cache lines, one writer at a time, readers without
// a lock, who look again when a counter of deletions has moved. Writers share a mutex here. Once with keys that are words
// (CK_HT_MODE_DIRECT), and once with keys that are bytes somewhere else (CK_HT_MODE_BYTESTRING).
//
// A table that has been replaced, and bytes that were a key, are kept until the map goes: readers may be in them. A key
// that is a word must be neither 0 nor ~0: those two are stored as others.
//
// Its documentation calls get safe beside one writer, count not; nothing says so of its iterator.
//
// It comes compiled, and its atomic operations are assembly: under control each of its operations is one step, and only
// what the adapter does besides can be interleaved. ThreadSanitizer sees as little. Of keys that are bytes both see how
// they are written and compared, and not what orders that: to them it is a race, which ThreadSanitizer lets pass with the
// suppression `called_from_lib:libck.so.0`.
//
// Two things are known to be wrong:
//
// - put takes the first tombstone on its way, though the key stands behind it: the key is there twice
//   (corpus/hash_map_operations/regression/insertion_before_its_own_key.ops). So a put is preceded by a lookup here.
// - set moves a key that it finds behind a tombstone into its place. It is to count a deletion first, and looks for the
//   tombstone where the value is (`priority->value == CK_HT_KEY_TOMBSTONE`), so that it does not: a reader that has seen
//   the key that was there gives it the value of the one that is moved
//   (corpus/concurrent_schedule/regression/value_of_another_key.ops, which shows it where ck_ht.c is compiled for
//   control, with atomics of the compiler's). So a set is preceded by a gc here, which leaves no tombstone on its way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string_view>
#include <type_traits>

extern "C" {
#include <ck_ht.h>
}

#include <gauntlet/check/run/concurrent_subject.h>

namespace gauntlet::adapters {

// Its operations under the names that the judge asks for. Key and T are numbers.
template <class Hash, class Allocator, bool IsBytes>
class ck_ht_table {
  struct alignas(std::max_align_t) unit {
    unit* next;
    std::size_t units;
  };
  using units = typename std::allocator_traits<Allocator>::template rebind_alloc<unit>;
  using number = std::uint64_t;

 public:
  ck_ht_table(const Hash& hash, const Allocator& allocator) : hash_(hash), from_(allocator) {
    const writing now(*this);
    if (!ck_ht_init(&table_, IsBytes ? CK_HT_MODE_BYTESTRING : CK_HT_MODE_DIRECT, &hash_of, &functions_, 2, seed())) {
      throw std::bad_alloc();
    }
  }
  ck_ht_table(const ck_ht_table&) = delete;
  ck_ht_table& operator=(const ck_ht_table&) = delete;
  ~ck_ht_table() {
    {
      const writing now(*this);
      ck_ht_destroy(&table_);
    }
    while (later_ != nullptr) {
      unit* const block = later_;
      later_ = block->next;
      give_back(block);
    }
  }

  std::optional<number> find(number key) const {
    ck_ht_entry_t entry;
    name(entry, &key, key);
    if (!ck_ht_get_spmc(&table_, hashed(key), &entry)) return std::nullopt;
    return value_of(entry);
  }
  bool contains(number key) const { return find(key).has_value(); }
  bool insert(number key, number value) {
    const writing now(*this);
    if (find(key)) return false;
    ck_ht_entry_t entry;
    fill(entry, key, value);
    if (ck_ht_put_spmc(&table_, hashed(key), &entry)) return true;
    if (!find(key)) throw std::bad_alloc();
    return false;
  }
  // What was there.
  std::optional<number> swap(number key, number value) {
    const writing now(*this);
    ck_ht_entry_t entry;
    fill(entry, key, value);
    ck_ht_gc(&table_, 0, 0);
    if (!ck_ht_set_spmc(&table_, hashed(key), &entry)) throw std::bad_alloc();
    return ck_ht_entry_empty(&entry) ? std::nullopt : std::optional<number>(value_of(entry));
  }
  bool insert_or_assign(number key, number value) { return !swap(key, value); }
  std::optional<number> extract(number key) {
    const writing now(*this);
    ck_ht_entry_t entry;
    name(entry, &key, key);
    if (!ck_ht_remove_spmc(&table_, hashed(key), &entry)) return std::nullopt;
    return value_of(entry);
  }
  bool erase(number key) { return extract(key).has_value(); }
  void clear() {
    const writing now(*this);
    if (!ck_ht_reset_spmc(&table_)) throw std::bad_alloc();
  }
  // Tidies the whole table.
  void gc() {
    const writing now(*this);
    ck_ht_gc(&table_, 0, 0);
  }
  std::size_t size() const { return ck_ht_count(&table_); }
  template <class Function>
  void for_each(Function show) const {
    ck_ht_iterator_t at = CK_HT_ITERATOR_INITIALIZER;
    for (ck_ht_entry_t* entry = nullptr; ck_ht_next(&table_, &at, &entry);) show(key_of(*entry), value_of(*entry));
  }

 private:
  // The allocator's functions are told of no table: they take that of the thread's writer.
  class writing {
   public:
    explicit writing(ck_ht_table& table) : lock_(table.mutex_) { current_ = &table; }

   private:
    std::unique_lock<std::mutex> lock_;
  };
  inline static thread_local ck_ht_table* current_ = nullptr;

  unit* get(std::size_t bytes) {
    const std::size_t count = 1 + (bytes + sizeof(unit) - 1) / sizeof(unit);
    unit* const block = from_.allocate(count);
    ::new (block) unit{nullptr, count};
    return block;
  }
  void give_back(unit* block) { from_.deallocate(block, block->units); }
  void keep(unit* block) {
    block->next = later_;
    later_ = block;
  }
  static void* ck_malloc(std::size_t bytes) {
    try {
      return current_->get(bytes) + 1;
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  static void ck_free(void* memory, std::size_t, bool is_read) {
    unit* const block = static_cast<unit*>(memory) - 1;
    if (is_read) {
      current_->keep(block);
    } else {
      current_->give_back(block);
    }
  }

  std::uint64_t seed() const { return reinterpret_cast<std::uintptr_t>(&hash_); }
  // No key may be 0, nor ~0 (a tombstone): those two trade places with words that nobody asks for.
  static std::uintptr_t word_of(number key) {
    if (key == 0) return first_for_others;
    return key == ~number{0} ? second_for_others : key;
  }
  static number number_of(std::uintptr_t word) {
    if (word == first_for_others) return 0;
    return word == second_for_others ? ~number{0} : word;
  }
  static constexpr std::uintptr_t first_for_others = 0x5eed0f00d1e5e111;
  static constexpr std::uintptr_t second_for_others = 0x5eed0f00d1e5e222;

  static void hash_of(ck_ht_hash_t* hash, const void* key, std::size_t, std::uint64_t seed) {
    number word = 0;
    std::memcpy(&word, key, sizeof word);
    if constexpr (!IsBytes) word = number_of(word);
    hash->value = (*reinterpret_cast<const Hash*>(static_cast<std::uintptr_t>(seed)))(word);
  }
  ck_ht_hash_t hashed(number key) const {
    ck_ht_hash_t hash;
    if constexpr (IsBytes) {
      ck_ht_hash(&hash, &table_, &key, sizeof key);
    } else {
      ck_ht_hash_direct(&hash, &table_, word_of(key));
    }
    return hash;
  }
  static void name(ck_ht_entry_t& entry, const number* where, number key) {
    if constexpr (IsBytes) {
      ck_ht_entry_key_set(&entry, where, sizeof key);
    } else {
      ck_ht_entry_key_set_direct(&entry, word_of(key));
    }
  }
  void fill(ck_ht_entry_t& entry, number key, number value) {
    if constexpr (IsBytes) {
      unit* const block = get(sizeof key);
      keep(block);
      ck_ht_entry_set(&entry, hashed(key), ::new (block + 1) number(key), sizeof key, reinterpret_cast<void*>(value));
    } else {
      ck_ht_entry_set_direct(&entry, hashed(key), word_of(key), value);
    }
  }
  static number key_of(ck_ht_entry_t& entry) {
    if constexpr (IsBytes) {
      return *static_cast<const number*>(ck_ht_entry_key(&entry));
    } else {
      return number_of(ck_ht_entry_key_direct(&entry));
    }
  }
  static number value_of(ck_ht_entry_t& entry) {
    return IsBytes ? reinterpret_cast<number>(ck_ht_entry_value(&entry)) : ck_ht_entry_value_direct(&entry);
  }

  Hash hash_;
  units from_;
  unit* later_ = nullptr;
  std::mutex mutex_;
  ::ck_malloc functions_{&ck_malloc, nullptr, &ck_free};
  mutable ck_ht_t table_;
};

struct ck_ht_contracts {
  static constexpr check::contract contract_of(check::opcode code) {
    using check::opcode;
    switch (code) {
      case opcode::find:
      case opcode::contains:
      case opcode::insert_copy:
      case opcode::insert_or_assign:
      case opcode::erase_key:
      case opcode::extract_key:
      case opcode::clear:
        return check::contract::linearizable;
      default:
        return check::contract::unsupported;
    }
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator, bool IsBytes>
struct ck_ht_adapter : ck_ht_contracts {
  using map_type = ck_ht_table<Hash, Allocator, IsBytes>;
  static std::unique_ptr<map_type> make(const Hash& hash, const KeyEqual&, const Allocator& allocator) {
    return std::make_unique<map_type>(hash, allocator);
  }
};
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct ck_ht_direct : ck_ht_adapter<Key, T, Hash, KeyEqual, Allocator, false> {
  static constexpr std::string_view name = "ck_ht_direct";
};
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct ck_ht_bytestring : ck_ht_adapter<Key, T, Hash, KeyEqual, Allocator, true> {
  static constexpr std::string_view name = "ck_ht_bytestring";
  static constexpr bool has_a_known_race = true;  // none, but it looks like one
};

// The same for one thread, by the minimal adapter.
struct ck_ht_hash {
  std::size_t operator()(std::uint64_t key) const { return key * 0x9e3779b97f4a7c15U >> 7; }
};
template <bool IsBytes>
struct ck_ht_alone {
  struct map_type : ck_ht_table<ck_ht_hash, std::allocator<std::uint64_t>, IsBytes> {
    map_type() : ck_ht_table<ck_ht_hash, std::allocator<std::uint64_t>, IsBytes>({}, {}) {}
  };
  static constexpr std::string_view name = IsBytes ? "ck_ht_bytestring_alone" : "ck_ht_direct_alone";
  static bool insert(map_type& m, std::uint64_t key, std::uint64_t value) { return m.insert(key, value); }
  static bool assign(map_type& m, std::uint64_t key, std::uint64_t value) { return m.insert_or_assign(key, value); }
  static std::optional<std::uint64_t> find(const map_type& m, std::uint64_t key) { return m.find(key); }
  static bool erase(map_type& m, std::uint64_t key) {
    if (key % 4 == 3) m.gc();
    return m.erase(key);
  }
  static std::size_t size(const map_type& m) { return m.size(); }
  static void clear(map_type& m) { m.clear(); }
  static void for_each(const map_type& m, auto show) { m.for_each(show); }
};

}  // namespace gauntlet::adapters
