// A small generator with a seed that is always given: xorshift64* (Vigna, "An experimental exploration of Marsaglia's
// xorshift generators, scrambled", 2016). Same seed, same numbers, everywhere.
#pragma once

#include <cstdint>

namespace gauntlet::sched {

class random {
 public:
  explicit constexpr random(std::uint64_t seed) noexcept
      : state_(seed * 0x9E3779B97F4A7C15ULL + 0x2545F4914F6CDD1DULL) {
    if (state_ == 0) state_ = 1;
    operator()();
  }
  constexpr std::uint64_t operator()() noexcept {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1DULL;
  }
  // Uniform in [0, n), n > 0; the bias of the multiplication is below n / 2^32.
  constexpr std::uint32_t below(std::uint32_t n) noexcept {
    return static_cast<std::uint32_t>(((operator()() >> 32) * n) >> 32);
  }

 private:
  std::uint64_t state_;
};

}  // namespace gauntlet::sched
