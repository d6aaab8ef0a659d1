// The types of one map, and what may be assumed of them: how elements are stored, made, moved and hashed.
//
// An element moves from slot to slot by its move constructor (trivial ones by memcpy), never through the allocator's
// construct: a moved element keeps its allocator. Three kinds of types follow from what their constructors promise:
//
//   moves in place     the move cannot throw
//   copies first       the move may throw but a copy can be made: restructuring builds new tables, then commits
//   loses on failure   the move may throw and there is no copy: an element whose move throws is lost, the map stays
//                      sound
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <gauntlet/map/detail/group.h>
#include <gauntlet/map/detail/memory.h>
#include <gauntlet/map/hash.h>

namespace gauntlet::detail {

template <class Hash>
concept avalanching = requires { typename Hash::is_avalanching; } &&
                      !requires { requires std::same_as<typename Hash::is_avalanching, std::false_type>; };

template <class Callable>
concept transparent = requires { typename Callable::is_transparent; };

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
struct map_types {
  using key_type = Key;
  using mapped_type = T;
  using value_type = std::pair<const Key, T>;
  using hasher = Hash;
  using key_equal = KeyEqual;
  using policy = Policy;
  using allocator_type = Allocator;
  using allocator_traits = std::allocator_traits<Allocator>;
  using group = std::conditional_t<Policy::portable_groups, portable_group, fastest_group>;

  struct slot {
    alignas(value_type) unsigned char bytes[sizeof(value_type)];
    GAUNTLET_ALWAYS_INLINE value_type* address() noexcept { return reinterpret_cast<value_type*>(bytes); }
    GAUNTLET_ALWAYS_INLINE value_type& value() noexcept { return *std::launder(address()); }
    GAUNTLET_ALWAYS_INLINE const Key& key() noexcept { return value().first; }
  };
  struct memory : block_memory<Allocator, (alignof(value_type) > 16 ? alignof(value_type) : 16)> {};

  static constexpr bool is_trivial() { return std::is_trivially_copyable_v<Key> && std::is_trivially_copyable_v<T>; }
  static constexpr bool is_copyable() { return std::is_copy_constructible_v<Key> && std::is_copy_constructible_v<T>; }
  static constexpr bool moves_in_place() {
    return std::is_nothrow_move_constructible_v<Key> && std::is_nothrow_move_constructible_v<T>;
  }
  static constexpr bool copies_first() { return !moves_in_place() && is_copyable(); }
  static constexpr bool loses_on_failure() { return !moves_in_place() && !is_copyable(); }
  static constexpr bool hash_cannot_throw() {
    if constexpr (!avalanching<Hash> && has_seeded_call<Hash, Key>) {
      return noexcept(std::declval<const Hash&>()(std::declval<const Key&>(), std::uint64_t{}));
    } else {
      return noexcept(std::declval<const Hash&>()(std::declval<const Key&>()));
    }
  }
  // Moves what moves in place and copies what can be copied instead: std::move_if_noexcept, decided for an element as a
  // whole. Were each part to decide for itself, the key would have left when the copy of its value throws.
  template <class Part>
  static GAUNTLET_ALWAYS_INLINE constexpr decltype(auto) moved_or_copied(Part& part) noexcept {
    if constexpr (copies_first()) {
      return std::as_const(part);
    } else {
      return std::move(part);
    }
  }
  static constexpr bool allocator_constructs() {
    return requires(Allocator& a, value_type* at, const value_type& from) { a.construct(at, from); };
  }

  template <class K>
  static GAUNTLET_ALWAYS_INLINE std::uint64_t hash(const Hash& hash, const K& key, std::uint64_t seed) {
    if constexpr (avalanching<Hash>) {
      return static_cast<std::uint64_t>(hash(key));
    } else {
      return seeded_hash(hash, key, seed);
    }
  }

  template <class... Arguments>
  static GAUNTLET_ALWAYS_INLINE void construct(Allocator& allocator, slot& at, Arguments&&... arguments) {
    allocator_traits::construct(allocator, at.address(), std::forward<Arguments>(arguments)...);
  }
  static GAUNTLET_ALWAYS_INLINE void destroy(Allocator& allocator, slot& at) noexcept {
    allocator_traits::destroy(allocator, &at.value());
  }
  // Moves an element to a raw slot and ends the old one. If the move throws, the old one is still there.
  static GAUNTLET_ALWAYS_INLINE void relocate(slot& to, slot& from) noexcept(moves_in_place()) {
    if constexpr (is_trivial()) {
      std::memcpy(static_cast<void*>(&to), &from, sizeof(slot));
    } else {
      value_type& old = from.value();
      ::new (static_cast<void*>(to.bytes)) value_type(std::move(const_cast<Key&>(old.first)), std::move(old.second));
      old.~value_type();
    }
  }
};
}  // namespace gauntlet::detail
