// Bodies of plain_map.h.
#pragma once

#include <gauntlet/map/detail/plain_map.h>

namespace gauntlet::detail {

template <class Kind>
auto plain_map<Kind>::operator=(const plain_map& other) -> plain_map& {
  if (this == &other) return *this;
  other.works_.read(operation::copy);
  const writing<operation::assign> guard(*this);
  constexpr bool propagates = traits::propagate_on_container_copy_assignment::value;
  plain_map copy(other, propagates ? other.get_allocator() : get_allocator());
  // Nothing below throws but an assignment of hash or equality. After half of that they fit no elements: those go first.
  constexpr bool commits = std::is_nothrow_move_assignable_v<Hash> && std::is_nothrow_move_assignable_v<KeyEqual>;
  if constexpr (!commits) works_.release_all();
  works_.hash() = std::move(copy.works_.hash());
  works_.equal() = std::move(copy.works_.equal());
  works_.release_all();
  if constexpr (propagates) works_.allocator() = other.works_.allocator();
  works_.take_from(copy.works_);
  return *this;
}

template <class Kind>
auto plain_map<Kind>::operator=(plain_map&& other) noexcept((traits::propagate_on_container_move_assignment::value ||
                                                             traits::is_always_equal::value) &&
                                                            std::is_nothrow_copy_assignable_v<Hash> &&
                                                            std::is_nothrow_copy_assignable_v<KeyEqual>) -> plain_map& {
  if (this == &other) return *this;
  const writing<operation::assign> guard(*this);
  const writing<operation::move> other_guard(other);
  works_.release_all();
  works_.hash() = other.works_.hash();
  works_.equal() = other.works_.equal();
  if constexpr (traits::propagate_on_container_move_assignment::value) {
    works_.allocator() = std::move(other.works_.allocator());
    works_.take_from(other.works_);
  } else {
    take_or_move(other);
  }
  return *this;
}

template <class Kind>
void plain_map<Kind>::swap(plain_map& other) noexcept(std::is_nothrow_swappable_v<Hash> &&
                                                      std::is_nothrow_swappable_v<KeyEqual>) {
  if (this == &other) return;
  const writing<operation::swap> guard(*this);
  const writing<operation::swap> other_guard(other);
  using std::swap;
  if constexpr (std::is_nothrow_swappable_v<Hash> && std::is_nothrow_swappable_v<KeyEqual>) {
    swap(works_.hash(), other.works_.hash());
    swap(works_.equal(), other.works_.equal());
  } else {
    try {
      swap(works_.hash(), other.works_.hash());
      swap(works_.equal(), other.works_.equal());
    } catch (...) {  // which hash belongs to which elements, nobody knows
      works_.release_all();
      other.works_.release_all();
      throw;
    }
  }
  if constexpr (traits::propagate_on_container_swap::value) swap(works_.allocator(), other.works_.allocator());
  works_.swap_with(other.works_);
}

template <class Kind>
template <class... Arguments>
auto plain_map<Kind>::emplace(Arguments&&... arguments) -> std::pair<iterator, bool> {
  if constexpr (sizeof...(Arguments) == 2) {
    using first_type = std::remove_cvref_t<std::tuple_element_t<0, std::tuple<Arguments...>>>;
    if constexpr (std::is_same_v<first_type, Key>) return insert_parts(std::forward<Arguments>(arguments)...);
  } else if constexpr (sizeof...(Arguments) == 1) {
    using pair_type = std::remove_cvref_t<std::tuple_element_t<0, std::tuple<Arguments...>>>;
    if constexpr (std::is_same_v<pair_type, value_type> || std::is_same_v<pair_type, std::pair<Key, T>>) {
      return [this](auto&& value) {
        return this->insert_pair(value.first, std::forward<decltype(value)>(value));
      }(std::forward<Arguments>(arguments)...);
    }
  }
  const writing<operation::insert> guard(*this);
  struct holder {
    slot element;
    Allocator* allocator;  // null: nothing to destroy
    ~holder() {
      if (allocator != nullptr) types::destroy(*allocator, element);
    }
  } made{{}, nullptr};
  types::construct(works_.allocator(), made.element, std::forward<Arguments>(arguments)...);
  made.allocator = &works_.allocator();
  const auto [at, inserted] = works_.insert(made.element.key(), [&made](slot& to) {
    types::relocate(to, made.element);
    made.allocator = nullptr;
  });
  return {at_position(at), inserted};
}

// Inserts. If that throws, and has spoilt the original, the original goes.
template <class Kind>
template <class Insert, class Lose>
auto plain_map<Kind>::insert_or_lose(const passage<types>& taken, Insert insert, Lose lose)
    -> std::pair<position, bool> {
  if constexpr (passage<types>::may_lose) {
    try {
      return insert();
    } catch (...) {
      if (taken.original_is_lost()) lose();
      throw;
    }
  } else {
    return insert();
  }
}

template <class Kind>
auto plain_map<Kind>::insert(node_type&& node) -> insert_return_type {
  if (node.empty()) return {end(), false, node_type()};
  const writing<operation::insert> guard(*this);
  passage<types> taken(works_.allocator(), node.allocator(), node.key(), node.mapped());
  const auto [placed, inserted] =
      insert_or_lose(taken, [&] { return works_.insert(node.key(), taken); }, [&] { node.reset(); });
  const iterator at = at_position(placed);
  if (!inserted) return {at, false, std::move(node)};
  node.reset();
  return {at, true, node_type()};
}

template <class Kind>
auto plain_map<Kind>::erase(const_iterator first, const_iterator last) -> iterator {
  const writing<operation::erase> guard(*this);
  if (first == last) return last == end() ? end() : at_position(last.at());
  const bool to_end = last == end();
  const position stop = to_end ? position{} : last.at();
  look_ahead ahead = first.ahead();
  for (position at = first.at(); at.element != stop.element;) {
    const position here = at;
    works_.advance(at, ahead);
    works_.erase_at(here);
  }
  pay_if_empty();
  return at_position(stop);
}

template <class Kind>
template <class Kind2>
  requires same_elements<Kind, Kind2>
void plain_map<Kind>::merge(plain_map<Kind2>& source) {
  if (static_cast<const void*>(this) == static_cast<const void*>(&source)) return;
  using source_type = plain_map<Kind2>;
  const writing<operation::merge> guard(*this);
  const typename source_type::template writing<operation::merge> source_guard(source);
  const size_type before = source.size();
  typename source_type::look_ahead ahead{};
  auto at = source.works_.first(ahead);
  while (at.element != nullptr) {
    auto after = at;
    source.works_.advance(after, ahead);
    // What may throw of the erasure comes before the element leaves.
    const auto plan = source.works_.plan_erase(at);
    passage<types> taken(works_.allocator(), source.works_.allocator(), at.element->key(), at.element->value().second);
    const bool moved =
        insert_or_lose(
            taken, [&] { return works_.insert(at.element->key(), taken); }, [&] { source.works_.finish_erase(plan); })
            .second;
    if (moved) source.works_.finish_erase(plan);
    at = after;
  }
  if (source.size() != before) source.works_.pay_whole_debt();
}

template <class Kind>
template <class Map, class Keys, class Visitor>
void plain_map<Kind>::find_many_in(Map& map, Keys first, Keys last, Visitor& visit) {
  if constexpr (requires { works_type::find_batch; }) {
    if (map.works_.gains_by_batches()) {
      std::uint64_t hashes[works_type::find_batch];
      while (first != last) {
        map.works_.read(operation::find);
        std::size_t count = 0;
        for (Keys at = first; count < works_type::find_batch && at != last; ++at, ++count) {
          hashes[count] = map.works_.hash_of(*at);
          map.works_.fetch(hashes[count]);
        }
        for (std::size_t i = 0; i < count; ++i, ++first) {
          const auto& key = *first;
          visit(key, map.at_position(map.works_.find_hashed(hashes[i], key)));
        }
      }
      return;
    }
  }
  for (; first != last; ++first) {
    const auto& key = *first;
    visit(key, map.at_position(map.lookup(key)));
  }
}

}  // namespace gauntlet::detail
