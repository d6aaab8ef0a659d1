// An element on its way from a node or another map into a map, and back if there is no place for it after all.
//
//   moves    by move constructors that cannot throw, and back the same way: the original is what it was
//   copies   what may throw when it moves, if it can be copied: the original is never touched
//   loses    what may throw when it moves and cannot be copied: once begun it cannot be undone
//
// Key and value go the same way: were each to decide for itself, the key would have left when the copy of its value
// throws.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <gauntlet/map/detail/map_types.h>

namespace gauntlet::detail {

template <class Types>
class passage {
  using Key = typename Types::key_type;
  using T = typename Types::mapped_type;
  using Allocator = typename Types::allocator_type;
  using slot = typename Types::slot;
  using value_type = typename Types::value_type;

 public:
  static constexpr bool may_lose = Types::loses_on_failure();

  passage(Allocator& to, const Key& key, T& mapped) noexcept : to_(to), key_(const_cast<Key&>(key)), mapped_(mapped) {}

  // Makes the element.
  void operator()(slot& made) {
    if constexpr (Types::copies_first()) {
      Types::construct(to_, made, std::as_const(key_), std::as_const(mapped_));
    } else {
      lost_ = Types::loses_on_failure();
      Types::construct(to_, made, std::move(key_), std::move(mapped_));
    }
  }
  // The element cannot stay.
  void give_back(slot& made) noexcept {
    if constexpr (Types::moves_in_place()) {
      value_type& element = made.value();
      put_back(key_, const_cast<Key&>(element.first));
      put_back(mapped_, element.second);
    }
    Types::destroy(to_, made);
  }
  // After an exception: is the original no longer what it was?
  bool original_is_lost() const noexcept { return lost_; }

 private:
  template <class Part>
  static void put_back(Part& original, Part& part) noexcept {
    std::destroy_at(std::addressof(original));
    std::construct_at(const_cast<std::remove_const_t<Part>*>(std::addressof(original)), std::move(part));
  }

  Allocator& to_;
  Key& key_;
  T& mapped_;
  bool lost_ = false;
};

}  // namespace gauntlet::detail
