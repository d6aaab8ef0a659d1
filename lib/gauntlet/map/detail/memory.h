// Memory for tables, directory and pool, all of it through the map's allocator.
//
// block_memory hands out bytes as whole chunks of one alignment. plain_array is the least vector that can live on it:
// it holds trivially copyable values, is told the allocator at each call that needs one, and reports its bytes.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <type_traits>

namespace gauntlet::detail {

template <class Allocator, std::size_t Alignment>
struct block_memory {
  struct alignas(Alignment) chunk {
    unsigned char bytes[Alignment];
  };
  using chunk_allocator = typename std::allocator_traits<Allocator>::template rebind_alloc<chunk>;
  using chunk_traits = std::allocator_traits<chunk_allocator>;
  static_assert(std::is_same_v<typename chunk_traits::pointer, chunk*>,
                "gauntlet::hash_map: the allocator's pointer type must be a plain pointer");

  static constexpr std::size_t chunks(std::size_t bytes) { return (bytes + Alignment - 1) / Alignment; }
  static void* take(const Allocator& allocator, std::size_t bytes) {
    chunk_allocator rebound(allocator);
    return chunk_traits::allocate(rebound, chunks(bytes));
  }
  static void give(const Allocator& allocator, void* at, std::size_t bytes) noexcept {
    chunk_allocator rebound(allocator);
    chunk_traits::deallocate(rebound, static_cast<chunk*>(at), chunks(bytes));
  }
};

template <class Value, class Memory>
class plain_array {
  static_assert(std::is_trivially_copyable_v<Value>);

 public:
  plain_array() = default;
  plain_array(const plain_array&) = delete;
  plain_array& operator=(const plain_array&) = delete;

  std::size_t size() const noexcept { return size_; }
  bool has_memory() const noexcept { return capacity_ != 0; }
  std::size_t bytes() const noexcept {
    return Memory::chunks(capacity_ * sizeof(Value)) * sizeof(typename Memory::chunk);
  }
  Value* begin() noexcept { return values_; }
  Value* end() noexcept { return values_ + size_; }
  const Value* begin() const noexcept { return values_; }
  const Value* end() const noexcept { return values_ + size_; }
  Value& operator[](std::size_t i) noexcept { return values_[i]; }
  const Value& operator[](std::size_t i) const noexcept { return values_[i]; }

  // Makes sure that one more value fits. May throw, without effect.
  template <class Allocator>
  void prepare(const Allocator& allocator) {
    if (size_ == capacity_) move_to(allocator, capacity_ == 0 ? 4 : capacity_ * 2);
  }
  // Precondition: prepared.
  void insert(std::size_t at, const Value& value) noexcept {
    if (at != size_) std::memmove(static_cast<void*>(values_ + at + 1), values_ + at, (size_ - at) * sizeof(Value));
    ::new (static_cast<void*>(values_ + at)) Value(value);
    ++size_;
  }
  void push_back(const Value& value) noexcept { insert(size_, value); }
  void erase(std::size_t at) noexcept {
    --size_;
    if (at != size_) std::memmove(static_cast<void*>(values_ + at), values_ + at + 1, (size_ - at) * sizeof(Value));
  }
  void pop_back() noexcept { --size_; }
  // Gives memory back when three quarters are unused; keeps it when the smaller block is not to be had.
  template <class Allocator>
  void trim(const Allocator& allocator) noexcept {
    if (size_ == 0) return release(allocator);
    if (capacity_ <= 8 || size_ * 4 > capacity_) return;
    try {
      move_to(allocator, size_ * 2);
    } catch (...) {
    }
  }
  template <class Allocator>
  void release(const Allocator& allocator) noexcept {
    if (capacity_ != 0) Memory::give(allocator, values_, capacity_ * sizeof(Value));
    values_ = nullptr;
    size_ = capacity_ = 0;
  }
  void swap(plain_array& other) noexcept {
    std::swap(values_, other.values_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  template <class Allocator>
  void move_to(const Allocator& allocator, std::size_t capacity) {
    auto* const values = static_cast<Value*>(Memory::take(allocator, capacity * sizeof(Value)));
    if (size_ != 0) std::memcpy(static_cast<void*>(values), values_, size_ * sizeof(Value));
    if (capacity_ != 0) Memory::give(allocator, values_, capacity_ * sizeof(Value));
    values_ = values;
    capacity_ = capacity;
  }

  Value* values_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace gauntlet::detail
