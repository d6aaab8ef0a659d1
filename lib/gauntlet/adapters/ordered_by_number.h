// An order for ordered maps before the judge, which has an equality and no order: that of the numbers its keys stand for.
#pragma once

#include <gauntlet/check/types/element_traits.h>
#include <gauntlet/check/types/faults.h>
#include <gauntlet/check/types/key_view.h>

namespace gauntlet::adapters {

// Throws where an equality would be asked to.
struct ordered_by_number {
  using is_transparent = void;
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    check::faults::event(check::fault_kind::equality);
    return check::id_of(a) < check::id_of(b);
  }
};

}  // namespace gauntlet::adapters
