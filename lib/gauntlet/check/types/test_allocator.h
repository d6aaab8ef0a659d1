// The allocator of maps under test: a pointer to an arena. Equal exactly when the arenas are the same one.
#pragma once

#include <cstddef>
#include <limits>
#include <new>
#include <type_traits>

#include <gauntlet/check/types/arena.h>

namespace gauntlet::check {

// Propagates: on copy assignment, move assignment and swap, all or none.
template <class T, bool Propagates>
class test_allocator {
 public:
  using value_type = T;
  using propagate_on_container_copy_assignment = std::bool_constant<Propagates>;
  using propagate_on_container_move_assignment = std::bool_constant<Propagates>;
  using propagate_on_container_swap = std::bool_constant<Propagates>;
  using is_always_equal = std::false_type;
  template <class U>
  struct rebind {
    using other = test_allocator<U, Propagates>;
  };

  // There is no default: a map that makes up an allocator instead of using the one it was given does not compile.
  explicit test_allocator(arena& from) noexcept : arena_(&from) {}
  template <class U>
  test_allocator(const test_allocator<U, Propagates>& other) noexcept : arena_(other.from()) {}

  T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) {
      throw std::bad_array_new_length();
    }
    return static_cast<T*>(arena_->allocate(count * sizeof(T), alignof(T)));
  }
  void deallocate(T* block, std::size_t count) noexcept { arena_->deallocate(block, count * sizeof(T), alignof(T)); }

  arena* from() const noexcept { return arena_; }

  template <class U>
  friend bool operator==(const test_allocator& a, const test_allocator<U, Propagates>& b) noexcept {
    return a.from() == b.from();
  }

 private:
  arena* arena_;
};

}  // namespace gauntlet::check
