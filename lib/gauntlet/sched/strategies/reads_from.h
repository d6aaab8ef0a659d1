// Reads-from guided: let this read see that write, and remember which pairs were tried.
//
// After Wolff, Shi, Duck, Mathur and Roychoudhury, "Greybox fuzzing for concurrency testing" (RFF, ASPLOS 2024): what a
// run did is told by its *reads-from pairs*, and a schedule is searched for by asking for pairs. A pair is (code of the
// writer or "initial", code of the reader, location). Taking a lock is a read and a write: it sees who had it before.
//
//   - The pool of pairs is learned: every reader that was seen at a location, with every writer that was seen there and
//     with the initial value. Pairs of the pool may be impossible; they cost a run now and then.
//   - A run has 1 to 3 targets, each the least often tried of four drawn pairs; one run of eight has none.
//   - A thread that would fulfil a target comes first: the reader when the writer was the last to write, the writer
//     when it was not yet. A thread that would spoil one comes last: the reader too early, another writer when the
//     target's was the last. All others, and ties, are in the order of random priorities as in pos.h.
//   - A target is done when its read has happened with what it asked for, or when the run has lost patience.
//
// Guarantee: none beyond that of pos.h in one run of eight; its strength is the bug that needs a few particular values
// among very many threads, where everything else fails (reorder_100).
//
// Parameters: none. The learned pool is the strategy's own state, `forget` empties it. O(runnable) per choice; a new
// pair costs O(accesses learned). Holds 4096 pairs and 4096 accesses, the first that come.
#pragma once

#include <cstdint>
#include <vector>

#include <gauntlet/sched/strategies/choosing.h>

namespace gauntlet::sched {

class reads_from final : public strategy {
 public:
  reads_from() : access_slots_(slot_count), writer_slots_(slot_count) {
    pool_.reserve(pool_max);
    accesses_.reserve(accesses_max);
  }

  std::string name() const override { return "reads_from"; }

  void begin(const run_start& run) override {
    random_ = random(run.rng_seed);
    ++run_;
    writers_ = 0;
    draw_targets();
  }
  void created(thread_id thread) override { priority_[thread] = random_(); }

  std::size_t pick(const thread_choice& choice) override {
    if (patience_.lost(choice.step)) targets_ = 0;
    for (std::size_t i = 0; i < targets_; ++i) target_[i].ready = !target_[i].done && fulfils(target_[i]);
    std::size_t best = 0;
    auto rank_best = rank::spoils;
    for (std::size_t i = 0; i < choice.runnable.size(); ++i) {
      const thread_id t = choice.runnable[i];
      const rank r = rank_of(pending_of(choice, t));
      if (i != 0 && (r < rank_best || (r == rank_best && priority_[t] <= priority_[choice.runnable[best]]))) continue;
      best = i;
      rank_best = r;
    }
    const thread_id chosen = choice.runnable[best];
    const event next = pending_of(choice, chosen);
    for (const thread_id other : choice.runnable) {
      if (other != chosen && conflicts(pending_of(choice, other), next)) priority_[other] = random_();
    }
    return best;
  }

  void happened(const event& e) override {
    priority_[e.thread] = random_();
    if (e.location == 0) return;
    if (is_reader(e.kind)) {
      learn({e.location, e.code, false});
      for (std::size_t i = 0; i < targets_; ++i) {
        if (target_[i].location == e.location && target_[i].reader == e.code) target_[i].done |= fulfils(target_[i]);
      }
    }
    if (is_writer(e.kind)) {
      learn({e.location, e.code, true});
      if (written* w = writer_of(e.location)) w->code = e.code;
    }
  }
  void yielded(thread_id thread) override { priority_[thread] = 0; }
  void end(std::uint64_t events, bool found_bug) override {
    if (!found_bug) patience_.end(events);
  }

  // Pairs known so far.
  std::size_t pairs() const noexcept { return pool_.size(); }

  void forget() {
    pool_.clear();
    accesses_.clear();
    access_slots_.assign(slot_count, 0);
  }

 private:
  static constexpr std::size_t pool_max = 4096, accesses_max = 4096, slot_count = 16384, targets_max = 3;
  static constexpr std::uintptr_t initial = 0;  // the writer of what a location holds in the beginning

