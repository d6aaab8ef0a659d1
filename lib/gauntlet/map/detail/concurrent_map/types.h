// The types of one concurrent map, and how an element becomes words.
//
// Words. A slot holds *cargo*: as many 64-bit words as an element needs. Moving an element is copying its cargo, which
// never throws and calls nothing of the user's. There are two kinds of map:
//
//   in words   keys and values are trivially copyable and at most 16 bytes each: the cargo is their bytes. Readers copy
//              it without a lock, and take the copy apart once they know that it is whole.
//   in nodes   all others (std::pair and std::tuple, too, which are not trivially copyable): the cargo is the key's hash
//              and a pointer to a node. Readers lock the bucket before they follow the pointer; the hash alone lets them
//              miss without a lock.
//
// The hard case is equality. A reader without a lock has a copy of a key that may have been erased since; if the key is
// a view, what it points to may be gone. So the user's equality is asked only where that cannot matter:
//
//   decided_by_bytes   equal bytes, equal keys, and the other way round: integers, pointers, std::array of such, under
//                      std::equal_to. Nothing is asked.
//   asks_on_copies     equality and hash look at nothing outside the key: floating-point numbers, and whatever the user
//                      says is so (stays_inside_key).
//   suspects           equal bytes are equal keys, for equality is reflexive; of keys with different bytes the hash is
//                      compared (it is kept in the cargo), and if it is equal, too, the reader locks and asks. All other
//                      keys whose bytes all count.
//   asks_under_lock    no byte says anything (padding, floating-point members): a reader that finds the hash locks.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/map_types.h>
#include <gauntlet/map/hash.h>

namespace gauntlet {

// Specialise as true for a key whose hash and equality read the bytes of the key and nothing that these lead to, and do no
// harm where the two halves of a key of 16 bytes come from different keys: readers of a concurrent_map then compare copies
// of such keys without a lock. What they answered about a copy that was not whole is thrown away.
template <class Key, class Hash, class KeyEqual>
inline constexpr bool stays_inside_key = false;

namespace detail {

template <class Key>
inline constexpr bool plain_bytes = std::is_integral_v<Key> || std::is_pointer_v<Key>;
template <class Part, std::size_t Count>
inline constexpr bool plain_bytes<std::array<Part, Count>> = plain_bytes<Part>;

enum class comparing : unsigned char { decided_by_bytes, asks_on_copies, suspects, asks_under_lock };

// What a look at a slot can say about a key without a lock.
enum class resemblance : unsigned char { none, equal, unknown };

template <class Key, class T, class Hash, class KeyEqual, class Allocator, class Policy>
struct concurrent_types {
  using key_type = Key;
  using mapped_type = T;
  using value_type = std::pair<const Key, T>;
  using hasher = Hash;
  using key_equal = KeyEqual;
  using allocator_type = Allocator;
  using allocator_traits = std::allocator_traits<Allocator>;
  using policy = Policy;

  static constexpr std::size_t bytes_in_words_max = 16;
  template <class X>
  static constexpr bool fits_words = std::is_trivially_copyable_v<X> && std::is_copy_constructible_v<X> &&
                                     std::is_trivially_destructible_v<X> && sizeof(X) <= bytes_in_words_max;
  static constexpr bool in_words = fits_words<Key> && fits_words<T>;

  static constexpr bool any_bytes_are_a_value =
      (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) || std::is_pointer_v<T>;

  static constexpr bool standard_equal =
      std::is_same_v<KeyEqual, std::equal_to<Key>> || std::is_same_v<KeyEqual, std::equal_to<>>;
  static constexpr comparing compares() {
    if constexpr (standard_equal && plain_bytes<Key> && std::has_unique_object_representations_v<Key>) {
      return comparing::decided_by_bytes;
    } else if constexpr (stays_inside_key<Key, Hash, KeyEqual> || (standard_equal && std::is_floating_point_v<Key>)) {
      return comparing::asks_on_copies;
    } else if constexpr (std::has_unique_object_representations_v<Key>) {
      return comparing::suspects;
    } else {
      return comparing::asks_under_lock;
    }
  }

  // Making a node anew from another one's contents cannot fail half-way.
  static constexpr bool moves_whole =
      std::is_nothrow_move_constructible_v<Key> && std::is_nothrow_move_constructible_v<T>;

  static constexpr bool hash_cannot_throw =
      map_types<Key, T, Hash, KeyEqual, Allocator, typename Policy::map_policy>::hash_cannot_throw();
  static constexpr bool standard_hash =
      std::is_same_v<Hash, gauntlet::hash<Key>> || std::is_same_v<Hash, std::hash<Key>> || std::is_arithmetic_v<Key>;
  // Whether an element's hash is computed again from its key when it moves, or kept beside it.
  static constexpr bool keeps_hash =
      !(in_words && hash_cannot_throw &&
        (stays_inside_key<Key, Hash, KeyEqual> ||
         (standard_hash && (compares() == comparing::decided_by_bytes || compares() == comparing::asks_on_copies))));

