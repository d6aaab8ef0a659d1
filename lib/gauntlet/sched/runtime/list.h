// A list with a fixed limit in the runtime's own memory. The runtime must not allocate while controlled code runs: its
// allocations would be taken for those of the code under test.
#pragma once

#include <cstddef>

#include <gauntlet/sched/runtime/layout.h>

namespace gauntlet::sched::runtime {

template <class T>
class list {
 public:
  // Makes room for at least `limit` elements; forgets what it held where it has to grow. Only between runs.
  void reserve(std::size_t limit) {
    if (limit <= limit_) return;
    data_ = static_cast<T*>(layout::own_pages(limit * sizeof(T)));
    limit_ = limit;
    size_ = 0;
  }
  void clear() noexcept { size_ = 0; }
  bool full() const noexcept { return size_ == limit_; }
  // Precondition: not full.
  T& push(const T& value) noexcept { return data_[size_++] = value; }
  void pop() noexcept { --size_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T& operator[](std::size_t i) noexcept { return data_[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_[i]; }
  T& back() noexcept { return data_[size_ - 1]; }
  T* begin() noexcept { return data_; }
  T* end() noexcept { return data_ + size_; }
  const T* begin() const noexcept { return data_; }
  const T* end() const noexcept { return data_ + size_; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0, limit_ = 0;
};

}  // namespace gauntlet::sched::runtime
