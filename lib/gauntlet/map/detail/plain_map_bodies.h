// Bodies of plain_map.h.
#pragma once

#include <gauntlet/map/detail/plain_map.h>

namespace gauntlet::detail {

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

template <class Kind>
auto plain_map<Kind>::insert(node_type&& node) -> insert_return_type {
  if (node.empty()) return {end(), false, node_type()};
  struct taker {
    Allocator& allocator;
    node_type& node;
    void operator()(slot& to) {
      types::construct(allocator, to, std::move_if_noexcept(node.key()), std::move_if_noexcept(node.mapped()));
    }
    // What was copied is still in the node. Of what can only be moved, and throws, nothing can be given back.
    void give_back(slot& made) noexcept {
      if constexpr (types::moves_in_place()) {
        node.fill(allocator, std::move(const_cast<Key&>(made.value().first)), std::move(made.value().second));
      } else if constexpr (types::loses_on_failure()) {
        node.reset();
      }
      types::destroy(allocator, made);
    }
  };
  const writing<operation::insert> guard(*this);
  const auto [placed, inserted] = works_.insert(node.key(), taker{works_.allocator(), node});
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
    bool moved = false;
    if constexpr (types::loses_on_failure()) {
      bool touched = false;
      try {
        moved = works_
                    .insert(at.element->key(),
                            [&](slot& to) {
                              touched = true;
                              take_element(to, at.element->value());
                            })
                    .second;
      } catch (...) {
        if (touched) source.works_.finish_erase(plan);
        throw;
      }
    } else {
      struct taker {
        plain_map& map;
        value_type& from;
        void operator()(slot& to) { map.take_element(to, from); }
        void give_back(slot& made) noexcept {
          if constexpr (types::moves_in_place()) {
            from.~value_type();
            ::new (static_cast<void*>(&from))
                value_type(std::move(const_cast<Key&>(made.value().first)), std::move(made.value().second));
          }
          types::destroy(map.works_.allocator(), made);
        }
      };
      moved = works_.insert(at.element->key(), taker{*this, at.element->value()}).second;
    }
    if (moved) source.works_.finish_erase(plan);
    at = after;
  }
  if (source.size() != before) source.works_.pay_whole_debt();
}

}  // namespace gauntlet::detail
