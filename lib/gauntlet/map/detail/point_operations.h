// The operations on one key that locking maps offer, written once over a plain map whose lock the caller holds.
//
// None of these locks anything: a concurrent map takes the lock that guards `map` and calls one of them, so that the
// two locking maps cannot differ in what an operation means, only in what they lock for it. What has been erased or
// replaced is handed out, to be destroyed when the lock is free.
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

template <class Element>
inline constexpr bool destroys_nothing = std::is_trivially_destructible_v<Element>;

// What a value was before another one took its place, until the caller has unlocked: its destructor may use the map. Where
// moving may throw, or nothing happens at destruction, values are assigned and nothing is kept.
template <class T>
class replaced_value {
 public:
  static constexpr bool is_kept =
      !destroys_nothing<T> && std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>;

  // Called once at most.
  void put(T& there, T&& by) {
    if constexpr (is_kept) before_.emplace(std::move(there));
    there = std::move(by);
  }

 private:
  struct nothing {};
  [[no_unique_address]] std::conditional_t<is_kept, std::optional<T>, nothing> before_;
};

// What was taken out of a map, until the caller has unlocked: it owns the element, where elements move out of the map
// without an allocation and without throwing. Others are destroyed in their place, under the lock.
template <class Map>
class taken_out_element {
  using Key = typename Map::key_type;
  using T = typename Map::mapped_type;
  struct nothing {};

 public:
  static constexpr bool is_kept = !(destroys_nothing<Key> && destroys_nothing<T>) &&
                                  std::is_nothrow_move_constructible_v<Key> && std::is_nothrow_move_constructible_v<T>;

  // Erasing by key, and not by the iterator that find gave: only the former lets the map shrink.
  template <class K>
  bool erase_locked(Map& map, const K& key) {
    if constexpr (is_kept) {
      handle_ = map.extract(key);
      return !handle_.empty();
    } else if constexpr (std::same_as<K, Key>) {
      return map.erase(key) != 0;
    } else {
      const auto place = map.find(key);
      return place != map.end() && map.erase(place->first) != 0;
    }
  }

  // If moving the value throws, the element stays, with whatever value a failed move leaves.
  template <class K>
  std::optional<T> extract_locked(Map& map, const K& key) {
    if constexpr (is_kept) {
      if (!erase_locked(map, key)) return std::nullopt;
      return std::optional<T>(std::in_place, std::move(handle_.mapped()));
    } else {
      const auto place = map.find(key);
      if (place == map.end()) return std::nullopt;
      std::optional<T> value(std::in_place, std::move(place->second));
      if constexpr (std::same_as<K, Key>) {
        map.erase(key);
      } else {
        map.erase(place->first);
      }
      return value;
    }
  }

 private:
  [[no_unique_address]] std::conditional_t<is_kept, typename Map::node_type, nothing> handle_;
};

// True if the element was inserted; otherwise the value that was there is in `before`.
template <class Map, class Key, class T>
bool insert_or_assign_locked(Map& map, Key&& key, T&& value, replaced_value<T>& before) {
  if constexpr (replaced_value<T>::is_kept) {
    const auto [place, inserted] = map.try_emplace(std::move(key), std::move(value));
    if (!inserted) before.put(place->second, std::move(value));
    return inserted;
  } else {
    return map.insert_or_assign(std::move(key), std::move(value)).second;
  }
}

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

template <class Map, class K, class T>
bool compare_exchange_locked(Map& map, const K& key, const T& expected, T&& desired, replaced_value<T>& before) {
  const auto place = map.find(key);
  if (place == map.end() || !(place->second == expected)) {
    return false;
  }
  before.put(place->second, std::move(desired));
  return true;
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
