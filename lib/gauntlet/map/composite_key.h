// Composite keys: tuples and sequences as keys, hashed and compared by what they hold; views to look them up by.
//
// The story. A key is often more than one thing: (tenant, path), a list of tokens, a node and an optional port. The default
// gauntlet::hash takes pairs, tuples, arrays, vectors, optionals and variants of whatever has a hash, part by part. What is
// left is looking up: the caller has a std::string_view, a std::span, and should not have to make a std::string and a
// std::vector, that is: two allocations, to ask whether a key is there.
//
//   using path = std::tuple<std::string, std::vector<int>>;
//   gauntlet::hash_map<path, int, gauntlet::content_hash, gauntlet::content_equal> map;
//   map[path("a", {1, 2})] = 3;
//   std::string_view name = ...;  std::span<const int> numbers = ...;
//   map.find(std::tuple(name, numbers));                                    // makes nothing
//
// Words. The *content* of a key is its text, the sequence of its elements, or the contents of its parts, whatever type holds
// them. A key *owns* its bytes, or it is a *view* of somebody else's.
//
//   text       std::string with any allocator, std::string_view, character arrays and pointers to char
//   sequence   whatever has begin, end and size, and is no text and no set or map: vector, array, span, deque, inline_sequence
//   parts      std::pair, std::tuple; std::optional, std::variant
//   the rest   by its own gauntlet::hash and ==
//
// Promises:
//  (1) equal contents have equal hashes, under every seed: a view finds what the owner of the same content was stored as.
//      Integers are equal by their values, whatever their types (-1 is no unsigned number); other numbers of two types are
//      refused by the compiler, for their hashes differ;
//  (2) order, lengths and boundaries count: ("a", "bc") is not ("ab", "c"), {{1}, {2}} is not {{1, 2}, {}}, nothing is not
//      zero, and the second alternative of a variant is not the first; under a secret seed nobody can choose two such keys
//      with equal hashes;
//  (3) hashing and comparing contents allocates nothing;
//  (4) views are for looking up: a map whose key_type is a view, or holds one, is refused by the compiler
//      (borrows_bytes), unless that says borrowed_key<View>: I know that what it looks at stays, unchanged, for as long as
//      the key is in the map. A pointer to char is what a compiler can't tell: content_hash reads the text behind it.
//
// Costs: a part costs a multiplication, text about 0.1 ns a byte beside. The elements of a sequence are hashed one by one:
// bytes are cheaper in a std::string than in a std::vector<unsigned char>.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <gauntlet/map/detail/key_requirements.h>
#include <gauntlet/map/hash.h>

namespace gauntlet {

// A view that may be stored: whoever makes one says that what it looks at outlives it and does not change meanwhile.
// Hashed and compared by content.
template <class View>
class borrowed_key {
 public:
  borrowed_key() = default;
  explicit borrowed_key(const View& view) noexcept(std::is_nothrow_copy_constructible_v<View>) : view_(view) {}
  template <class Owner>
    requires(std::constructible_from<View, Owner&> && !std::same_as<Owner, borrowed_key>)
  explicit borrowed_key(Owner& owner) : view_(owner) {}
  // Not of what is gone at the end of the line.
  template <class Owner>
    requires(!borrows_bytes<std::remove_cvref_t<Owner>> && std::constructible_from<View, Owner &&>)
  explicit borrowed_key(const Owner&& owner) = delete;

  const View& view() const noexcept { return view_; }

