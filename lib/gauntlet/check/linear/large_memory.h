// Vectors that may be large and are written all over.
//
// A history of a million operations is sorted by key into memory that is written at a thousand places in turn. On pages of
// four kilobytes each of those places is a page of its own, which the processor must look up, and which the system must
// bring in one by one the first time. So blocks from a few megabytes on lie on large pages where the system offers them;
// where it does not, they are ordinary memory.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gauntlet::check {

template <class T>
class large_memory {
 public:
  using value_type = T;

  large_memory() = default;
  template <class U>
  large_memory(const large_memory<U>&) noexcept {}

  T* allocate(std::size_t count) {
    if (!is_large(count)) return static_cast<T*>(::operator new(count * sizeof(T)));
    void* const block = ::operator new(count * sizeof(T), std::align_val_t{page});
#if defined(__linux__)
    (void)::madvise(block, count * sizeof(T), MADV_HUGEPAGE);  // advice: a refusal changes nothing but the time
#endif
    return static_cast<T*>(block);
  }
  void deallocate(T* block, std::size_t count) noexcept {
    if (is_large(count)) {
      ::operator delete(block, std::align_val_t{page});
    } else {
      ::operator delete(block);
    }
  }
  friend bool operator==(const large_memory&, const large_memory&) noexcept { return true; }

 private:
  static constexpr std::size_t page = std::size_t{2} << 20;
  static constexpr bool is_large(std::size_t count) noexcept { return count * sizeof(T) >= 2 * page; }
};

template <class T>
using large_vector = std::vector<T, large_memory<T>>;

}  // namespace gauntlet::check
