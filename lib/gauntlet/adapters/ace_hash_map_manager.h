// ACE_Hash_Map_Manager_Ex (ACE 7.0.8) before the judge: a table of lists whose number of buckets never changes, behind the
// lock that it is made with. Each operation takes that lock, a lookup as a reader; judged is that operations are
// linearizable. Its iterators take no lock: a walk holds the map's own, as its documentation says (`mutex()`).
//
// With three buckets, so that elements share them. Hash and equality are default-constructed by the map: the judge's hash
// is handed over by the thread that makes it. It answers by numbers and does not throw: where memory is missing, bind()
// gives -1 and says ENOMEM, which is thrown here.
//
// Three things are known to be wrong, and not asked:
//
// - current_size() reads the number of elements under no lock, and nothing says so: a data race beside any writer
//   (corpus/concurrent_schedule/regression/size_beside_an_insertion.ops).
// - bind_i() and trybind_i() make the entry in memory that nobody owns: when a copy throws, it is never given back
//   (corpus/concurrent_schedule/regression/insertion_whose_copy_throws.ops).
// - rebind(key, value, entry) leaves `entry` as it was where the key is new, though it is said to be the new entry's
//   (corpus/hash_map_operations/regression/assignment_of_a_new_key.ops).
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include <ace/Hash_Map_Manager_T.h>
#include <ace/Malloc_Allocator.h>
#include <ace/Null_Mutex.h>
#include <ace/RW_Thread_Mutex.h>
#include <ace/Thread_Mutex.h>

#include <gauntlet/check/run/concurrent_subject.h>

namespace gauntlet::adapters {

// ACE's allocator, which takes its memory from the judge's: a block remembers its size in front of itself.
template <class Allocator>
class ace_allocator final : public ACE_New_Allocator {
  struct alignas(std::max_align_t) unit {
    std::size_t units;
  };
  using units = typename std::allocator_traits<Allocator>::template rebind_alloc<unit>;