 private:
  View view_{};
};

namespace detail {

template <class Key>
inline constexpr bool is_text = false;
template <class Allocator>
inline constexpr bool is_text<std::basic_string<char, std::char_traits<char>, Allocator>> = true;
template <>
inline constexpr bool is_text<std::string_view> = true;
template <>
inline constexpr bool is_text<char*> = true;
template <>
inline constexpr bool is_text<const char*> = true;
template <std::size_t Size>
inline constexpr bool is_text<char[Size]> = true;

template <class Key>
inline constexpr bool has_parts = false;
template <class First, class Second>
inline constexpr bool has_parts<std::pair<First, Second>> = true;
template <class... Parts>
inline constexpr bool has_parts<std::tuple<Parts...>> = true;
template <class Key>
inline constexpr bool is_optional = false;
template <class Value>
inline constexpr bool is_optional<std::optional<Value>> = true;
template <class Key>
inline constexpr bool is_variant = false;
template <class... Parts>
inline constexpr bool is_variant<std::variant<Parts...>> = true;
template <class Key>
inline constexpr bool is_borrowed = false;
template <class View>
inline constexpr bool is_borrowed<borrowed_key<View>> = true;

template <class Key>
concept has_std_hash = requires(const Key& key) { std::hash<Key>{}(key); };
template <class Key>
concept key_sequence = !is_text<Key> && !has_std_hash<Key> && requires(const Key& key) {
  typename Key::value_type;
  key.begin();
  key.end();
  { key.size() } -> std::convertible_to<std::size_t>;
} && !requires { typename Key::key_type; };

struct hash_of_content {
  template <class Key>
  std::uint64_t operator()(const Key& key, std::uint64_t seed) const {
    if constexpr (is_borrowed<Key>) {
      return (*this)(key.view(), seed);
    } else if constexpr (is_text<Key>) {
      const std::string_view text(key);
      return hash_bytes(text.data(), text.size(), seed);
    } else if constexpr (has_parts<Key>) {
      return hash_tuple(key, seed, *this);
    } else if constexpr (is_optional<Key>) {
      return hash_optional(key, seed, *this);
    } else if constexpr (is_variant<Key>) {
      return hash_variant(key, seed, *this);
    } else if constexpr (key_sequence<Key>) {
      return hash_sequence(key, seed, *this);
    } else {
      return seeded_hash(hash<Key>{}, key, seed);
    }
  }
};

struct equality_of_content {
  template <class A, class B>
  constexpr bool operator()(const A& a, const B& b) const {
    if constexpr (is_borrowed<A>) {
      return (*this)(a.view(), b);
    } else if constexpr (is_borrowed<B>) {
      return (*this)(a, b.view());
    } else if constexpr (is_text<A> && is_text<B>) {
      return std::string_view(a) == std::string_view(b);
    } else if constexpr (has_parts<A> && has_parts<B>) {
      static_assert(std::tuple_size_v<A> == std::tuple_size_v<B>,
                    "content_equal: these have different numbers of parts");
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return ((*this)(std::get<I>(a), std::get<I>(b)) && ...);
      }(std::make_index_sequence<std::tuple_size_v<A>>());
    } else if constexpr (is_optional<A> && is_optional<B>) {
      return a.has_value() == b.has_value() && (!a.has_value() || (*this)(*a, *b));
    } else if constexpr (is_variant<A> && is_variant<B>) {
      return a.index() == b.index() && (a.valueless_by_exception() || equal_alternatives<0>(a, b));
    } else if constexpr (key_sequence<A> && key_sequence<B>) {
      if (static_cast<std::size_t>(a.size()) != static_cast<std::size_t>(b.size())) return false;
      auto other = b.begin();
      for (const typename A::value_type& each : a) {
        if (!(*this)(each, static_cast<const typename B::value_type&>(*other))) return false;
        ++other;
      }
      return true;
    } else if constexpr (std::is_integral_v<A> && std::is_integral_v<B>) {
      return is_negative(a) == is_negative(b) && static_cast<std::uint64_t>(a) == static_cast<std::uint64_t>(b);
    } else {
      static_assert(std::is_same_v<A, B> || !std::is_arithmetic_v<A> || !std::is_arithmetic_v<B>,
                    "content_equal: numbers of two types, which may be equal and have two hashes: convert one of them");
      return static_cast<bool>(a == b);
    }
  }

 private:
  template <class Integer>
  static constexpr bool is_negative([[maybe_unused]] Integer value) {
    if constexpr (std::is_signed_v<Integer>) {
      return value < 0;
    } else {
      return false;
    }
  }
  template <std::size_t I, class A, class B>
  constexpr bool equal_alternatives(const A& a, const B& b) const {
    static_assert(std::variant_size_v<A> == std::variant_size_v<B>,
                  "content_equal: these have different numbers of alternatives");
    if constexpr (I < std::variant_size_v<A>) {
      return a.index() == I ? (*this)(*std::get_if<I>(&a), *std::get_if<I>(&b)) : equal_alternatives<I + 1>(a, b);
    } else {
      return false;
    }
  }
};

}  // namespace detail

// Hash and KeyEqual of a map whose keys are looked up by content, see above. Of a key without views the hash is that of
// gauntlet::hash.
struct content_hash {
  using is_transparent = void;
  template <class Key>
  std::size_t operator()(const Key& key) const {
    return detail::hash_of_content()(key, std::uint64_t{0});
  }
  template <class Key>
  std::uint64_t operator()(const Key& key, std::uint64_t seed) const {
    return detail::hash_of_content()(key, seed);
  }
};
struct content_equal {
  using is_transparent = void;
  template <class A, class B>
  constexpr bool operator()(const A& a, const B& b) const {
    return detail::equality_of_content()(a, b);
  }
};

template <class View>
constexpr bool operator==(const borrowed_key<View>& a, const borrowed_key<View>& b) {
  return content_equal()(a, b);
}
template <class View, class Other>
  requires(!detail::is_borrowed<Other>)
constexpr bool operator==(const borrowed_key<View>& a, const Other& b) {
  return content_equal()(a, b);
}
template <class View>
struct hash<borrowed_key<View>> : content_hash {};

}  // namespace gauntlet
