// An allocator that says how many bytes are out.
#pragma once

#include <cstddef>
#include <memory>

namespace props {

inline std::size_t bytes_out = 0;  // of every counting_allocator; one thread

template <class T>
struct counting_allocator {
  using value_type = T;
  counting_allocator() = default;
  template <class U>
  counting_allocator(const counting_allocator<U>&) {}
  T* allocate(std::size_t n) {
    T* const memory = std::allocator<T>().allocate(n);
    bytes_out += n * sizeof(T);
    return memory;
  }
  void deallocate(T* memory, std::size_t n) {
    bytes_out -= n * sizeof(T);
    std::allocator<T>().deallocate(memory, n);
  }
  friend bool operator==(const counting_allocator&, const counting_allocator&) { return true; }
};

}  // namespace props
