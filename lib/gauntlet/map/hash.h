// gauntlet::hash: the hash functions the maps use unless told otherwise.
//
// A map never uses a 64-bit hash as it comes: every map has a secret seed, and every hash is mixed with it (mix below),
// so that a hash that is the identity is good enough, and so that nobody who chooses keys can choose where they land.
// For strings and all that has parts (pairs, tuples, vectors, arrays, optionals, variants) mixing at the end would be too
// late: two keys whose unseeded hashes are equal stay equal. Their hashes therefore start from the seed. Two forms of call say this:
//
//   hash<K>{}(key)        a plain 64-bit value, for use outside the maps; may be the identity
//   hash<K>{}(key, seed)  the form the maps prefer: every bit depends on every bit of key and seed
//
// The building block is the 128-bit product of two words folded to 64 bits. A factor of zero would erase the other
// factor: no factor is ever chosen by the key alone, each is combined with secret bits first.
//
// A hash type that declares `using is_avalanching = void` (or std::true_type) is used by the maps bit for bit, without
// a seed: the author vouches for it. Tests use this to choose a key's directory, group and tag bits.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gauntlet/map/detail/attributes.h>

namespace gauntlet {

namespace detail {

__extension__ using uint128 = unsigned __int128;

inline constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;

GAUNTLET_ALWAYS_INLINE constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const uint128 product = static_cast<uint128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class Word>
GAUNTLET_ALWAYS_INLINE std::uint64_t load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

}  // namespace detail

// Makes every bit of a 64-bit value count, under a seed. O(1), never throws.
GAUNTLET_ALWAYS_INLINE constexpr std::uint64_t mix(std::uint64_t value, std::uint64_t seed) noexcept {
  return detail::fold(value ^ seed, detail::golden);
}

// Hashes bytes under a seed. O(length), never throws.
GAUNTLET_ALWAYS_INLINE std::uint64_t hash_bytes(const char* at, std::size_t length, std::uint64_t seed) noexcept {
  using detail::fold, detail::load;
  const std::uint64_t left = seed ^ 0xa0761d6478bd642f, right = std::rotl(seed, 32) ^ 0xe7037ed1a0b428db;
  std::uint64_t a = 0, b = 0, state = right ^ length;
  if (GAUNTLET_LIKELY(length <= 16)) {
    if (length >= 8) {
      a = load<std::uint64_t>(at), b = load<std::uint64_t>(at + length - 8);
    } else if (length >= 4) {
      a = load<std::uint32_t>(at), b = load<std::uint32_t>(at + length - 4);
    } else if (length != 0) {
      a = load<unsigned char>(at) | load<unsigned char>(at + length / 2) << 8 |
          load<unsigned char>(at + length - 1) << 16;
    }
  } else {
    const char* const end = at + length;
    for (; end - at > 32; at += 32) {
      state = fold(load<std::uint64_t>(at) ^ left, load<std::uint64_t>(at + 8) ^ state) ^
              fold(load<std::uint64_t>(at + 16) ^ right, load<std::uint64_t>(at + 24) ^ state);
    }
    if (end - at > 16) state = fold(load<std::uint64_t>(at) ^ left, load<std::uint64_t>(at + 8) ^ state);
    a = load<std::uint64_t>(end - 16), b = load<std::uint64_t>(end - 8);
  }
  return fold(fold(a ^ left, b ^ state) ^ seed, detail::golden);
}

// Falls back to std::hash where that is enabled. A key that has neither leaves this empty, which the map reports.
template <class Key>
struct hash {
  std::size_t operator()(const Key& key) const noexcept(noexcept(std::hash<Key>{}(key)))
    requires requires {
      { std::hash<Key>{}(key) } -> std::convertible_to<std::size_t>;
    }
  {
    return std::hash<Key>{}(key);
  }
};

template <class Key>
  requires std::integral<Key> || std::is_enum_v<Key>
struct hash<Key> {
  constexpr std::size_t operator()(Key key) const noexcept { return static_cast<std::size_t>(key); }
};

template <class Pointee>
struct hash<Pointee*> {
  std::size_t operator()(Pointee* key) const noexcept { return reinterpret_cast<std::uintptr_t>(key); }
};

// Strings of any traits and allocator, views and literals hash alike: lookup needs no temporary string.
struct string_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const noexcept { return hash_bytes(key.data(), key.size(), 0); }
  GAUNTLET_ALWAYS_INLINE std::uint64_t operator()(std::string_view key, std::uint64_t seed) const noexcept {
    return hash_bytes(key.data(), key.size(), seed);
  }
};
template <class Allocator>
struct hash<std::basic_string<char, std::char_traits<char>, Allocator>> : string_hash {};
template <>
struct hash<std::string_view> : string_hash {};

