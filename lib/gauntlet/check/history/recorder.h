// The recorder: writes down what threads do without keeping them from doing it wrong.
//
// Each thread appends to a buffer of its own; the only thing shared is the counter that gives stamps. The counter must
// order the stamps truly, yet must not order anything else: an acquire or release on it would make every recorded call
// happen before every later one, and a race between two calls would be hidden from ThreadSanitizer by the very tool
// that looks for it. So the counter is incremented with relaxed order, which creates no happens-before edge, and
// compiler barriers keep the map's operation between its two stamps.
//
// Why that is enough for the truth of the stamps: on x86-64 a read-modify-write is a locked instruction, which no load
// or store of the same thread passes in either direction, whatever order the source names. On other processors a
// relaxed increment could drift into the operation and make an interval look shorter than it was, which would be a
// false alarm; there the order is sequentially consistent, and races that it hides from ThreadSanitizer are the price.
#pragma once

#include <atomic>
#include <utility>
#include <vector>

#include <gauntlet/check/history/history.h>

namespace gauntlet::check {

class stamp_counter {
 public:
  stamp next() noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    // [stamp] pairs with itself: only the order of modification of this one counter is used.
    const stamp now = next_.fetch_add(1, order);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return now;
  }
  // Only while no thread records.
  void reset() noexcept { next_.store(1, std::memory_order_relaxed); }  // [stamp]

 private:
#if defined(__x86_64__) || defined(_M_X64)
  static constexpr std::memory_order order = std::memory_order_relaxed;
#else
  static constexpr std::memory_order order = std::memory_order_seq_cst;
#endif
  alignas(128) std::atomic<stamp> next_{1};
};

// The buffer of one lane; owned by one thread at a time. Events are made before the threads start, so that recording
// neither allocates nor copies while they run.
class alignas(128) lane_recorder {
 public:
  explicit lane_recorder(unsigned where = 0) : where_(where) {}

  // `aware`: room is made for what the thread has seen; whoever performs writes it there.
  void prepare(const request& asked, std::size_t source, bool aware = false) {
    event e;
    e.where = where_;
    e.asked = asked;
    e.source = source;
    events_.push_back(std::move(e));
    if (aware) aware_.emplace_back();
  }
  std::size_t size() const noexcept { return events_.size(); }
  event& operator[](std::size_t i) noexcept { return events_[i]; }
  awareness& aware(std::size_t i) noexcept { return aware_[i]; }

  // Does the i-th prepared event: `perform(event&)` asks the map and fills in the answer. When it throws, the event
  // stays pending.
  template <class Perform>
  void record(stamp_counter& stamps, std::size_t i, Perform&& perform) {
    event& e = events_[i];
    e.called = stamps.next();
    started_ = i + 1;
    perform(e);
    e.returned = stamps.next();
  }

  // Moves the events that were called into `h`; those never reached, those that the map does not offer and those that have
  // made room stay out. Those that ended with an injected fault are moved into `failed`.
  void hand_over(history& h, history& failed) {
    for (std::size_t i = 0; i < started_; ++i) {
      event& e = events_[i];
      const bool refused = !e.pending() && e.answer.status != outcome::done;
      if (refused && e.answer.status != outcome::injected) continue;
      if (!e.pending() && makes_room(e.asked.code)) continue;
      history& to = refused ? failed : h;
      to.events.push_back(std::move(e));
      if (!aware_.empty()) to.aware.push_back(aware_[i]);
    }
    events_.clear();
    aware_.clear();
    started_ = 0;
  }

 private:
  unsigned where_;
  std::size_t started_ = 0;
  std::vector<event> events_;
  std::vector<awareness> aware_;  // as many, or none
};

}  // namespace gauntlet::check
