// What the tests of hash_map share: hashes that steer or misbehave, policies, types that count themselves and throw.
#pragma once

#include <cstdint>
#include <iostream>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <gauntlet/map/hash_map.h>

namespace gauntlet::testing {

using u64 = std::uint64_t;

// ---- hashes, used bit for bit
struct constant_hash {
  using is_avalanching = void;
  std::size_t operator()(u64) const noexcept { return 0x123456789abcdef0; }
};
struct identity_hash {
  using is_avalanching = void;
  std::size_t operator()(u64 key) const noexcept { return key; }
};
// Few directory bits, few groups, few tags.
struct truncated_hash {
  using is_avalanching = void;
  std::size_t operator()(u64 key) const noexcept { return key % 3 << 62 | key % 5 << 20 | key % 2 << 4; }
};
// Good, but full collisions are frequent.
struct paired_hash {
  using is_avalanching = void;
  std::size_t operator()(u64 key) const noexcept { return mix(key / 2, 77); }
};

// ---- policies
struct tiny_portable_policy : tiny_policy {
  static constexpr bool portable_groups = true;
};
struct one_group_policy : tiny_policy {
  static constexpr std::size_t table_groups_max = 1;
};
struct small_policy : tiny_policy {
  static constexpr std::size_t table_groups_max = 8;
  static constexpr std::size_t erases_per_sweep = 16;
};

template <class Key, class T, class Policy = tiny_policy, class Hash = hash<Key>>
using map_with = hash_map<Key, T, Hash, std::equal_to<Key>, std::allocator<std::pair<const Key, T>>, Policy>;

template <class Map>
::testing::AssertionResult healthy(const Map& map) {
  std::ostringstream out;
  if (map.self_check(&out)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << out.str();
}

// ---- faults: the n-th chance to fail from now on is taken
struct fault : std::runtime_error {
  fault() : std::runtime_error("planned fault") {}
};
struct faults {
  static inline long countdown = -1;  // negative: never
  static void chance() {
    if (countdown > 0 && --countdown == 0) {
      countdown = -1;
      throw fault();
    }
  }
};

// Runs the operation with every chance to fail taken in turn; returns how many chances there were.
template <class Operation, class Check>
long with_every_fault(Operation operation, Check check) {
  for (long chance = 1;; ++chance) {
    faults::countdown = chance;
    try {
      operation();
      faults::countdown = -1;
      return chance;
    } catch (const fault&) {
      faults::countdown = -1;
      check();
    }
    if (::testing::Test::HasFatalFailure() || chance > 100000) return chance;
  }
}

// A key or value that counts the living and throws when told. Move says whether its move may throw.
enum class moving { never_throws, may_throw, may_throw_and_no_copy };

template <moving Moving>
struct counted {
  static inline long alive = 0;
  u64 value = 0;
  bool moved_from = false;

  counted() { ++alive; }
  explicit counted(u64 v) : value(v) {
    faults::chance();
    ++alive;
  }
  counted(const counted& other)
    requires(Moving != moving::may_throw_and_no_copy)
      : value(other.value) {
    if (other.moved_from) throw std::logic_error("copy of a moved-from value");
    faults::chance();
    ++alive;
  }
  counted(counted&& other) noexcept(Moving == moving::never_throws) : value(other.value) {
    if constexpr (Moving != moving::never_throws) faults::chance();
    other.moved_from = true;
    ++alive;
  }
  counted& operator=(const counted& other)
    requires(Moving != moving::may_throw_and_no_copy)
  = default;
  counted& operator=(counted&& other) = default;
  ~counted() { --alive; }
  friend bool operator==(const counted& a, const counted& b) { return a.value == b.value; }
};

// Throws when told, so must say that it may.
struct throwing_hash {
  template <moving Moving>
  std::size_t operator()(const counted<Moving>& key) const {
    faults::chance();
    return key.value;
  }
  std::size_t operator()(u64 key) const {
    faults::chance();
    return key;
  }
};
struct throwing_equal {
  template <class Key>
  bool operator()(const Key& a, const Key& b) const {
    faults::chance();
    return a == b;
  }
};

// ---- an allocator with a name, a balance and, if told, no memory
struct memory_account {
  std::size_t bytes = 0, blocks = 0;
  bool exhausted = false;  // every allocation fails
};
template <class T, bool Propagates = false>
struct accounting_allocator {
  using value_type = T;
  using propagate_on_container_copy_assignment = std::bool_constant<Propagates>;
  using propagate_on_container_move_assignment = std::bool_constant<Propagates>;
  using propagate_on_container_swap = std::bool_constant<Propagates>;
  using is_always_equal = std::false_type;
  template <class U>
  struct rebind {
    using other = accounting_allocator<U, Propagates>;
  };
  explicit accounting_allocator(memory_account& of) : account(&of) {}
  template <class U>
  accounting_allocator(const accounting_allocator<U, Propagates>& other) : account(other.account) {}
  T* allocate(std::size_t n) {
    faults::chance();
    if (account->exhausted) throw std::bad_alloc();
    T* const at = static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t(alignof(T))));
    account->bytes += n * sizeof(T);
    ++account->blocks;
    return at;
  }
  void deallocate(T* at, std::size_t n) noexcept {
    account->bytes -= n * sizeof(T);
    --account->blocks;
    ::operator delete(at, std::align_val_t(alignof(T)));
  }
  friend bool operator==(const accounting_allocator& a, const accounting_allocator& b) {
    return a.account == b.account;
  }
  memory_account* account;
};

// ---- an observer that counts
struct counting_observer {
  std::size_t growths = 0, splits = 0, merges = 0, shrinks = 0;
  void on_growth(std::size_t, std::size_t) noexcept { ++growths; }
  void on_split(std::size_t) noexcept { ++splits; }
  void on_merge(std::size_t) noexcept { ++merges; }
  void on_shrink(std::size_t, std::size_t) noexcept { ++shrinks; }
};
template <class Policy>
struct observed : Policy {
  using observer = counting_observer;
};

// Fails every allocation from now on, not one.
struct dry_allocator_state {
  static inline bool dry = false;
};
template <class T>
struct dry_allocator {
  using value_type = T;
  dry_allocator() = default;
  template <class U>
  dry_allocator(const dry_allocator<U>&) {}
  T* allocate(std::size_t n) {
    if (dry_allocator_state::dry) throw std::bad_alloc();
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* at, std::size_t n) { std::allocator<T>().deallocate(at, n); }
  friend bool operator==(dry_allocator, dry_allocator) { return true; }
};

}  // namespace gauntlet::testing
