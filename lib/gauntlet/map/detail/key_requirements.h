// What every map asks of a key type and its functors.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace gauntlet {

// Whether a key type looks at bytes that it does not own, by itself or by a part of it: std::string_view, std::span and all
// other types that say so as ranges do (enable_borrowed_range); pairs, tuples, optionals, variants and containers of such.
// No map stores them, for a key that changes with what it looks at is lost; borrowed_key (composite_key.h) says that what it
// looks at stays. Specialise as true for a view of your own, or as false for a type that is taken for one, and before its
// definition for a type whose value_type holds it again, a tree of vectors of trees: to ask that for ever is an error.
template <class Key>
inline constexpr bool borrows_bytes = [] {
  if constexpr (std::is_reference_v<Key>) {
    return true;
  } else if constexpr (std::ranges::enable_borrowed_range<Key>) {
    return true;
  } else if constexpr (requires { typename Key::value_type; }) {
    if constexpr (std::is_same_v<typename Key::value_type, Key>) return false;
    return borrows_bytes<std::remove_cv_t<typename Key::value_type>>;
  } else {
    return false;
  }
}();
template <class First, class Second>
inline constexpr bool borrows_bytes<std::pair<First, Second>> =
    borrows_bytes<std::remove_cv_t<First>> || borrows_bytes<std::remove_cv_t<Second>>;
template <class... Parts>
inline constexpr bool borrows_bytes<std::tuple<Parts...>> = (borrows_bytes<std::remove_cv_t<Parts>> || ...);
template <class... Parts>
inline constexpr bool borrows_bytes<std::variant<Parts...>> = (borrows_bytes<std::remove_cv_t<Parts>> || ...);

namespace detail {

// Named so that a compiler's complaint reads like a sentence about the key type.
template <class Key, class Hash>
concept key_has_a_hash = requires(const Hash& hash, const Key& key) {
  { hash(key) } -> std::convertible_to<std::size_t>;
};
template <class Key, class KeyEqual>
concept key_is_equality_comparable =
    // std::equal_to offers to compare everything and fails inside: ask the key itself.
    ((!std::is_same_v<KeyEqual, std::equal_to<Key>> && !std::is_same_v<KeyEqual, std::equal_to<>>) ||
     requires(const Key& key) {
       { key == key } -> std::convertible_to<bool>;
     }) &&
    requires(const KeyEqual& equal, const Key& key) {
      { equal(key, key) } -> std::convertible_to<bool>;
    };
template <class Key>
concept key_owns_its_bytes = !borrows_bytes<Key>;

}  // namespace detail
}  // namespace gauntlet
