#include <gauntlet/check/types/arena.h>

#include <algorithm>
#include <new>

#include <gauntlet/check/types/faults.h>

#if defined(__SANITIZE_ADDRESS__)
#define GAUNTLET_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GAUNTLET_ADDRESS_SANITIZER 1
#endif
#endif
#if defined(GAUNTLET_ADDRESS_SANITIZER)
extern "C" void __asan_poison_memory_region(void const volatile* address, std::size_t size);
extern "C" void __asan_unpoison_memory_region(void const volatile* address, std::size_t size);
#endif

namespace gauntlet::check {

struct arena::header {
  arena* owner;
  std::size_t bytes;
  std::size_t alignment;
  header* previous;
  header* next;
  std::uint64_t magic;
};

namespace {

constexpr std::uint64_t magic_live = 0x6172656e61206f6bULL;
constexpr std::uint64_t magic_dead = 0x6172656e61206763ULL;

// The header takes the block's alignment, so that what follows it is aligned too.
std::size_t header_bytes(std::size_t size, std::size_t alignment) noexcept {
  return (size + alignment - 1) / alignment * alignment;
}

void guard([[maybe_unused]] const void* at, [[maybe_unused]] std::size_t size) noexcept {
#if defined(GAUNTLET_ADDRESS_SANITIZER)
  __asan_poison_memory_region(at, size);
#endif
}

void unguard([[maybe_unused]] const void* at, [[maybe_unused]] std::size_t size) noexcept {
#if defined(GAUNTLET_ADDRESS_SANITIZER)
  __asan_unpoison_memory_region(at, size);
#endif
}

}  // namespace

void* arena::allocate(std::size_t bytes, std::size_t alignment) {
  faults::event(fault_kind::allocation);
  if (bytes > request_max) {
    throw std::bad_alloc();
  }
  alignment = std::max(alignment, alignof(std::max_align_t));
  const std::size_t front = header_bytes(sizeof(header), alignment);
  auto* const start = static_cast<std::byte*>(::operator new(front + bytes, std::align_val_t(alignment)));
  auto* const head = ::new (start + front - sizeof(header)) header{this, bytes, alignment, nullptr, first_, magic_live};
  if (first_ != nullptr) {
    unguard(first_, sizeof(header));
    first_->previous = head;
    guard(first_, sizeof(header));
  }
  first_ = head;
  bytes_ += bytes;
  ++blocks_;
  ++allocations_;
  guard(start, front);
  return start + front;
}

void arena::deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept {
  alignment = std::max(alignment, alignof(std::max_align_t));
  auto* const head = reinterpret_cast<header*>(static_cast<std::byte*>(block) - sizeof(header));
  unguard(head, sizeof(header));
  if (head->magic != magic_live) {
    note(head->magic == magic_dead ? "block given back twice" : "block given back that no arena handed out");
    return;
  }
  if (head->owner != this) {
    // The block is taken off its owner's list all the same: one finding, not two.
    note("block given back to an allocator that does not own it");
  }
  if (head->bytes != bytes) {
    note("block given back with another size");
  }
  if (head->alignment != alignment) {
    note("block given back with another alignment");
  }
  arena& owner = *head->owner;
  if (head->previous != nullptr) {
    unguard(head->previous, sizeof(header));
    head->previous->next = head->next;
    guard(head->previous, sizeof(header));
  } else {
    owner.first_ = head->next;
  }
  if (head->next != nullptr) {
    unguard(head->next, sizeof(header));
    head->next->previous = head->previous;
    guard(head->next, sizeof(header));
  }
  owner.bytes_ -= head->bytes;
  --owner.blocks_;
  head->magic = magic_dead;
  const std::size_t real_alignment = head->alignment;
  const std::size_t front = header_bytes(sizeof(header), real_alignment);
  std::byte* const start = static_cast<std::byte*>(block) - front;
  unguard(start, front);
  ::operator delete(start, std::align_val_t(real_alignment));
}

void arena::release_all() noexcept {
  while (first_ != nullptr) {
    unguard(first_, sizeof(header));
    deallocate(first_ + 1, first_->bytes, first_->alignment);
  }
}

}  // namespace gauntlet::check