  struct pair {
    std::uintptr_t writer = initial, reader = 0, location = 0;
    std::uint32_t tried = 0;
    bool done = false;   // of a target: read as asked for
    bool ready = false;  // of a target, while a choice is made: its writer was the last one
  };
  struct access {
    std::uintptr_t location = 0, code = 0;
    bool writes = false;
    friend bool operator==(const access&, const access&) = default;
  };
  struct written {
    std::uintptr_t location = 0, code = initial;
    std::uint64_t run = 0;  // the run in which this entry counts
  };
  enum class rank : std::uint8_t { spoils, indifferent, fulfils };

  static constexpr bool takes(event_kind kind) noexcept {
    return kind == event_kind::lock || kind == event_kind::try_lock;
  }
  static constexpr bool is_reader(event_kind kind) noexcept {
    return reads(kind) || takes(kind) || kind == event_kind::lock_shared;
  }
  static constexpr bool is_writer(event_kind kind) noexcept { return writes(kind) || takes(kind); }
  static constexpr std::size_t slot_of(std::uint64_t value) noexcept {
    return (value * 0x9E3779B97F4A7C15ULL >> 32) % slot_count;
  }

  // The last writer of a location in this run; null where the table is full.
  written* writer_of(std::uintptr_t location) noexcept {
    for (std::size_t i = slot_of(location);; i = (i + 1) % slot_count) {
      written& w = writer_slots_[i];
      if (w.run != run_) {
        if (writers_ == slot_count / 2) return nullptr;
        ++writers_;
        w = {location, initial, run_};
      }
      if (w.location == location) return &w;
    }
  }
  bool fulfils(const pair& p) noexcept {
    const written* w = writer_of(p.location);
    return w != nullptr && w->code == p.writer;
  }

  rank rank_of(const event& e) const noexcept {
    rank result = rank::indifferent;
    if (e.location == 0) return result;
    for (std::size_t i = 0; i < targets_; ++i) {
      const pair& p = target_[i];
      if (p.done || p.location != e.location) continue;
      if (is_reader(e.kind) && e.code == p.reader) {
        if (p.ready) return rank::fulfils;
        if (p.writer != initial) result = rank::spoils;  // the initial value is gone: nothing to wait for
        continue;
      }
      if (!is_writer(e.kind)) continue;
      if (p.ready) {
        result = rank::spoils;
      } else if (e.code == p.writer) {
        return rank::fulfils;
      }
    }
    return result;
  }

  void draw_targets() noexcept {
    targets_ = 0;
    if (pool_.empty() || random_.below(8) == 0) return;
    const auto n = static_cast<std::uint32_t>(pool_.size());
    const std::size_t wanted = 1 + random_.below(targets_max);
    while (targets_ < wanted) {
      std::size_t least = random_.below(n);
      for (int draw = 1; draw < 4; ++draw) {
        const std::size_t other = random_.below(n);
        if (pool_[other].tried < pool_[least].tried) least = other;
      }
      ++pool_[least].tried;
      target_[targets_] = pool_[least];
      target_[targets_++].done = false;
    }
  }

  // A new access makes a pair with each access of the other kind at its location, a new reader also with the beginning.
  void learn(const access& a) noexcept {
    std::size_t i = slot_of(a.location * 31 + a.code * 2 + a.writes);
    for (; access_slots_[i] != 0; i = (i + 1) % slot_count) {
      if (accesses_[access_slots_[i] - 1U] == a) return;
    }
    if (accesses_.size() == accesses_max) return;
    for (const access& other : accesses_) {
      if (other.location != a.location || other.writes == a.writes) continue;
      add_pair(a.writes ? a.code : other.code, a.writes ? other.code : a.code, a.location);
    }
    if (!a.writes) add_pair(initial, a.code, a.location);
    accesses_.push_back(a);
    access_slots_[i] = static_cast<std::uint16_t>(accesses_.size());
  }
  void add_pair(std::uintptr_t writer, std::uintptr_t reader, std::uintptr_t location) noexcept {
    if (pool_.size() < pool_max) pool_.push_back({writer, reader, location});
  }

  random random_{1};
  patience patience_;
  std::vector<pair> pool_;
  std::vector<access> accesses_;
  std::vector<std::uint16_t> access_slots_;  // index of accesses_ plus 1, 0: free
  std::vector<written> writer_slots_;
  std::uint64_t run_ = 0;
  std::size_t writers_ = 0, targets_ = 0;
  std::array<pair, targets_max> target_{};
  std::array<std::uint64_t, threads_max> priority_{};
};

}  // namespace gauntlet::sched
