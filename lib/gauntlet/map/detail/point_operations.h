// The operations on one key that locking maps offer, written once over a plain map whose lock the caller holds.
//
// None of these locks anything: a concurrent map takes the lock that guards `map` and calls one of them, so that the
// two locking maps cannot differ in what an operation means, only in what they lock for it.
#pragma once

#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

namespace gauntlet::detail {

// Key itself, or anything else when both functors say that they understand other types too.
template <class K, class Map>
concept lookup_key = std::same_as<K, typename Map::key_type> || requires {
  typename Map::hasher::is_transparent;
  typename Map::key_equal::is_transparent;
};

template <class Map, class K>
auto find_copy_locked(const Map& map, const K& key) -> std::optional<typename Map::mapped_type> {
  const auto place = map.find(key);
  if (place == map.end()) {
    return std::nullopt;
  }
  return std::optional<typename Map::mapped_type>(std::in_place, place->second);
}

template <class Map, class K, class Visitor>
bool visit_locked(Map& map, const K& key, Visitor& visitor) {
  const auto place = map.find(key);
  if (place == map.end()) {
    return false;
  }
  visitor(place->second);
  return true;
}

template <class Map, class K, class Expected, class Desired>
bool compare_exchange_locked(Map& map, const K& key, const Expected& expected, Desired&& desired) {
  const auto place = map.find(key);
  if (place == map.end() || !(place->second == expected)) {
    return false;
  }
  place->second = std::forward<Desired>(desired);
  return true;
}

// Erasing by key, and not by the iterator that find gave: only the former lets the map shrink.
template <class Map, class K>
bool erase_locked(Map& map, const K& key) {
  if constexpr (std::same_as<K, typename Map::key_type>) {
    return map.erase(key) != 0;
  } else {
    const auto place = map.find(key);
    return place != map.end() && map.erase(place->first) != 0;
  }
}

// If moving the value throws, the element stays, with whatever value a failed move leaves.
template <class Map, class K>
auto extract_locked(Map& map, const K& key) -> std::optional<typename Map::mapped_type> {
  const auto place = map.find(key);
  if (place == map.end()) {
    return std::nullopt;
  }
  std::optional<typename Map::mapped_type> value(std::in_place, std::move(place->second));
  if constexpr (std::same_as<K, typename Map::key_type>) {
    map.erase(key);
  } else {
    map.erase(place->first);
  }
  return value;
}

// Whether a map equals itself: not always, since a value (a NaN) need not equal itself.
template <class Map>
bool equals_itself_locked(const Map& map) {
  for (const auto& element : map) {
    if (!(element.second == element.second)) {
      return false;
    }
  }
  return true;
}

// Erases what predicate(key, value) chooses; returns how many.
template <class Map, class Predicate>
auto erase_if_locked(Map& map, Predicate& predicate) -> typename Map::size_type {
  return erase_if(map, [&predicate](const typename Map::value_type& element) -> bool {
    return predicate(std::as_const(element.first), std::as_const(element.second));
  });
}

}  // namespace gauntlet::detail
