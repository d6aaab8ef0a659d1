// An element on its way from a node or another map into a map, and back if there is no place for it after all.
//
//   moves    by move constructors that cannot throw, and back the same way: the original is what it was
//   copies   what may throw when it moves, if it can be copied: the original is never touched
//   loses    what may throw when it moves and cannot be copied: once begun it cannot be undone
//
// Key and value go the same way: were each to decide for itself, the key would have left when the copy of its value
// throws.
//
// The hard case: the map has another allocator than the original, and its allocator hands itself to the parts, as that
// of std::pmr does. Then the parts are made anew, in memory that may be missing, and even a move that "cannot throw"
// may fail half way: they are copied if they can be.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <gauntlet/map/detail/attributes.h>
#include <gauntlet/map/detail/map_types.h>

namespace gauntlet::detail {

template <class Types>
class passage {
  using Key = typename Types::key_type;
  using T = typename Types::mapped_type;
  using Allocator = typename Types::allocator_type;
  using slot = typename Types::slot;
  using value_type = typename Types::value_type;
  static constexpr bool may_be_made_anew =
      Types::allocator_reaches_parts() && !std::allocator_traits<Allocator>::is_always_equal::value;
  static constexpr bool always_moves = Types::moves_in_place() && !may_be_made_anew;

 public:
  static constexpr bool may_lose = Types::loses_on_failure() || (may_be_made_anew && !Types::is_copyable());

  passage(Allocator& to, const Allocator& from, const Key& key, T& mapped) noexcept
      : to_(to), from_(from), key_(const_cast<Key&>(key)), mapped_(mapped) {}

  // Makes the element.
  void operator()(slot& made) {
    if constexpr (may_be_made_anew) {
      if (!(to_ == from_)) return make_anew(made);
    }
    if constexpr (Types::copies_first()) {
      Types::construct(to_, made, std::as_const(key_), std::as_const(mapped_));
    } else {
      if constexpr (!always_moves) original_ = Types::moves_in_place() ? state::moved : state::lost;
      ::new (static_cast<void*>(made.bytes)) value_type(std::move(key_), std::move(mapped_));
    }
  }
  // The element cannot stay.
  void give_back(slot& made) noexcept {
    if constexpr (Types::moves_in_place()) {
      if (always_moves || original_ == state::moved) {
        value_type& element = made.value();
        put_back(key_, const_cast<Key&>(element.first));
        put_back(mapped_, element.second);
        if constexpr (!always_moves) original_ = state::untouched;
      }
    }
    Types::destroy(to_, made);
  }
  // After an exception: is the original no longer what it was?
  bool original_is_lost() const noexcept { return original_ == state::lost; }

 private:
  enum class state : unsigned char { untouched, moved, lost };

  void make_anew(slot& made) {
    if constexpr (Types::is_copyable()) {
      Types::construct(to_, made, std::as_const(key_), std::as_const(mapped_));
    } else {
      original_ = state::lost;
      Types::construct(to_, made, std::move(key_), std::move(mapped_));
    }
  }
  template <class Part>
  static void put_back(Part& original, Part& part) noexcept {
    std::destroy_at(std::addressof(original));
    std::construct_at(const_cast<std::remove_const_t<Part>*>(std::addressof(original)), std::move(part));
  }

  Allocator& to_;
  const Allocator& from_;
  Key& key_;
  T& mapped_;
  state original_ = state::untouched;
};

}  // namespace gauntlet::detail
