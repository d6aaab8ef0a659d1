// Hash, equality and allocator of concurrent maps under test.
//
// Like test_hash, test_equal and test_allocator, they are as terrible as the program asks, throw where it asks for it,
// carry a state that a map must not lose, and say so when memory does not balance. Unlike those they are used by many
// threads at once, and must not bring order into what they watch: a lock or an acquire in the allocator would make
// allocations of different threads happen one before the other and hide races from ThreadSanitizer. So there are only
// constants and relaxed counters.
//
// What is not watched here, because it would need order: which blocks are still out. A block has a header with its
// owner and size; the counters must be back at zero at the end; what leaked is left to LeakSanitizer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <type_traits>

#include <gauntlet/check/program/keys.h>
#include <gauntlet/check/run/concurrent_disturbance.h>
#include <gauntlet/check/types/element_traits.h>
#include <gauntlet/check/types/faults.h>

namespace gauntlet::check {

// Hash and equality of keys that are numbers never throw, and say so: maps may choose another layout by it. Those of other
// keys throw where the program asks for it.
template <class Key>
inline constexpr bool functors_never_throw = std::is_scalar_v<Key>;

// A hash or equality that nobody gave a quality (a map that made up its own) answers otherwise and is found out.
template <class Key>
class shared_hash {
 public:
  using is_avalanching = void;
  shared_hash() noexcept = default;
  explicit shared_hash(hash_quality quality) noexcept : quality_(quality), lost_(false) {}
  std::size_t operator()(const Key& key) const noexcept(functors_never_throw<Key>) {
    disturbance::point();
    if constexpr (!functors_never_throw<Key>) faults::event(fault_kind::hash);
    const std::uint64_t value = hash_of(quality_, id_of(key));
    return static_cast<std::size_t>(lost_ ? ~value : value);
  }

 private:
  hash_quality quality_ = hash_quality::good;
  bool lost_ = true;
};

template <class Key>
struct shared_equal {
  bool operator()(const Key& a, const Key& b) const noexcept(functors_never_throw<Key>) {
    disturbance::point();
    if constexpr (!functors_never_throw<Key>) faults::event(fault_kind::equality);
    return id_of(a) == id_of(b);
  }
};

// The books of one map's memory.
class shared_arena {
 public:
  void* allocate(std::size_t bytes, std::size_t alignment) {
    disturbance::point();
    faults::event(fault_kind::allocation);
    const std::size_t front = front_of(alignment);
    auto* const start = static_cast<std::byte*>(::operator new(front + bytes, std::align_val_t(align_of(alignment))));
    ::new (start + front - sizeof(header)) header{this, bytes, alignment};
    blocks_.fetch_add(1, std::memory_order_relaxed);  // [arena] read after the threads have finished
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
    return start + front;
  }
  void deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept {
    auto* const head = reinterpret_cast<header*>(static_cast<std::byte*>(block) - sizeof(header));
    if (head->owner != this) note("memory given back to an allocator that does not own it");
    if (head->bytes != bytes || head->alignment != alignment) note("memory given back with another size");
    head->owner->blocks_.fetch_sub(1, std::memory_order_relaxed);
    head->owner->bytes_.fetch_sub(head->bytes, std::memory_order_relaxed);
    const std::size_t real = head->alignment;
    ::operator delete(static_cast<std::byte*>(block) - front_of(real), std::align_val_t(align_of(real)));
  }

  std::uint64_t blocks() const noexcept { return blocks_.load(std::memory_order_relaxed); }
  std::uint64_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  const char* error() const noexcept { return error_.load(std::memory_order_relaxed); }

 private:
  struct header {
    shared_arena* owner;
    std::size_t bytes;
    std::size_t alignment;
  };
  static std::size_t align_of(std::size_t alignment) noexcept {
    return alignment < alignof(std::max_align_t) ? alignof(std::max_align_t) : alignment;
  }
  static std::size_t front_of(std::size_t alignment) noexcept {
    const std::size_t unit = align_of(alignment);
    return (sizeof(header) + unit - 1) / unit * unit;
  }
  void note(const char* what) noexcept { error_.store(what, std::memory_order_relaxed); }

  std::atomic<std::uint64_t> blocks_{0}, bytes_{0};  // [arena] pairs with itself: sums, in whatever order
  std::atomic<const char*> error_{nullptr};          // [arena] a fixed text
};

template <class T>
class shared_allocator {
 public:
  using value_type = T;
  using propagate_on_container_copy_assignment = std::false_type;
  using propagate_on_container_move_assignment = std::false_type;
  using propagate_on_container_swap = std::false_type;
  using is_always_equal = std::false_type;

  explicit shared_allocator(shared_arena& from) noexcept : arena_(&from) {}
  template <class U>
  shared_allocator(const shared_allocator<U>& other) noexcept : arena_(other.from()) {}

  T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(arena_->allocate(count * sizeof(T), alignof(T)));
  }
  void deallocate(T* block, std::size_t count) noexcept { arena_->deallocate(block, count * sizeof(T), alignof(T)); }
  shared_arena* from() const noexcept { return arena_; }

  template <class U>
  friend bool operator==(const shared_allocator& a, const shared_allocator<U>& b) noexcept {
    return a.from() == b.from();
  }

 private:
  shared_arena* arena_;
};

}  // namespace gauntlet::check
