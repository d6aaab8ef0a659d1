// An arena is where one map's memory comes from: it owns what it hands out, and says so when something comes back that
// is not its own, or not the size it was.
//
// Shape. Every block is preceded by a header (owner, size, alignment, neighbours in the arena's list of blocks), which
// AddressSanitizer is told to guard. Blocks come from operator new and go back to it at once, so that a sanitizer sees
// every use after free.
//
// The first wrong thing is kept as a fixed text, as in the ledger of lifetimes. What is still there at the end is a
// leak; release_all() frees it, so that one finding does not become a second one from a leak checker.
//
// An arena belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace gauntlet::check {

class arena {
 public:
  arena() noexcept = default;
  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;
  ~arena() { release_all(); }

  // Throws injected_allocation_failure when that fault is due, std::bad_alloc above request_max.
  void* allocate(std::size_t bytes, std::size_t alignment);
  void deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept;

  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t blocks() const noexcept { return blocks_; }
  std::uint64_t allocations() const noexcept { return allocations_; }
  // The first wrong thing, nullptr when all is well.
  const char* error() const noexcept { return error_; }

  // Frees every block that is still out, without running destructors.
  void release_all() noexcept;

  static constexpr std::size_t request_max = std::size_t{1} << 32;

 private:
  struct header;
  void note(const char* what) noexcept {
    if (error_ == nullptr) {
      error_ = what;
    }
  }

  header* first_ = nullptr;
  std::size_t bytes_ = 0;
  std::size_t blocks_ = 0;
  std::uint64_t allocations_ = 0;
  const char* error_ = nullptr;
};

}  // namespace gauntlet::check
