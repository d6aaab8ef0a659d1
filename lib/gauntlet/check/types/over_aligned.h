// A mapped type that asks for a cache line of its own, and notes in the ledger when it is given less.
#pragma once

#include <cstdint>

#include <gauntlet/check/types/tracked.h>

namespace gauntlet::check {

struct alignas(64) over_aligned {
  over_aligned() noexcept : over_aligned(0) {}
  explicit over_aligned(std::uint64_t number) noexcept : id(number) { check_alignment(); }
  over_aligned(const over_aligned& from) noexcept : id(from.id) { check_alignment(); }
  over_aligned& operator=(const over_aligned& from) noexcept = default;
  ~over_aligned() = default;

  std::uint64_t read() const noexcept {
    check_alignment();
    return id;
  }
  friend bool operator==(const over_aligned& a, const over_aligned& b) noexcept { return a.read() == b.read(); }

 private:
  void check_alignment() const noexcept {
    // The compiler may assume the alignment that the type demands; asking through a volatile keeps the question real.
    const volatile std::uintptr_t address = reinterpret_cast<std::uintptr_t>(this);
    if (address % alignof(over_aligned) != 0) {
      lifetimes.note("over-aligned object at an address that is not aligned");
    }
  }
  std::uint64_t id;
};

}  // namespace gauntlet::check