  template <class K>
  static GAUNTLET_ALWAYS_INLINE std::uint64_t hash(const Hash& hash, const K& key, std::uint64_t seed) {
    if constexpr (avalanching<Hash>) {
      return static_cast<std::uint64_t>(hash(key));
    } else {
      return seeded_hash(hash, key, seed);
    }
  }

  struct node {
    explicit node() {}
    ~node() {}
    union {
      value_type element;
    };
  };

  // ------------------------------------------------------------------------------------------------------- the cargo
  static constexpr unsigned words_of(std::size_t bytes) { return static_cast<unsigned>((bytes + 7) / 8); }
  static constexpr unsigned hash_words = keeps_hash ? 1 : 0;
  static constexpr unsigned key_words = in_words ? words_of(sizeof(Key)) : 1;
  static constexpr unsigned value_words = in_words ? words_of(sizeof(T)) : 0;
  static constexpr unsigned words = hash_words + key_words + value_words;
  using cargo = std::array<std::uint64_t, words>;

  template <class X>
  static GAUNTLET_ALWAYS_INLINE X from_words(const std::uint64_t* at) {
    struct raw {
      unsigned char bytes[sizeof(X)];
    } bytes;
    std::memcpy(bytes.bytes, at, sizeof(X));
    return std::bit_cast<X>(bytes);
  }
  template <class X>
  static GAUNTLET_ALWAYS_INLINE void to_words(std::uint64_t* at, const X& x) {
    std::memcpy(at, static_cast<const void*>(&x), sizeof(X));
  }

  static GAUNTLET_ALWAYS_INLINE cargo pack(std::uint64_t hash, const Key& key, const T& value)
    requires in_words
  {
    cargo made{};
    if constexpr (keeps_hash) made[0] = hash;
    to_words(&made[hash_words], key);
    to_words(&made[hash_words + key_words], value);
    return made;
  }
  static cargo pack(std::uint64_t hash, node* at) { return {hash, reinterpret_cast<std::uintptr_t>(at)}; }

  static Key key_of(const cargo& of)
    requires in_words
  {
    return from_words<Key>(&of[hash_words]);
  }
  static T value_of(const cargo& of)
    requires in_words
  {
    return from_words<T>(&of[hash_words + key_words]);
  }
  static void replace_value(cargo& of, const T& value)
    requires in_words
  {
    for (unsigned i = 0; i < value_words; ++i) of[hash_words + key_words + i] = 0;
    to_words(&of[hash_words + key_words], value);
  }
  // Gives `of` the key of `there`, which is equal, if `hit` is one; nothing if it is zero. No branch.
  static GAUNTLET_ALWAYS_INLINE void keep_key([[maybe_unused]] cargo& of, [[maybe_unused]] const cargo& there,
                                              [[maybe_unused]] std::uint64_t hit)
    requires in_words
  {
    // In all other kinds a look that says `equal` has seen equal bytes.
    if constexpr (compares() == comparing::asks_on_copies) {
      for (unsigned i = hash_words; i < hash_words + key_words; ++i) of[i] ^= (of[i] ^ there[i]) & (0 - hit);
    }
  }
  static value_type& element_of(const cargo& of)
    requires(!in_words)
  {
    return reinterpret_cast<node*>(static_cast<std::uintptr_t>(of[1]))->element;
  }
  static node* node_of(const cargo& of)
    requires(!in_words)
  {
    return reinterpret_cast<node*>(static_cast<std::uintptr_t>(of[1]));
  }

  // Never throws: a hash that may is kept.
  static std::uint64_t hash_of(const cargo& of, const Hash& functor, std::uint64_t seed) noexcept {
    if constexpr (keeps_hash) {
      return of[0];
    } else {
      return hash(functor, key_of(of), seed);
    }
  }

  // Without a lock, and perhaps of cargo that is no longer whole: the caller finds that out afterwards.
  template <class K>
  static GAUNTLET_ALWAYS_INLINE resemblance resembles(const cargo& of, std::uint64_t hash, const K& key,
                                                      [[maybe_unused]] const KeyEqual& equal) {
    if constexpr (in_words && std::is_same_v<K, Key>) {
      if constexpr (compares() == comparing::asks_on_copies) {
        return equal(key_of(of), key) ? resemblance::equal : resemblance::none;
      } else if constexpr (compares() != comparing::asks_under_lock) {
        std::array<std::uint64_t, key_words> wanted{};
        to_words(wanted.data(), key);
        std::uint64_t difference = 0;
        for (unsigned i = 0; i < key_words; ++i) difference |= wanted[i] ^ of[hash_words + i];
        if (difference == 0) return resemblance::equal;
        if constexpr (compares() == comparing::decided_by_bytes) return resemblance::none;
      }
    }
    if constexpr (keeps_hash) {
      if (of[0] != hash) return resemblance::none;
    }
    return resemblance::unknown;
  }
  // Under the bucket's lock.
  template <class K>
  static bool is_of(const cargo& of, std::uint64_t hash, const K& key, const KeyEqual& equal) {
    if constexpr (keeps_hash) {
      if (of[0] != hash) return false;
    }
    if constexpr (in_words) {
      return equal(key_of(of), key);
    } else {
      return equal(std::as_const(element_of(of).first), key);
    }
  }
};

}  // namespace detail
}  // namespace gauntlet
