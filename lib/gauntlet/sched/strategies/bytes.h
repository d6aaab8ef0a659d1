// Bytes: a schedule out of any byte string, so that a fuzzer can look for one.
//
// The bytes are pairs (how long, who), read one after another. A pair says: let that many choices take their default
// (schedule.h: whoever runs goes on, a load sees the newest store), then deviate at the next one. So a few bytes make a
// few deviations, a byte changed changes one of them, and a pair removed removes one: what fuzzers do best. When the
// bytes are used up, everything takes its default; an odd byte at the end is ignored. Every byte string is a schedule.
//
// how long   0-127: byte / 4 choices (0-31); 128-223: byte - 96 (32-127); 224-254: byte - 96 (128-158);
//            255: 159 choices, and no deviation after them. Small numbers are likely and every number can be written.
// who        of a choice between threads: the runnable thread with this number, or else the next one above (modulo the
//            greatest number that is runnable), never the one that would run anyway;
//            of n alternatives of another kind: this one of 1 to n - 1, modulo.
//
// Guarantee: every schedule that the runtime can record has bytes that decode to it (`to_bytes`). O(runnable) per choice.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <gauntlet/sched/strategies/choosing.h>

namespace gauntlet::sched {

class bytes_strategy final : public strategy {
 public:
  // Refers to the bytes, which must outlive it.
  explicit bytes_strategy(std::span<const std::uint8_t> from) noexcept : bytes_(from) {}

  std::string name() const override { return "bytes"; }
  void begin(const run_start&) override {
    at_ = 0;
    read_pair();
  }
  std::size_t pick(const thread_choice& choice) override {
    const std::size_t usual = default_of(choice);
    if (!deviates_now()) return usual;
    const std::size_t n = choice.runnable.size();
    const unsigned wanted = who_ % (choice.runnable.back() + 1U);
    std::size_t chosen = 0;
    while (choice.runnable[chosen] < wanted) ++chosen;
    if (chosen == usual) chosen = (chosen + 1) % n;
    read_pair();
    return chosen;
  }
  std::size_t pick_alternative(choice_kind, std::size_t alternatives) override {
    if (alternatives < 2 || !deviates_now()) return 0;
    const std::size_t chosen = 1 + (who_ + alternatives - 2) % (alternatives - 1);
    read_pair();
    return chosen;
  }

  // Bytes that a run had left over: what a fuzzer may cut away.
  std::size_t unused() const noexcept { return bytes_.size() - at_; }

  static constexpr std::uint8_t longest = 255;
  static constexpr std::uint32_t longest_wait = 159;

  static constexpr std::uint32_t wait_of(std::uint8_t byte) noexcept {
    if (byte == longest) return longest_wait;
    return byte < 128 ? byte / 4U : byte - 96U;
  }
  static constexpr std::uint8_t byte_of(std::uint32_t wait) noexcept {
    return static_cast<std::uint8_t>(wait < 32 ? wait * 4 : wait + 96);
  }

 private:
  bool deviates_now() noexcept {
    for (;;) {
      if (!has_pair_) return false;
      if (wait_ != 0) {
        --wait_;
        return false;
      }
      if (deviates_) return true;
      read_pair();
    }
  }
  void read_pair() noexcept {
    has_pair_ = at_ + 2 <= bytes_.size();
    if (!has_pair_) return;
    wait_ = wait_of(bytes_[at_]);
    deviates_ = bytes_[at_] != longest;
    who_ = bytes_[at_ + 1];
    at_ += 2;
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  std::uint32_t wait_ = 0;
  unsigned who_ = 0;
  bool has_pair_ = false, deviates_ = false;
};

// Bytes that decode to the deviations of this schedule, in a run that makes the same choices.
inline std::vector<std::uint8_t> to_bytes(const schedule& s) {
  std::vector<std::uint8_t> result;
  std::uint32_t next = 1;  // number of the next choice
  for (const deviation& d : s.deviations) {
    std::uint32_t wait = d.at - next;
    for (; wait >= bytes_strategy::longest_wait; wait -= bytes_strategy::longest_wait) {
      result.push_back(bytes_strategy::longest);
      result.push_back(0);
    }
    result.push_back(bytes_strategy::byte_of(wait));
    result.push_back(d.alternative);
    next = d.at + 1;
  }
  return result;
}

}  // namespace gauntlet::sched
