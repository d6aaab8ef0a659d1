// Sets of threads, as bits: who can run, who has yielded.
#pragma once

#include <bit>
#include <cstdint>

#include <gauntlet/sched/event.h>

namespace gauntlet::sched::runtime {

class thread_set {
 public:
  void insert(unsigned i) noexcept { words_[i / 64] |= bit(i); }
  void erase(unsigned i) noexcept { words_[i / 64] &= ~bit(i); }
  bool contains(unsigned i) const noexcept { return (words_[i / 64] & bit(i)) != 0; }
  void clear() noexcept {
    for (auto& word : words_) word = 0;
  }
  bool empty() const noexcept {
    std::uint64_t any = 0;
    for (const auto word : words_) any |= word;
    return any == 0;
  }
  unsigned size() const noexcept {
    unsigned n = 0;
    for (const auto word : words_) n += static_cast<unsigned>(std::popcount(word));
    return n;
  }
  thread_set without(const thread_set& other) const noexcept {
    thread_set rest;
    for (unsigned w = 0; w < count; ++w) rest.words_[w] = words_[w] & ~other.words_[w];
    return rest;
  }
  // Writes the members, ascending, and returns how many there are.
  unsigned list(thread_id* out) const noexcept {
    unsigned n = 0;
    for (unsigned w = 0; w < count; ++w)
      for (std::uint64_t rest = words_[w]; rest != 0; rest &= rest - 1)
        out[n++] = static_cast<thread_id>(w * 64 + static_cast<unsigned>(std::countr_zero(rest)));
    return n;
  }

 private:
  static constexpr unsigned count = (threads_max + 63) / 64;
  static constexpr std::uint64_t bit(unsigned i) noexcept { return std::uint64_t{1} << (i % 64); }
  std::uint64_t words_[count] = {};
};

}  // namespace gauntlet::sched::runtime