 public:
  explicit ace_allocator(const Allocator& from) : from_(from) {}
  void* malloc(std::size_t bytes) override {
    const std::size_t count = 1 + (bytes + sizeof(unit) - 1) / sizeof(unit);
    try {
      unit* const block = from_.allocate(count);
      ::new (block) unit{count};
      return block + 1;
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  void free(void* block) override {
    if (block == nullptr) return;
    unit* const front = static_cast<unit*>(block) - 1;
    from_.deallocate(front, front->units);
  }

 private:
  units from_;
};

// Its operations under the names that the judge asks for.
template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Lock>
class ace_table {
  struct hash_key : Hash {
    hash_key() : Hash(asked) {}
    inline static thread_local Hash asked{};
  };
  using map = ACE_Hash_Map_Manager_Ex<Key, T, hash_key, KeyEqual, Lock>;

 public:
  ace_table(const Hash& hash, const KeyEqual&, const Allocator& allocator) : memory_(allocator) {
    hash_key::asked = hash;
    map_.emplace(std::size_t{3}, &memory_);
    if (map_->total_size() == 0) throw std::bad_alloc();
  }

  std::optional<T> find(const Key& key) const {
    T value{};
    return map_->find(key, value) == 0 ? std::optional<T>(std::move(value)) : std::nullopt;
  }
  bool contains(const Key& key) const { return map_->find(key) == 0; }
  bool insert(const Key& key, const T& value) { return fresh(map_->bind(key, value)); }
  std::pair<T, bool> load_or_store(const Key& key, const T& value) {
    T there(value);
    const bool was_there = !fresh(map_->trybind(key, there));
    return {std::move(there), was_there};
  }
  bool insert_or_assign(const Key& key, const T& value) { return fresh(map_->rebind(key, value)); }
  std::optional<T> swap(const Key& key, const T& value) {
    T before{};
    return fresh(map_->rebind(key, value, before)) ? std::nullopt : std::optional<T>(std::move(before));
  }
  bool erase(const Key& key) { return map_->unbind(key) == 0; }
  std::optional<T> extract(const Key& key) {
    T value{};
    return map_->unbind(key, value) == 0 ? std::optional<T>(std::move(value)) : std::nullopt;
  }
  void clear() { map_->unbind_all(); }
  std::size_t size() const { return map_->current_size(); }
  template <class Function>
  void for_each(Function show) const {
    ACE_Read_Guard<Lock> held(map_->mutex());
    for (auto at = map_->begin(); at != map_->end(); ++at) show((*at).key(), (*at).item());
  }

 private:
  // 0: is new; 1: was there.
  static bool fresh(int answer) {
    if (answer == -1) throw std::bad_alloc();
    return answer == 0;
  }
  mutable ace_allocator<Allocator> memory_;
  mutable std::optional<map> map_;
};

struct ace_contracts {
  static constexpr bool fails_as_promised(check::opcode code, check::fault_kind kind) {
    const bool inserts = code == check::opcode::insert_copy || code == check::opcode::try_emplace ||
                         code == check::opcode::insert_or_assign;
    return !inserts || kind != check::fault_kind::copy;
  }
  static constexpr check::contract contract_of(check::opcode code) {
    using check::opcode;
    switch (code) {
      case opcode::find:
      case opcode::contains:
      case opcode::insert_copy:
      case opcode::try_emplace:
      case opcode::insert_or_assign:
      case opcode::erase_key:
      case opcode::extract_key:
      case opcode::clear:
      case opcode::walk:
        return check::contract::linearizable;
      default:
        return check::contract::unsupported;
    }
  }
};

template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct ace_hash_map_manager : ace_contracts {
  using map_type = ace_table<Key, T, Hash, KeyEqual, Allocator, ACE_RW_Thread_Mutex>;
  static constexpr std::string_view name = "ace_hash_map_manager";
};
template <class Key, class T, class Hash, class KeyEqual, class Allocator>
struct ace_hash_map_manager_mutex : ace_contracts {
  using map_type = ace_table<Key, T, Hash, KeyEqual, Allocator, ACE_Thread_Mutex>;
  static constexpr std::string_view name = "ace_hash_map_manager_mutex";
};

// The same map for one thread, by the minimal adapter; asked by the entries that its operations pass back, too.
struct ace_hash_map_manager_null_mutex {
  using map_type = ACE_Hash_Map_Manager<std::uint64_t, std::uint64_t, ACE_Null_Mutex>;
  using entry = map_type::ENTRY;
  static constexpr std::string_view name = "ace_hash_map_manager_null_mutex";
  static bool insert(map_type& m, std::uint64_t key, std::uint64_t value) {
    entry* at = nullptr;
    const bool fresh = m.bind(key, value, at) == 0;
    return fresh && at->key() == key && at->item() == value;
  }
  static bool assign(map_type& m, std::uint64_t key, std::uint64_t value) {
    entry* at = nullptr;
    return m.rebind(key, value, at) == 0 || at->item() != value;
  }
  static std::optional<std::uint64_t> find(const map_type& m, std::uint64_t key) {
    map_type::iterator at(const_cast<map_type&>(m));
    m.find(key, at);
    return at == const_cast<map_type&>(m).end() ? std::nullopt : std::optional<std::uint64_t>((*at).item());
  }
  static bool erase(map_type& m, std::uint64_t key) {
    map_type::iterator at(m);
    m.find(key, at);
    return at != m.end() && m.unbind(at) == 0;
  }
  static std::size_t size(const map_type& m) { return m.current_size(); }
  static void clear(map_type& m) { m.unbind_all(); }
  static void for_each(const map_type& m, auto show) {
    for (auto at = m.begin(); at != m.end(); ++at) show((*at).key(), (*at).item());
  }
};

}  // namespace gauntlet::adapters
