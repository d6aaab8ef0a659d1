// SURW, selectively uniform random walk: each thread is drawn by how much it still has to do, of what matters.
//
// Zhao, Wolff, Mathur and Roychoudhury, "Selectively uniform concurrency testing" (ASPLOS 2025). A random walk is not
// uniform over interleavings: a thread with one event between two long ones nearly always goes early. Drawing each thread
// with a chance proportional to the number of events it has left makes all interleavings equally likely. Uniform over
// everything is still too much, most events don't matter; so each run picks some (here: those of one location, or all)
// and is uniform over the orders of these only:
//
//   - the thread that makes the next picked event is *intended*, drawn by what each has left of picked events;
//   - other threads stop in front of a picked event, and make other events in any order;
//   - where only threads that had to stop are left, one of them becomes the intended one;
//   - a run in which somebody seems to wait in a loop for one that had to stop goes on as a random walk (patience).
//
// What each thread has left is learned: a running mean, per location and thread number, over earlier runs. A thread that
// does not exist yet counts for the thread that created it in the earlier runs: it has to go on for that to happen. The
// first run, with nothing learned, is a random walk.
//
// Guarantee: where the numbers are right (the program does the same work in every interleaving) and no thread is
// blocked, every order of the picked events is equally likely: with k of them, at least 1 / (k! / product of k_i!).
//
// Parameters: none. O(threads) per picked event, O(runnable) per choice. Learned for 255 locations, the first that come.
#pragma once

#include <algorithm>
#include <vector>

#include <gauntlet/sched/strategies/choosing.h>

namespace gauntlet::sched {

class surw final : public strategy {
 public:
  surw() : subjects_(subjects_max), slots_(slot_count, 0) {}

  std::string name() const override { return "surw"; }

  void begin(const run_start& run) override {
    random_ = random(run.rng_seed);
    exists_.fill(false);
    last_ = 0;
    intended_ = nobody;
    draw_subject();
  }
  void created(thread_id thread) override {
    exists_[thread] = true;
    creator_[thread] = last_;
    threads_ = std::max(threads_, thread + 1U);
  }

  std::size_t pick(const thread_choice& choice) override {
    const auto any = static_cast<std::uint32_t>(choice.runnable.size());
    if (subject_ == nothing || patience_.lost(choice.step)) return random_.below(any);
    if (intended_ == nobody) intended_ = draw_intended();
    // One of those that need not stop, all equally likely.
    std::uint32_t free = 0;
    std::size_t chosen = 0;
    for (std::size_t i = 0; i < choice.runnable.size(); ++i) {
      const thread_id t = choice.runnable[i];
      if (t != intended_ && picked(pending_of(choice, t))) continue;
      if (random_.below(++free) == 0) chosen = i;
    }
    if (free != 0) return chosen;
    chosen = draw_stopped(choice.runnable);
    intended_ = choice.runnable[chosen];
    return chosen;
  }

  void happened(const event& e) override {
    last_ = e.thread;
    if (subject_ != nothing && picked(e) && e.thread == intended_) intended_ = nobody;
    ++subjects_[everything].done[e.thread];
    if (const std::size_t s = subject_of(e.location); s != nothing) {
      subject& on = subjects_[s];
      ++on.done[e.thread];
      if (on.thread == nobody) on.thread = e.thread;
      on.shared = on.shared || on.thread != e.thread;
      on.changes = on.changes || !(reads(e.kind) && !writes(e.kind));
    }
  }

  void end(std::uint64_t events, bool found_bug) override {
    if (!found_bug) patience_.end(events);
    for (std::size_t s = 0; s < used_; ++s) {
      subject& on = subjects_[s];
      for (unsigned t = 0; t < threads_; ++t) {
        // In quarters, so that the mean settles; the first run's numbers are taken as they are.
        const auto now = static_cast<std::int32_t>(on.done[t] * 4U);
        on.expected[t] = on.known ? on.expected[t] + (now - on.expected[t]) / 4 : now;
        on.done[t] = 0;
      }
      on.known = true;
    }
  }

