// For maps whose allocator must be one for exactly the pair that they call an element, std::pair<Key, T>, where the judge's
// is one for std::pair<const Key, T>.
#pragma once

#include <memory>
#include <utility>

namespace gauntlet::adapters {

template <class Allocator, class Element>
using allocator_for = typename std::allocator_traits<Allocator>::template rebind_alloc<Element>;

}  // namespace gauntlet::adapters
