// What every map asks of a key type and its functors.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <type_traits>

namespace gauntlet::detail {

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

}  // namespace gauntlet::detail
