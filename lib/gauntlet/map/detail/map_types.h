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

// std::is_copy_constructible believes a container, which promises copies whatever its elements are; so they are asked
// too. Depth ends what looks like a container of itself.
template <class T, unsigned Depth = 4>
struct can_be_copied : std::is_copy_constructible<T> {};
template <class T, unsigned Depth>
  requires(Depth > 0 &&
           requires {
             typename T::value_type;
             requires std::same_as<typename T::reference, typename T::value_type&>;
           })
struct can_be_copied<T, Depth>
    : std::conjunction<std::is_copy_constructible<T>, can_be_copied<typename T::value_type, Depth - 1>> {};
template <class A, class B, unsigned Depth>
struct can_be_copied<std::pair<A, B>, Depth> : std::conjunction<can_be_copied<A, Depth>, can_be_copied<B, Depth>> {};

// Would uses-allocator construction hand the allocator to such an object?
template <class T, class Allocator>
struct reached_by_allocator : std::uses_allocator<T, Allocator> {};
template <class A, class B, class Allocator>
struct reached_by_allocator<std::pair<A, B>, Allocator>
    : std::disjunction<reached_by_allocator<A, Allocator>, reached_by_allocator<B, Allocator>> {};
template <class T, class Allocator>
  requires(!std::same_as<typename Allocator::inner_allocator_type, Allocator>)
struct reached_by_allocator<T, Allocator>
    : std::disjunction<std::uses_allocator<T, Allocator>,
                       reached_by_allocator<T, typename Allocator::inner_allocator_type>> {};

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
  static constexpr bool is_copyable() { return can_be_copied<Key>::value && can_be_copied<T>::value; }
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
  // Does a key or value made by the allocator keep it, as those of std::pmr do?
  static constexpr bool allocator_reaches_parts() {
    return allocator_constructs() && reached_by_allocator<std::pair<Key, T>, Allocator>::value;
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
