// A detail that happens before an insertion: calls Derived::about_to_insert() first, then does what Map does.
//
// Before and not after, so that the iterator an insertion returns stays good. Insertions with a hint and of nodes are
// Map's own: their arguments would not survive a change of the map.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace gauntlet::broken {

template <class Derived, class Map>
class before_insertion : public Map {
 public:
  using right_map_type = Map;
  using Map::Map;
  using Map::operator=;

  template <class... Arguments>
    requires requires(Map& map, Arguments&&... arguments) { map.insert(std::forward<Arguments>(arguments)...); }
  auto insert(Arguments&&... arguments) {
    if constexpr (takes_element<Arguments...>()) announce();
    return Map::insert(std::forward<Arguments>(arguments)...);
  }
  auto insert(std::initializer_list<typename Map::value_type> list) { return Map::insert(list); }

  template <class... Arguments>
  auto emplace(Arguments&&... arguments) {
    announce();
    return Map::emplace(std::forward<Arguments>(arguments)...);
  }

  template <class First, class... Rest>
  auto try_emplace(First&& first, Rest&&... rest) {
    if constexpr (!is_hint<First>) announce();
    return Map::try_emplace(std::forward<First>(first), std::forward<Rest>(rest)...);
  }

  template <class First, class... Rest>
  auto insert_or_assign(First&& first, Rest&&... rest) {
    if constexpr (!is_hint<First>) announce();
    return Map::insert_or_assign(std::forward<First>(first), std::forward<Rest>(rest)...);
  }

  template <class K>
  auto& operator[](K&& key) {
    announce();
    return Map::operator[](std::forward<K>(key));
  }

 private:
  template <class First>
  static constexpr bool is_hint = std::is_convertible_v<First&&, typename Map::const_iterator>;
  template <class... Arguments>
  static constexpr bool takes_element() {
    return sizeof...(Arguments) == 1 && (std::is_convertible_v<Arguments&&, typename Map::value_type> && ...);
  }
  void announce() { static_cast<Derived&>(*this).about_to_insert(); }
};

}  // namespace gauntlet::broken
