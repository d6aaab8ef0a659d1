// Novelty: how much a run did that no run before it did. What the portfolio pays for.
//
// A run is told by its reads-from pairs: which code saw the value of which code. Two numbers come out of a run: pairs
// that are new, and whether the run's pairs taken together, each as often as it occurred, are new. Both are kept as
// hashed bits, as coverage is in fuzzers: a collision loses a novelty now and then, and nothing else.
//
// O(1) per event; about 200 KiB.
#pragma once

#include <cstdint>
#include <vector>

#include <gauntlet/sched/event.h>

namespace gauntlet::sched {

class novelty {
 public:
  novelty() : pairs_(bits / 64), runs_(bits / 64), writers_(writer_slots) {}

  void begin() noexcept {
    ++run_;
    new_pairs_ = 0;
    whole_ = 0;
  }
  void happened(const event& e) noexcept {
    if (e.location == 0) return;
    written& w = writers_[mix(e.location) % writer_slots];
    const bool takes = e.kind == event_kind::lock || e.kind == event_kind::try_lock;
    if (reads(e.kind) || takes || e.kind == event_kind::lock_shared) {
      const std::uintptr_t from = w.run == run_ && w.location == e.location ? w.code : 0;
      const std::uint64_t pair = mix(mix(mix(e.location) + from) + e.code);
      whole_ += pair;
      if (is_new(pairs_, pair)) ++new_pairs_;
    }
    if (writes(e.kind) || takes) w = {e.location, e.code, run_};
  }
  // Pairs of this run that no run had before.
  std::uint32_t new_pairs() const noexcept { return new_pairs_; }
  // Whether no run before had just these pairs. Once per run.
  bool end() noexcept { return is_new(runs_, mix(whole_)); }

 private:
  static constexpr std::size_t bits = 1U << 19, writer_slots = 2048;

  struct written {
    std::uintptr_t location = 0, code = 0;
    std::uint64_t run = 0;
  };
  static constexpr std::uint64_t mix(std::uint64_t x) noexcept {
    x = (x ^ (x >> 31)) * 0x7FB5D329728EA185ULL;
    x = (x ^ (x >> 27)) * 0x81DADEF4BC2DD44DULL;
    return x ^ (x >> 33);
  }
  static bool is_new(std::vector<std::uint64_t>& set, std::uint64_t hash) noexcept {
    std::uint64_t& word = set[hash % bits / 64];
    const std::uint64_t bit = std::uint64_t{1} << (hash % 64);
    const bool result = (word & bit) == 0;
    word |= bit;
    return result;
  }

  std::vector<std::uint64_t> pairs_, runs_;
  std::vector<written> writers_;  // by hash; a collision forgets the older one
  std::uint64_t run_ = 0, whole_ = 0;
  std::uint32_t new_pairs_ = 0;
};

}  // namespace gauntlet::sched
