// Buffers of a few sizes, used again and again.
//
// Words. A *class* is a size: class c holds first << c elements. A buffer is *owned* from take() to give(), and *idle*
// from then until it is taken again or freed. An idle buffer keeps the pointer to the next one of its class in itself.
//
// Promises:
//  (1) a buffer that take() returns is idle or owned nowhere else: it has one owner until give();
//  (2) after each operation idle buffers have at most max(idle_bytes_min, bytes owned) bytes: when owners become few, the
//      largest idle buffers are freed first;
//  (3) give() and release() do not throw; take() may, without effect, what the allocator throws.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <new>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <gauntlet/map/detail/memory.h>

namespace gauntlet::detail {

// Policy: first_capacity, elements of the smallest class; idle_bytes_min. The allocator is the caller's, told each time.
template <class Element, class Allocator, class Policy>
class buffer_pool {
  struct idle_buffer {
    idle_buffer* next;
  };
  static constexpr std::size_t alignment = std::max({alignof(Element), alignof(idle_buffer)});
  using memory = block_memory<Allocator, alignment>;

 public:
  static constexpr unsigned classes = 48;
  static constexpr std::size_t elements_max = std::numeric_limits<std::ptrdiff_t>::max() / sizeof(Element);

  struct statistics {
    std::size_t buffers = 0;  // owned
    std::size_t bytes = 0;    // of those
    std::size_t idle_buffers = 0;
    std::size_t idle_bytes = 0;
    std::size_t taken = 0;  // calls of take() so far
    std::size_t hits = 0;   // those that an idle buffer served
  };

  buffer_pool() = default;
  buffer_pool(buffer_pool&& other) noexcept { swap(other); }
  buffer_pool& operator=(buffer_pool&& other) = delete;

  static constexpr std::size_t capacity_of(unsigned number) noexcept { return Policy::first_capacity << number; }
  // The smallest class for so many elements. Throws std::length_error if there is none.
  static unsigned class_for(std::size_t elements) {
    unsigned number = 0;
    while (number != classes && capacity_of(number) < elements) ++number;
    if (number == classes || capacity_of(number) > elements_max)
      throw std::length_error("gauntlet::pooled_append_map: a sequence of too many elements");
    return number;
  }

  Element* take(const Allocator& allocator, unsigned number) {
    const std::size_t bytes = bytes_of(number);
    void* at = idle_[number];
    if (at != nullptr) {
      idle_[number] = idle_[number]->next;
      ++all_.hits;
      --all_.idle_buffers;
      all_.idle_bytes -= bytes;
    } else {
      at = memory::take(allocator, bytes);
    }
    ++all_.taken;
    ++all_.buffers;
    all_.bytes += bytes;
    return static_cast<Element*>(at);
  }

  // Its elements have been destroyed.
  void give(const Allocator& allocator, Element* buffer, unsigned number) noexcept {
    const std::size_t bytes = bytes_of(number);
    --all_.buffers;
    all_.bytes -= bytes;
    idle_[number] = ::new (static_cast<void*>(buffer)) idle_buffer{idle_[number]};
    ++all_.idle_buffers;
    all_.idle_bytes += bytes;
    free_down_to(allocator, std::max(Policy::idle_bytes_min, all_.bytes));
  }
  // Frees all that is idle.
  void release(const Allocator& allocator) noexcept { free_down_to(allocator, 0); }

  const statistics& stats() const noexcept { return all_; }
  // Calls visitor(const void* at, std::size_t bytes) for every idle buffer, until it returns false.
  template <class Visitor>
  void for_each_idle(Visitor&& visitor) const {
    for (unsigned number = 0; number < classes; ++number) {
      for (const idle_buffer* at = idle_[number]; at != nullptr; at = at->next) {
        if (!visitor(static_cast<const void*>(at), bytes_of(number))) return;
      }
    }
  }
  // What a buffer of this class takes from the allocator.
  static constexpr std::size_t bytes_of(unsigned number) noexcept {
    return memory::chunks(std::max(capacity_of(number) * sizeof(Element), sizeof(idle_buffer))) * alignment;
  }

  void swap(buffer_pool& other) noexcept {
    std::swap(idle_, other.idle_);
    std::swap(all_, other.all_);
  }

 protected:
  void free_down_to(const Allocator& allocator, std::size_t idle_bytes_max) noexcept {
    for (unsigned number = classes; all_.idle_bytes > idle_bytes_max;) {
      while (idle_[number - 1] == nullptr) --number;
      idle_buffer* const last = idle_[number - 1];
      idle_[number - 1] = last->next;
      --all_.idle_buffers;
      all_.idle_bytes -= bytes_of(number - 1);
      memory::give(allocator, last, bytes_of(number - 1));
    }
  }

  std::array<idle_buffer*, classes> idle_{};  // the first of each class
  statistics all_;
};

}  // namespace gauntlet::detail
