// A mapped type of two machine words that say the same: half of one value with half of another is none that was ever written.
//
// Plain bytes all the same: whoever copies it word by word while somebody writes, and does not look again, is found out.
#pragma once

#include <cstdint>

namespace gauntlet::check {

struct two_words {
  two_words() noexcept : two_words(0) {}
  explicit two_words(std::uint64_t number) noexcept : first(number), second(~number) {}

  // The number; of torn ones, something that no program writes.
  std::uint64_t read() const noexcept { return second == ~first ? first : torn | ((first ^ ~second) & 0xFFFF'FFFF); }
  friend bool operator==(const two_words& a, const two_words& b) noexcept { return a.read() == b.read(); }

 private:
  static constexpr std::uint64_t torn = 0x746f726e'00000000;  // numbers of programs are below 2^32
  std::uint64_t first, second;
};

}  // namespace gauntlet::check