namespace detail {

template <class Hash, class Key>
concept has_seeded_call = requires(const Hash& hash, const Key& key, std::uint64_t seed) {
  { hash(key, seed) } -> std::same_as<std::uint64_t>;
};

// One key under a seed, whichever form its hash offers.
template <class Hash, class Key>
GAUNTLET_ALWAYS_INLINE std::uint64_t seeded_hash(const Hash& hash, const Key& key, std::uint64_t seed) {
  if constexpr (has_seeded_call<Hash, Key>) {
    return hash(key, seed);
  } else {
    return mix(static_cast<std::uint64_t>(hash(key)), seed);
  }
}

template <class Key>
concept has_hash = requires(const Key& key) { hash<Key>{}(key); };

// How the hashes of parts become one: each part's hash is the next part's seed, so order counts and no two ways of
// dividing the same bytes among parts meet. part(key, seed) hashes one of them.
constexpr std::uint64_t next_seed(std::uint64_t hash) noexcept { return std::rotl(hash, 23) ^ golden; }

template <class Tuple, class Part>
std::uint64_t hash_tuple(const Tuple& keys, std::uint64_t seed, Part part) {
  std::apply([&](const auto&... key) { ((seed = part(key, next_seed(seed))), ...); }, keys);
  return seed;
}
// The length comes first: {{1}, {2}} is not {{1, 2}, {}}.
template <class Sequence, class Part>
std::uint64_t hash_sequence(const Sequence& keys, std::uint64_t seed, Part part) {
  seed = mix(static_cast<std::uint64_t>(keys.size()), next_seed(seed));
  for (const typename Sequence::value_type& key : keys) seed = part(key, next_seed(seed));
  return seed;
}
// Which alternative comes first; 0 is nothing.
template <class Optional, class Part>
std::uint64_t hash_optional(const Optional& key, std::uint64_t seed, Part part) {
  seed = mix(key.has_value() ? 1 : 0, next_seed(seed));
  return key.has_value() ? part(*key, next_seed(seed)) : seed;
}
template <class Variant, class Part>
std::uint64_t hash_variant(const Variant& key, std::uint64_t seed, Part part) {
  seed = mix(static_cast<std::uint64_t>(key.index()) + 1, next_seed(seed));
  if (key.valueless_by_exception()) return seed;
  return std::visit([&](const auto& value) { return part(value, next_seed(seed)); }, key);
}

// A part by the hash of its type.
struct hash_of_type {
  template <class Key>
  std::uint64_t operator()(const Key& key, std::uint64_t seed) const {
    return seeded_hash(hash<Key>{}, key, seed);
  }
};

}  // namespace detail

template <class First, class Second>
  requires detail::has_hash<std::remove_cv_t<First>> && detail::has_hash<std::remove_cv_t<Second>>
struct hash<std::pair<First, Second>> {
  std::size_t operator()(const std::pair<First, Second>& key) const { return (*this)(key, std::uint64_t{0}); }
  std::uint64_t operator()(const std::pair<First, Second>& key, std::uint64_t seed) const {
    return detail::hash_tuple(key, seed, detail::hash_of_type());
  }
};

template <class... Keys>
  requires(detail::has_hash<std::remove_cv_t<Keys>> && ...)
struct hash<std::tuple<Keys...>> {
  std::size_t operator()(const std::tuple<Keys...>& key) const { return (*this)(key, std::uint64_t{0}); }
  std::uint64_t operator()(const std::tuple<Keys...>& key, std::uint64_t seed) const {
    return detail::hash_tuple(key, seed, detail::hash_of_type());
  }
};

// Sequences of equal elements hash alike, whatever holds them. (A span is for looking up: no map stores one.)
template <class Sequence>
struct sequence_hash {
  std::size_t operator()(const Sequence& key) const { return (*this)(key, std::uint64_t{0}); }
  std::uint64_t operator()(const Sequence& key, std::uint64_t seed) const {
    return detail::hash_sequence(key, seed, detail::hash_of_type());
  }
};
template <class Key, class Allocator>
  requires(detail::has_hash<Key> && !std::is_same_v<Key, bool>)  // std::hash has the vector of bits
struct hash<std::vector<Key, Allocator>> : sequence_hash<std::vector<Key, Allocator>> {};
template <class Key, std::size_t Count>
  requires detail::has_hash<Key>
struct hash<std::array<Key, Count>> : sequence_hash<std::array<Key, Count>> {};
template <class Key, std::size_t Extent>
  requires detail::has_hash<std::remove_cv_t<Key>>
struct hash<std::span<Key, Extent>> : sequence_hash<std::span<Key, Extent>> {};

template <class Key>
  requires detail::has_hash<std::remove_cv_t<Key>>
struct hash<std::optional<Key>> {
  std::size_t operator()(const std::optional<Key>& key) const { return (*this)(key, std::uint64_t{0}); }
  std::uint64_t operator()(const std::optional<Key>& key, std::uint64_t seed) const {
    return detail::hash_optional(key, seed, detail::hash_of_type());
  }
};
template <class... Keys>
  requires(detail::has_hash<std::remove_cv_t<Keys>> && ...)
struct hash<std::variant<Keys...>> {
  std::size_t operator()(const std::variant<Keys...>& key) const { return (*this)(key, std::uint64_t{0}); }
  std::uint64_t operator()(const std::variant<Keys...>& key, std::uint64_t seed) const {
    return detail::hash_variant(key, seed, detail::hash_of_type());
  }
};
template <>
struct hash<std::monostate> {
  std::size_t operator()(std::monostate) const noexcept { return 0; }
};

}  // namespace gauntlet
