// Whatever makes an element in a place, its type forgotten: what is seldom asked is compiled once for a map, and not once
// for each way to insert. Refers to a function object, owns nothing.
#pragma once

#include <memory>
#include <type_traits>

namespace gauntlet::detail {

template <class Slot>
class element_maker {
 public:
  template <class Construct>
  explicit element_maker(Construct& construct) noexcept
      : construct_(const_cast<void*>(static_cast<const void*>(std::addressof(construct)))),
        make_([](void* made_by, Slot& at) { (*static_cast<Construct*>(made_by))(at); }) {
    if constexpr (requires(Slot& made) { construct.give_back(made); }) {
      give_back_ = [](void* made_by, Slot& made) noexcept { static_cast<Construct*>(made_by)->give_back(made); };
    }
    if constexpr (requires { Construct::may_lose; }) may_lose_ = Construct::may_lose;
  }

  // Throws what making the element throws.
  void operator()(Slot& at) const { make_(construct_, at); }
  // Can it have back what it made, and where it took it from be as it was? See passage.h.
  bool takes_back() const noexcept { return give_back_ != nullptr; }
  void give_back(Slot& made) const noexcept { give_back_(construct_, made); }
  // What it takes to make the element may be lost on the way.
  bool may_lose() const noexcept { return may_lose_; }

 private:
  void* construct_;
  void (*make_)(void*, Slot&);
  void (*give_back_)(void*, Slot&) noexcept = nullptr;
  bool may_lose_ = false;
};

}  // namespace gauntlet::detail
