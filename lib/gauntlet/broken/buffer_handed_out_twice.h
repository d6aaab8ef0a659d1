// A pool that hands out a buffer to a second owner while the first one has it: it remembers the buffer that it took out of
// its list last, and takes it for idle when the list is empty.
//
//   append a 1     takes a new buffer
//   erase a        leaves it to the pool
//   append b 2     gets it
//   append c 3     gets it as well: b shows what c is
// The judge's programs know no sequences: props/pooled_append_map_test.cpp compares with a map of vectors, and so notices.
#pragma once

#include <array>
#include <utility>

#include <gauntlet/map/pooled_append_map.h>

namespace gauntlet::broken {

template <class Element, class Allocator, class Policy>
class pool_that_hands_out_twice : public detail::buffer_pool<Element, Allocator, Policy> {
  using right = detail::buffer_pool<Element, Allocator, Policy>;

 public:
  Element* take(const Allocator& allocator, unsigned number) {
    const bool is_idle = this->idle_[number] != nullptr;
    if (!is_idle && last_[number] != nullptr) {
      ++this->all_.buffers;
      this->all_.bytes += right::bytes_of(number);
      return std::exchange(last_[number], nullptr);
    }
    Element* const buffer = right::take(allocator, number);
    if (is_idle) last_[number] = buffer;
    return buffer;
  }
  void give(const Allocator& allocator, Element* buffer, unsigned number) noexcept {
    if (last_[number] == buffer) last_[number] = nullptr;
    right::give(allocator, buffer, number);
  }

 private:
  std::array<Element*, right::classes> last_{};
};

// Policy is a pooled_append_map_policy.
template <class Policy>
struct hands_out_twice : Policy {
  template <class Element, class Allocator, class P>
  using pool = pool_that_hands_out_twice<Element, Allocator, P>;
};

}  // namespace gauntlet::broken
