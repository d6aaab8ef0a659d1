// An allocator that counts what it hands out, for every map alike.
//
// It counts the bytes the map asked for, not what malloc rounds them up to: the figure is the map's own, and the same
// on every C library. A node-based map looks better here than it is (16 bytes of malloc's own per node are not seen).
// The counters are global and belong to the one benchmark that runs at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>

namespace gauntlet::bench {

struct allocation_counters {
  std::size_t bytes = 0;        // handed out and not returned
  std::size_t peak = 0;         // the most `bytes` has been
  std::size_t allocations = 0;  // calls since the last reset
};

inline allocation_counters& counters() noexcept {
  static allocation_counters instance;
  return instance;
}

template <class T>
class counting_allocator {
 public:
  using value_type = T;

  counting_allocator() noexcept = default;
  template <class U>
  counting_allocator(const counting_allocator<U>&) noexcept {}  // NOLINT: conversion is what rebinding needs

  T* allocate(std::size_t count) {
    T* memory = std::allocator<T>().allocate(count);
    allocation_counters& now = counters();
    now.bytes += count * sizeof(T);
    now.peak = std::max(now.peak, now.bytes);
    ++now.allocations;
    return memory;
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    counters().bytes -= count * sizeof(T);
    std::allocator<T>().deallocate(memory, count);
  }

  friend bool operator==(const counting_allocator&, const counting_allocator&) noexcept { return true; }
  friend bool operator!=(const counting_allocator&, const counting_allocator&) noexcept { return false; }
};

}  // namespace gauntlet::bench