 private:
  static constexpr std::size_t subjects_max = 256, slot_count = 1024;
  static constexpr std::size_t everything = 0, nothing = subjects_max;  // subject 0 is all events
  static constexpr thread_id nobody = 255;

  struct subject {
    std::uintptr_t location = 0;
    thread_id thread = nobody;                         // one that touched it
    bool shared = false, changes = false;              // by several threads; by something else than loads
    bool known = false;                                // expected is learned
    std::array<std::uint32_t, threads_max> done{};     // events in this run
    std::array<std::int32_t, threads_max> expected{};  // events of a whole run, in quarters
  };

  // Index of a location's subject; `nothing` where there is no room for it.
  std::size_t subject_of(std::uintptr_t location) noexcept {
    if (location == 0) return nothing;
    for (std::size_t i = (location * 0x9E3779B97F4A7C15ULL >> 32) % slot_count;; i = (i + 1) % slot_count) {
      if (slots_[i] == 0) {
        if (used_ == subjects_max) return nothing;
        slots_[i] = static_cast<std::uint16_t>(used_);
        subjects_[used_].location = location;
        return used_++;
      }
      if (subjects_[slots_[i]].location == location) return slots_[i];
    }
  }
  bool picked(const event& e) const noexcept {
    return subject_ == everything || (e.location != 0 && e.location == subjects_[subject_].location);
  }

  // Three runs of four take one location where threads meet, the others everything.
  void draw_subject() noexcept {
    subject_ = nothing;
    if (!subjects_[everything].known) return;
    subject_ = everything;
    if (random_.below(4) == 0) return;
    std::uint32_t candidates = 0;
    for (std::size_t s = 1; s < used_; ++s) {
      if (subjects_[s].shared && subjects_[s].changes && random_.below(++candidates) == 0) subject_ = s;
    }
  }

  std::uint32_t left(unsigned thread) const noexcept {
    const subject& on = subjects_[subject_];
    const std::int32_t rest = on.expected[thread] - static_cast<std::int32_t>(on.done[thread] * 4U);
    return rest > 0 ? static_cast<std::uint32_t>(rest) : 0;
  }
  // The thread that exists and has to go on for this one to make its events.
  thread_id standing_for(unsigned thread) const noexcept {
    // Creators have lower numbers, except that thread 0 is its own; so this ends.
    while (!exists_[thread] && creator_[thread] < thread) thread = creator_[thread];
    return static_cast<thread_id>(thread);
  }
  thread_id draw_intended() noexcept {
    std::uint32_t sum = 0;
    thread_id drawn = nobody;
    for (unsigned t = 0; t < threads_; ++t) {
      const std::uint32_t weight = left(t);
      if (weight == 0) continue;
      sum += weight;
      if (random_.below(sum) < weight) drawn = standing_for(t);
    }
    return drawn;
  }
  // Among threads that all stand in front of a picked event, by what they have left; those with nothing left count little.
  std::size_t draw_stopped(std::span<const thread_id> runnable) noexcept {
    std::uint32_t sum = 0;
    std::size_t drawn = 0;
    for (std::size_t i = 0; i < runnable.size(); ++i) {
      const std::uint32_t weight = left(runnable[i]) + 1;
      sum += weight;
      if (random_.below(sum) < weight) drawn = i;
    }
    return drawn;
  }

  random random_{1};
  patience patience_;
  std::vector<subject> subjects_;
  std::vector<std::uint16_t> slots_;  // location -> index of subjects_, 0: free
  std::size_t used_ = 1, subject_ = nothing;
  unsigned threads_ = 1;
  thread_id last_ = 0, intended_ = nobody;
  std::array<bool, threads_max> exists_{};
  std::array<thread_id, threads_max> creator_{};
};

}  // namespace gauntlet::sched
