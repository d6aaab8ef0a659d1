// An argument that becomes a mapped value when the map makes its element of it, which may throw: so that making an
// element fails for numbers and strings, too, whose copies don't.
#pragma once

#include <cstdint>

#include <gauntlet/check/types/element_traits.h>
#include <gauntlet/check/types/faults.h>

namespace gauntlet::check {

template <class T>
class made_on_demand {
 public:
  explicit made_on_demand(std::uint64_t id) noexcept : id_(id) {}

  operator T() const {
    faults::event(fault_kind::copy);
    ++times_;
    return make<T>(id_);
  }
  unsigned times() const noexcept { return times_; }

 private:
  std::uint64_t id_;
  mutable unsigned times_ = 0;
};

// With these values arguments are given so.
inline bool is_made_on_demand(std::uint64_t value) noexcept { return value % 4 == 3; }

}  // namespace gauntlet::check
