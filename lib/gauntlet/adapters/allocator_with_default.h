// For maps that want an allocator to be default constructible even where they never construct one so.
//
// The default allocates from an arena that no map of the judge uses: a map that makes up an allocator instead of using
// the one it was given is still found out.
#pragma once

#include <concepts>
#include <memory>

#include <gauntlet/check/types/arena.h>

namespace gauntlet::adapters {

template <class Allocator>
class allocator_with_default : public Allocator {
 public:
  template <class U>
  struct rebind {
    using other = allocator_with_default<typename std::allocator_traits<Allocator>::template rebind_alloc<U>>;
  };

  allocator_with_default() : Allocator(arena_of_nobody()) {}
  template <class From>
    requires std::constructible_from<Allocator, const From&>
  allocator_with_default(const From& from) noexcept : Allocator(from) {}
  template <class Other>
  allocator_with_default(const allocator_with_default<Other>& other) noexcept
      : Allocator(static_cast<const Other&>(other)) {}

 private:
  static check::arena& arena_of_nobody() {
    static thread_local check::arena arena;
    return arena;
  }
};

}  // namespace gauntlet::adapters
